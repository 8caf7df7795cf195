/** Bodies: JSON in UTF-8, or nothing. Everything else is 415, broken bytes are 400. */
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { issue, refusal } from '../core/errors/problem.ts';
import { parseJson } from '../core/json/parse-json.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** sha256 of the body's bytes; null without a body. */
    bodyHash: Buffer | null;
  }
}

export function acceptJson(app: FastifyInstance): void {
  app.decorateRequest('bodyHash', null);
  app.removeContentTypeParser(['application/json', 'text/plain']);
  app.addContentTypeParser(
    /^application\/json/i,
    { parseAs: 'buffer' },
    async (request: FastifyRequest, body: Buffer) => {
      refuseEncodings(request);
      request.bodyHash = createHash('sha256').update(body).digest();
      return body.length === 0 ? undefined : parseJson(decoded(body));
    },
  );
}

function decoded(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refusal(400, 'broken_utf8', [
      issue('', 'broken_utf8', 'The body is not valid UTF-8.', 'Save or send the text as UTF-8.'),
    ]);
  }
}

function refuseEncodings(request: FastifyRequest): void {
  const charset = /charset\s*=\s*"?([^\s;"]+)/i.exec(request.headers['content-type'] ?? '')?.[1];
  const packed = request.headers['content-encoding'];
  if ((charset === undefined || /^utf-?8$/i.test(charset)) && (packed === undefined || packed === 'identity'))
    return;
  throw refusal(415, 'unsupported_encoding', [
    issue(
      '',
      'unsupported_encoding',
      'The body must be plain UTF-8.',
      'Send it as application/json in UTF-8, not compressed.',
    ),
  ]);
}
