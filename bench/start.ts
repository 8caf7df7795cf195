/** The product as the bench meets it: a server process on a folder of its own, a key, and the engine in this process. */
import { join } from 'node:path';
import pg from 'pg';
import type { Context, Principal } from '../src/core/context/context.ts';
import { startDefinitions } from '../src/engine/definitions/start.ts';
import { kinds } from '../src/kinds/index.ts';
import { createKey } from '../src/platform/auth/api-keys.ts';
import { permitted } from '../src/platform/auth/roles.ts';
import { readWorkspace } from '../src/platform/config/workspace.ts';
import { openDatabase } from '../src/platform/database/open-database.ts';
import { startServer } from '../src/testing/server-process.ts';
import type { Prepared } from './minimal-endpoint.ts';

export type Bench = {
  dataDir: string;
  url: string;
  key: string;
  pool: pg.Pool;
  /** For the bare side: as many connections as the product has, with pg's defaults. */
  barePool: pg.Pool;
  connection: pg.ClientConfig;
  context(): Context;
  stop(): Promise<void>;
};

const root = join(import.meta.dirname, '..');
const silent = { info() {}, warn() {}, error() {} };
const principal: Principal = {
  kind: 'system',
  id: 'bench',
  name: 'Bench',
  user: null,
  teams: [],
  roles: ['administrator'],
};

export async function startBench(dataDir: string): Promise<Bench> {
  const server = await startServer({ dataDir });
  const database = await openDatabase({ dataDir, role: 'cli', maxConnections: 4 });
  const workspace = await readWorkspace(database.pool);
  const definitions = await startDefinitions({
    pool: database.pool,
    packsDir: join(root, 'packs'),
    kinds,
    workspace,
    log: silent,
  });
  const context = (): Context => ({
    pool: database.pool,
    catalog: definitions.current(),
    principal,
    workspace,
    channel: 'cli',
    log: silent,
    currentCatalog: () => definitions.refresh(),
    may: (permission) => permitted(definitions.current(), principal.roles, permission),
  });
  const barePool = new pg.Pool({ ...database.connection, max: 20 });
  const { token } = await createKey(
    { pool: database.pool, catalog: definitions.current(), by: principal },
    { name: 'bench', role: 'administrator' },
  );
  return {
    dataDir,
    url: server.url,
    key: token,
    pool: database.pool,
    barePool,
    connection: database.connection,
    context,
    async stop() {
      await barePool.end();
      await definitions.close();
      await database.close();
      await server.stop();
    },
  };
}

/** The first statement that a piece of work sends to the database. */
export async function capture(bench: Bench, work: (context: Context) => Promise<unknown>): Promise<Prepared> {
  let first: Prepared | undefined;
  const context = bench.context();
  const watched = new Proxy(context.pool, {
    get(pool, property) {
      if (property !== 'query') return Reflect.get(pool, property) as unknown;
      return (statement: Prepared) => {
        first ??= { text: statement.text, values: statement.values };
        return pool.query(statement);
      };
    },
  });
  await work({ ...context, pool: watched });
  if (!first) throw new Error('No statement was sent.');
  return first;
}
