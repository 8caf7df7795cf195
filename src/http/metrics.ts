/** Prometheus metrics of this process. Labels are names of operations and status codes: few, and never personal. */
import type { FastifyInstance } from 'fastify';
import { gauges, type Measured } from './gauges.ts';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Name of the operation behind the route. */
    operation?: string;
    /** The answer is a stream of events, which lasts as long as the caller likes. */
    endless?: boolean;
  }
}

export const requestDurations = {
  name: 'groundwork_http_request_seconds',
  help: 'How long answers took, by operation and status',
  labelNames: ['operation', 'status'],
  buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
};

/** Counts and logs every answer; gives the registry that /metrics prints. */
export function countRequests(app: FastifyInstance, deps: Measured): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const durations = new Histogram({ ...requestDurations, registers: [registry] });
  for (const { name, help, labels, read } of gauges) {
    new Gauge({
      name,
      help,
      labelNames: [...labels],
      registers: [registry],
      async collect() {
        this.reset();
        for (const sample of await read(deps)) this.set(sample.labels ?? {}, sample.value);
      },
    });
  }
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
