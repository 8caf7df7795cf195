/**
 * Whoever has just written sees it: until every standby that may serve must have it, that browser's sums,
 * counts and searches are read from the primary. The mark is a cookie, so that it holds whichever process
 * answers next.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServerDeps } from './server.ts';

const mark = 'groundwork_wrote';

export const justWrote = (request: FastifyRequest): boolean =>
  request.headers.cookie?.includes(`${mark}=`) ?? false;

/** Marks the browser that has written; without a standby there is no need. */
export function noteWrite(reply: FastifyReply, { config }: Pick<ServerDeps, 'config'>): void {
  if (!config.reads) return;
  const seconds = Math.ceil(config.reads.mostLagSeconds) + 2;
  const secure = config.publicUrl?.startsWith('https:') ? '; Secure' : '';
  reply.header('set-cookie', `${mark}=1; Max-Age=${seconds}; Path=/; HttpOnly; SameSite=Lax${secure}`);
}
