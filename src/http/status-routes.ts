/** For whoever runs the server: alive, ready, metrics. */
import { timingSafeEqual, createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Registry } from 'prom-client';
import { issue, notFound, refusal } from '../core/errors/problem.ts';
import type { ServerDeps } from './server.ts';

export function addStatusRoutes(app: FastifyInstance, deps: ServerDeps, registry: Registry): void {
  app.get('/healthz', async () => ({ status: 'alive' }));
  app.get('/readyz', async () => {
    if (deps.life() !== 'serving') throw stopping();
    const { epoch } = deps.definitions.current();
    const answered = await Promise.race([
      deps.pool.query('SELECT 1').then(
        () => true,
        () => false,
      ),
      sleep(2_000, false, { ref: false }),
    ]);
    if (answered) return { status: 'ready', epoch };
    throw refusal(
      503,
      'database_unavailable',
      [
        issue(
          '',
          'database_unavailable',
          'The database does not answer.',
          'See whether it runs and can be reached.',
        ),
      ],
      { extra: { retry_after: 5 } },
    );
  });
  app.get('/metrics', async (request, reply) => {
    if (!mayReadMetrics(request, deps.config.metricsToken)) throw notFound('page', '');
    return reply.type(registry.contentType).send(await registry.metrics());
  });
}

/** What comes while the server stops was not begun: it may be sent again, to another process or to the next one. */
export const stopping = () =>
  refusal(
    503,
    'stopping',
    [issue('', 'stopping', 'This server is being stopped.', 'Send the same request again in a second.')],
    { extra: { retry_after: 1 } },
  );

/** With METRICS_TOKEN: who knows it. Without: who asks from this machine, and not through a proxy. */
function mayReadMetrics(request: FastifyRequest, token: string | undefined): boolean {
  if (token !== undefined) {
    const hash = (text: string) => createHash('sha256').update(text).digest();
    return timingSafeEqual(hash(request.headers.authorization ?? ''), hash(`Bearer ${token}`));
  }
  const proxied = request.headers['x-forwarded-for'] !== undefined || request.headers.forwarded !== undefined;
  return !proxied && /^(127\.|::1$|::ffff:127\.)/.test(request.socket.remoteAddress ?? '');
}
