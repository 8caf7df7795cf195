/** The product as the bench meets it: a server process on a folder of its own, a key, and the engine in this process. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Context, Principal } from '../src/core/context/context.ts';
import { startDefinitions } from '../src/engine/definitions/start.ts';
import { kinds } from '../src/kinds/index.ts';
import { createKey } from '../src/platform/auth/api-keys.ts';
import { permitted } from '../src/platform/auth/roles.ts';
import { readWorkspace } from '../src/platform/config/workspace.ts';
import { openDatabase } from '../src/platform/database/open-database.ts';
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
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = spawn(process.execPath, [join(root, 'src/http/main.ts')], {
    cwd: root,
    env: { ...process.env, DATA_DIR: dataDir, PORT: String(port), LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await ready(url, server);
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
    url,
    key: token,
    pool: database.pool,
    barePool,
    connection: database.connection,
    context,
    async stop() {
      await barePool.end();
      await definitions.close();
      await database.close();
      server.kill('SIGTERM');
      if (server.exitCode === null) await new Promise((resolve) => server.once('exit', resolve));
    },
  };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function ready(url: string, server: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (server.exitCode !== null)
      throw new Error(`The server ended with ${server.exitCode} before it was ready.`);
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(200);
  }
  throw new Error('The server was not ready within two minutes.');
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
