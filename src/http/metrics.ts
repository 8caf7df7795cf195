/** Prometheus metrics of this process. Labels are names of operations and status codes: few, and never personal. */
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Name of the operation behind the route. */
    operation?: string;
    /** The answer is a stream of events, which lasts as long as the caller likes. */
    endless?: boolean;
  }
}

/** Counts and logs every answer; gives the registry that /metrics prints. */
export function countRequests(app: FastifyInstance, deps: { pool: Pool }): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const durations = new Histogram({
    name: 'groundwork_http_request_seconds',
    help: 'How long answers took, by operation and status',
    labelNames: ['operation', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [registry],
  });
  new Gauge({
    name: 'groundwork_database_sessions',
    help: 'Sessions of the pool, by state',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      this.set({ state: 'open' }, deps.pool.totalCount);
      this.set({ state: 'idle' }, deps.pool.idleCount);
      this.set({ state: 'waited_for' }, deps.pool.waitingCount);
    },
  });
  app.addHook('onResponse', async (request, reply) => {
    const { operation = 'other', endless } = request.routeOptions.config ?? {};
    if (!endless || reply.statusCode >= 400)
      durations.observe({ operation, status: reply.statusCode }, reply.elapsedTime / 1000);
    const line = {
      operation,
      method: request.method,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
      who: request.who,
    };
    if (operation === 'other') request.log.debug(line, 'answered');
    else request.log.info(line, 'answered');
  });
  return registry;
}
