/** Whatever goes wrong → an RFC 9457 problem document. Nothing of an unexpected error leaves the log. */
import { STATUS_CODES } from 'node:http';
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { databaseProblem } from '../core/errors/database-problem.ts';
import { isProblem, issue, refusal, type Problem } from '../core/errors/problem.ts';
import type { Operation } from '../operations/operation.ts';

const type = 'application/problem+json; charset=utf-8';

export function replyWithProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = problemOf(error);
  const { status, extra } = problem.body;
  logOwn(problem, error, request);
  reply.header('x-request-id', request.id); // a bad address is refused before the hook that sets it
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  if (typeof extra?.['retry_after'] === 'number') reply.header('retry-after', String(extra['retry_after']));
  return reply
    .status(status)
    .type(type)
    .send(JSON.stringify(documentOf(problem, request.id)));
}

/** The document alone, for an answer that has begun. */
export function problemDocument(error: unknown, request: FastifyRequest): Record<string, unknown> {
  const problem = problemOf(error);
  logOwn(problem, error, request);
  return documentOf(problem, request.id);
}

function logOwn(problem: Problem, error: unknown, request: FastifyRequest): void {
  const { status, code } = problem.body;
  if (status >= 500) request.log.error({ err: error, code }, 'request failed');
}

/** The members of the document. `request` names the request in the logs. */
const documentOf = ({ body }: Problem, request: string): Record<string, unknown> => ({
  ...body.extra,
  type: `urn:groundwork:problem:${body.code}`,
  status: body.status,
  code: body.code,
  title: body.title,
  detail: body.detail,
  instance: `urn:uuid:${request}`,
  errors: body.errors,
});

function problemOf(error: unknown): Problem {
  if (isProblem(error)) return error;
  return databaseProblem(error) ?? problemOfFramework(error) ?? ourFault();
}

const ourFault = (): Problem =>
  refusal(500, 'internal', [
    issue(
      '',
      'internal',
      'Something went wrong on our side.',
      'Try again; if it stays, give the administrator the number in “instance”.',
    ),
  ]);

/** Sentences for what the framework refuses before an operation is reached, by its error codes. */
const ofFramework: Readonly<Record<string, [status: number, code: string, message: string, fix: string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [
    413,
    'body_too_large',
    'The body is larger than 5 MB.',
    'Send less at once, or upload it as a file.',
  ],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    415,
    'unsupported_media_type',
    'The body is not of a type that is understood here.',
    'Send JSON with the header “Content-Type: application/json”.',
  ],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    400,
    'wrong_content_length',
    'The body is not as long as its Content-Length says.',
    'Send the request again.',
  ],
  FST_ERR_MAX_PARAM_LENGTH: [
    414,
    'address_too_long',
    'A part of the address is longer than 500 characters.',
    'Check the address.',
  ],
  FST_ERR_BAD_URL: [
    400,
    'malformed_address',
    'The address cannot be read.',
    'Check the percent signs in it.',
  ],
};

function problemOfFramework(error: unknown): Problem | undefined {
  const { code, statusCode } = error as { code?: string; statusCode?: number };
  const known = ofFramework[code ?? ''];
  if (known) return refusal(known[0], known[1], [issue('', known[1], known[2], known[3])]);
  if (!statusCode || statusCode < 400 || statusCode > 499) return undefined;
  return refusal(statusCode, 'bad_request', [
    issue('', 'bad_request', 'This request cannot be read.', 'See the API reference for how it must look.'),
  ]);
}

/** A route that is not there: the web app's own pages, another method's address, or nothing. */
export function unknownRoute(
  request: FastifyRequest,
  reply: FastifyReply,
  known: { operations: readonly Operation[]; web: boolean },
): FastifyReply {
  const path = request.url.split('?', 1)[0]!;
  const readsPage = request.method === 'GET' || request.method === 'HEAD';
  const wantsPage = (request.headers.accept ?? '').includes('text/html');
  if (known.web && readsPage && wantsPage && !path.startsWith('/api/')) {
    return reply.header('cache-control', 'no-cache').sendFile('index.html', { cacheControl: false });
  }
  const methods = known.operations
    .filter((each) => pathPattern(each.http.path).test(path))
    .map((each) => each.http.method);
  const allowed = [...new Set(methods)].sort();
  if (allowed.length > 0) {
    const list = allowed.join(', ');
    reply.header('allow', list);
    return replyWithProblem(
      refusal(405, 'method_not_allowed', [
        issue('', 'method_not_allowed', 'This address does not take that method.', 'Use one of: {list}.', {
          list,
        }),
      ]),
      request,
      reply,
    );
  }
  return replyWithProblem(
    refusal(404, 'not_found', [
      issue('', 'not_found', 'There is nothing at this address.', 'See /api/docs for what there is.'),
    ]),
    request,
    reply,
  );
}

const pathPattern = (path: string): RegExp =>
  new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`);

/** What Node's parser refuses before there is a request. */
export function problemForSocket(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const [status, code, message, fix] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ([
          431,
          'head_too_long',
          'The address and headers are longer than 32 KB.',
          'Send long conditions with POST …/query.',
        ] as const)
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ([408, 'too_slow', 'The request did not arrive in time.', 'Send it again.'] as const)
        : ([
            400,
            'malformed_request',
            'This is not a readable HTTP request.',
            'Check the request line and the headers.',
          ] as const);
  const body = JSON.stringify(
    documentOf(refusal(status, code, [issue('', code, message, fix)]), randomUUID()),
  );
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `Connection: close\r\n\r\n${body}`,
  );
}
