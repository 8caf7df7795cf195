/**
 * What the product is held against: the smallest Fastify endpoint over `pg` that runs the very SQL of the
 * product (handed over by the bench) and sends the rows as JSON. No sign-in, no rights, no checks.
 */
import { readFileSync } from 'node:fs';
import Fastify from 'fastify';
import pg from 'pg';

export type Prepared = {
  text: string;
  values: unknown[];
  /** Index of the value that each request replaces. */ varies?: number;
};

const [, , configFile] = process.argv;
const config = JSON.parse(readFileSync(configFile!, 'utf8')) as {
  connection: pg.ClientConfig;
  max: number;
  queries: Record<string, Prepared>;
};

const pool = new pg.Pool({ ...config.connection, max: config.max });
const app = Fastify();
for (const [name, prepared] of Object.entries(config.queries)) {
  app.get(`/${name}`, async (request) => {
    const values = [...prepared.values];
    if (prepared.varies !== undefined) values[prepared.varies] = (request.query as { v: string }).v;
    const { rows } = await pool.query({ name, text: prepared.text, values });
    return { data: rows };
  });
}
await app.listen({ port: 0, host: '127.0.0.1' });
process.send?.({ port: (app.server.address() as { port: number }).port });
process.on('disconnect', () => process.exit(0));
