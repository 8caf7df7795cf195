/**
 * One named, typed thing a caller can do. The HTTP route, its OpenAPI entry, the typed client and later
 * the agent tool derive from it; doors translate and decide nothing.
 */
import type { z } from 'zod';
import type { Context } from '../core/context/context.ts';

export type HttpRequest = {
  params: Record<string, string>;
  query: Record<string, unknown>;
  body: unknown;
  header(name: string): string | undefined;
};

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
    /** Builds the input; default: path parameters over query (GET, DELETE) or over the body (others). */
    input?(request: HttpRequest): unknown;
    /** Allowed without signing in. */
    open?: boolean;
    /** Change that an Idempotency-Key may make repeatable. */
    idempotent?: boolean;
  };
  run(context: Context, input: Input): Promise<Output>;
};

export const defineOperation = <Input, Output>(operation: Operation<Input, Output>): Operation<Input, Output> => operation;
