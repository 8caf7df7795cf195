/** Operations → routes: path, input, caller, catalog, answer. */
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Catalog } from '../core/catalog/catalog.ts';
import type { Context } from '../core/context/context.ts';
import { isStaleStatement } from '../core/errors/database-problem.ts';
import { parseInput } from '../core/errors/parse-input.ts';
import { invalid, isProblem, issue, refusal } from '../core/errors/problem.ts';
import { isStorableText } from '../core/json/parse-json.ts';
import type { Download, HttpRequest, Operation, StreamEvent } from '../operations/operation.ts';
import { countAttempts } from '../platform/auth/attempts.ts';
import { permitted } from '../platform/auth/roles.ts';
import type { Caller } from '../platform/auth/principals.ts';
import { attachment } from '../platform/files/file-name.ts';
import { browserSession } from './browser-session.ts';
import { eventStreams } from './event-stream.ts';
import { justWrote, noteWrite } from './read-your-writes.ts';
import { requireSameOrigin } from './same-origin.ts';
import type { ServerDeps } from './server.ts';
import { receiveUpload, type Received } from './upload.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** `user:<id>` or `key:<id>`, for the log. */
    who: string | null;
  }
}

export type OperationRoutes = {
  /** The context of a request; undefined when nobody has signed in. @throws Problem 401 for a bad key. */
  contextOf(request: FastifyRequest, reply: FastifyReply): Promise<Context | undefined>;
};

export function addOperationRoutes(app: FastifyInstance, deps: ServerDeps): OperationRoutes {
  app.decorateRequest('who', null);
  const attempts = countAttempts({ pool: deps.pool, seconds: 300 });
  const streams = eventStreams(app);

  function contextFor(
    request: FastifyRequest,
    reply: FastifyReply,
    catalog: Catalog,
    caller: Caller | undefined,
  ): Context {
    const principal = caller?.principal ?? {
      kind: 'system',
      id: 'nobody',
      name: 'Nobody',
      user: null,
      teams: [],
      roles: [],
    };
    return {
      pool: deps.pool,
      readPool: justWrote(request) ? undefined : deps.replica?.at(catalog.epoch),
      catalog,
      principal,
      workspace: deps.workspace(),
      channel: caller?.by === 'cookie' ? 'web' : 'http',
      requestId: request.id,
      log: request.log,
      files: deps.files,
      jobs: deps.queue,
      live: deps.live,
      browser: browserSession({ deps, attempts, catalog, request, reply }),
      currentCatalog: () => deps.definitions.refresh(),
      may: (permission) => permitted(catalog, principal.roles, permission),
    };
  }

  async function callerOf(
    request: FastifyRequest,
    reply: FastifyReply,
    catalog: Catalog,
  ): Promise<Caller | undefined> {
    const { authorization, cookie } = request.headers;
    const caller = await deps.principals.of({ authorization, cookie }, catalog);
    if (caller) {
      request.who = `${caller.principal.kind}:${caller.principal.id}`;
      if (caller.cookies.length > 0) reply.header('set-cookie', caller.cookies);
    }
    return caller;
  }

  async function handle(
    operation: Operation,
    input: z.ZodType,
    request: FastifyRequest,
    reply: FastifyReply,
  ) {
    const { http } = operation;
    const writes = http.method !== 'GET';
    const knock = http.open && writes ? [{ key: `ip ${request.ip}`, most: 50 }] : [];
    await attempts.check(knock);
    let received: Received | undefined;
    try {
      return await withCatalogInForce(deps, async (catalog) => {
        const caller = await callerOf(request, reply, catalog);
        if (writes && (http.open || caller?.by === 'cookie'))
          requireSameOrigin(request, deps.config.publicUrl);
        if (!caller && !http.open) throw signInFirst();
        if (!http.multipart && request.isMultipart()) throw notAForm();
        if (http.multipart)
          received ??= await receiveUpload(request, deps.files, {
            sort: http.multipart,
            most: deps.config.uploads[http.multipart],
          });
        const context = contextFor(request, reply, catalog, caller);
        if (http.idempotent) context.idempotency = idempotencyOf(request, received);
        if (http.events || http.download) context.signal = streams.signalOf(reply);
        const asked = await parseInput(input, inputOf(operation, request, received));
        const output = await operation.run(context, asked);
        if (caller?.by === 'cookie' && writes && !http.reads) noteWrite(reply, deps);
        if (http.events) return streams.send(output as AsyncIterable<StreamEvent>, request, reply);
        return answer(operation, asked, output, reply);
      });
    } catch (error) {
      if (isProblem(error) && [401, 404].includes(error.body.status)) await attempts.failed(knock);
      throw error;
    } finally {
      await received?.discard();
    }
  }

  for (const operation of deps.operations) {
    const input =
      operation.input instanceof z.ZodObject && !operation.input.def.catchall
        ? operation.input.strict()
        : operation.input;
    app.route({
      method: operation.http.method,
      url: operation.http.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      config: { operation: operation.name, endless: operation.http.events },
      handler: (request, reply) => handle(operation, input, request, reply),
    });
  }
  return {
    contextOf: (request, reply) =>
      withCatalogInForce(deps, async (catalog) => {
        const caller = await callerOf(request, reply, catalog);
        return caller && contextFor(request, reply, catalog, caller);
      }),
  };
}

