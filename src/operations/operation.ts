/**
 * One named, typed thing a caller can do. The HTTP route, its OpenAPI entry, the typed client and later
 * the agent tool derive from it; doors translate and decide nothing.
 */
import type { Readable } from 'node:stream';
import type { z } from 'zod';
import type { Context } from '../core/context/context.ts';
import type { Verb } from '../core/definitions/role.ts';

export type HttpRequest = {
  params: Record<string, string>;
  query: Record<string, unknown>;
  body: unknown;
  header(name: string): string | undefined;
};

/** A file in a multipart request, spooled to disk; gone after the operation unless `FileStore.keep` took it. */
export type Upload = {
  /** As the caller named it, made safe to show and to save. */
  name: string;
  mime: string;
  /** Bytes. */
  size: number;
  /** Hex. */
  sha256: string;
  path: string;
};

/** An answer that is a file (`http.download`). */
export type Download = { name: string; mime: string; size?: number; body: Readable };

/** One event of a stream (`http.events`); `data` travels as JSON, `id` comes back as Last-Event-ID. */
export type StreamEvent = { event: string; data: unknown; id?: string };

export type Operation<Input = any, Output = any> = {
  /** `noun.verb`, e.g. `records.list`. */
  name: string;
  /** One line for the API reference. */
  summary: string;
  description?: string;
  input: z.ZodType<Input>;
  output?: z.ZodType<Output>;
  http: {
    method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
    /** `/api/v1/{object}/{id}`: braces name path parameters. */
    path: string;
    /** Success status; default 200, 204 when the output is undefined. */
    status?: number;
    /** 202 where the input asks for work in the background: the other way to succeed. */
    later?(input: Input): boolean;
    /**
     * Builds the input; default: path parameters over query (GET, DELETE) or over the body (others). An own
     * one passes the whole query on, so that a strict `input` refuses unknown keys.
     */
    input?(request: HttpRequest): unknown;
    /** Inputs that a write takes from the address, such as `?duplicates=allow`; all others come in the body. */
    query?: readonly string[];
    /** Allowed without signing in. */
    open?: boolean;
    /** Takes a body, and changes nothing all the same. */
    reads?: boolean;
    /** Change that an Idempotency-Key may make repeatable. */
    idempotent?: boolean;
    /**
     * Takes multipart/form-data: the body is its text fields, and `file`, an Upload. It says what the file is for,
     * on which depends how large it may be.
     */
    multipart?: 'file' | 'import';
    /** Answers with a Download. */
    download?: boolean;
    /**
     * Answers with server-sent events: `run` gives an AsyncIterable of StreamEvents, after everything that may
     * be refused. It ends itself when `context.signal` is aborted: the caller has gone, or the server stops.
     */
    events?: boolean;
    /** How the API reference draws a path below `{object}` from the catalog, object by object. */
    record?: {
      /** Right without which it is left out. */
      needs?: Verb;
      /** Only for objects with stages. */
      staged?: boolean;
      /** Only for objects that are converted to others. */
      converts?: boolean;
      /** Fields that the body takes: all that a create takes, or any that a change takes. Default: `input`. */
      body?: 'create' | 'change';
      /** Default: `output`. */
      answer?: 'record' | 'list';
    };
  };
  run(context: Context, input: Input): Promise<Output>;
};

export const defineOperation = <Input, Output>(
  operation: Operation<Input, Output>,
): Operation<Input, Output> => operation;