/** Another process may have changed the definitions: what fails for that reason runs once more with the new ones. */
async function withCatalogInForce<T>(deps: ServerDeps, run: (catalog: Catalog) => Promise<T>): Promise<T> {
  const catalog = deps.definitions.current();
  try {
    return await run(catalog);
  } catch (error) {
    if (!mayBeStale(error)) throw error;
    const inForce = await deps.definitions.refresh();
    if (inForce.epoch === catalog.epoch) throw error;
    return run(inForce);
  }
}

const mayBeStale = (error: unknown): boolean =>
  isStaleStatement(error) ||
  (isProblem(error) &&
    (error.body.code.startsWith('unknown_') ||
      error.body.errors.some((found) => found.code.startsWith('unknown_'))));

/** Path, query and body as the operation wants them. */
function inputOf(operation: Operation, request: FastifyRequest, received: Received | undefined): unknown {
  const { http } = operation;
  const asked: HttpRequest = {
    params: request.params as Record<string, string>,
    query: { ...(request.query as Record<string, unknown>) },
    body: received ? received.body : request.body,
    header: (name) => [request.headers[name.toLowerCase()]].flat()[0],
  };
  checkText(asked);
  if (http.input) return http.input(asked);
  if (http.method === 'GET' || http.method === 'DELETE') return { ...asked.query, ...asked.params };
  const extra = Object.keys(asked.query).filter((key) => !http.query?.includes(key));
  if (extra.length > 0) throw invalid(extra.map(notInQuery));
  const body = asked.body ?? {};
  if (typeof body !== 'object' || Array.isArray(body)) {
    throw invalid([issue('', 'invalid_type', 'The body must be a JSON object.', 'Send {"key": value}.')]);
  }
  return { ...body, ...asked.query, ...asked.params };
}

const notInQuery = (key: string) =>
  issue(
    key,
    'unknown_key',
    'There is no “{key}” in the address here.',
    'Leave it out, or send it in the body.',
    { key },
  );

function checkText(asked: HttpRequest): void {
  for (const part of [asked.params, asked.query]) {
    for (const [key, value] of Object.entries(part)) {
      if ([key, ...[value].flat()].every((text) => typeof text !== 'string' || isStorableText(text)))
        continue;
      throw invalid([
        issue(
          '',
          'unstorable_text',
          'The address holds a character that cannot be stored.',
          'Remove the character and send it again.',
        ),
      ]);
    }
  }
}

function idempotencyOf(request: FastifyRequest, received: Received | undefined): Context['idempotency'] {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw invalid([
      issue(
        'Idempotency-Key',
        'invalid_value',
        'An idempotency key has 1 to 255 visible ASCII characters.',
        'Send a UUID.',
      ),
    ]);
  }
  const hash = createHash('sha256').update(`${request.method} ${request.url}\n`);
  return { key, bodyHash: hash.update(received?.fingerprint ?? request.bodyHash ?? '').digest() };
}

function answer(operation: Operation, input: unknown, output: unknown, reply: FastifyReply): FastifyReply {
  const { http } = operation;
  if (http.download) return sendDownload(output as Download, reply);
  reply.status(http.later?.(input) ? 202 : (http.status ?? (output === undefined ? 204 : 200)));
  if (output === undefined) return reply.send();
  const { version } = output as { version?: unknown };
  if (Number.isInteger(version)) reply.header('etag', `"${version as number}"`);
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(output));
}

function sendDownload(file: Download, reply: FastifyReply): FastifyReply {
  reply.type(file.mime).header('content-disposition', attachment(file.name));
  reply.header('content-security-policy', "default-src 'none'; sandbox");
  if (file.size !== undefined) reply.header('content-length', file.size);
  return reply.send(file.body);
}

const notAForm = () =>
  refusal(415, 'unsupported_media_type', [
    issue(
      '',
      'unsupported_media_type',
      'No form is taken here.',
      'Send JSON with the header “Content-Type: application/json”.',
    ),
  ]);

const signInFirst = () =>
  refusal(401, 'sign_in_first', [
    issue(
      '',
      'sign_in_first',
      'Nobody is signed in.',
      'Sign in, or send an API key as “Authorization: Bearer …”.',
    ),
  ]);
