/**
 * A real PostgreSQL database of its own for each test file, copied in a few milliseconds from a template.
 * The server is started, and the template built, by the first test that asks; global-setup.ts ends both.
 * With DATABASE_URL set, the databases are made on that server instead.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { createPool, sessionConfig } from '../platform/database/connection.ts';
import { joinEmbedded } from '../platform/database/embedded.ts';
import { waitForLock } from '../platform/database/folder-lock.ts';
import { prepareTemplate } from './template.ts';

export type TestDatabase = {
  pool: pg.Pool;
  /** For further clients: new pg.Client(database.connection). */
  connection: pg.ClientConfig;
  /** As DATABASE_URL for another process. */
  url: string;
  name: string;
  drop(): Promise<void>;
};

/** Set by global-setup.ts for its workers: a folder for this run alone. */
export const runFolderVariable = 'GROUNDWORK_TEST_RUN';

/** A crash of the machine may lose a test database, so nothing waits for the disk. */
const fastSettings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: 100,
  autovacuum_naptime: '1h', // so that it never sits on the template when a test wants to copy it
  max_wal_size: '4GB',
  checkpoint_timeout: '1h',
};

export async function testDatabase(
  options: { empty?: boolean; maxConnections?: number } = {},
): Promise<TestDatabase> {
  const server = await preparedServer();
  const name = `${databasePrefix()}${randomBytes(5).toString('hex')}`;
  const template = options.empty ? 'template0' : `${databasePrefix()}template`;
  await asAdmin(server, (client) =>
    client.query(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY ${strategy()}`),
  );
  const url = urlFor(server, name);
  const connection = sessionFor(url);
  const pool = createPool(connection, { maxConnections: options.maxConnections ?? 10 });
  let dropping: Promise<void> | null = null;
  const drop = async () => {
    await pool.end();
    await asAdmin(server, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
  };
  return { pool, connection, url, name, drop: () => (dropping ??= drop()) };
}

/** Every database of this run, on a server that outlives it. */
export async function dropRunDatabases(serverUrl: string): Promise<void> {
  await asAdmin(serverUrl, async (client) => {
    const { rows } = await client.query<{ datname: string }>(
      'SELECT datname FROM pg_database WHERE starts_with(datname, $1)',
      [databasePrefix()],
    );
    for (const { datname } of rows) await client.query(`DROP DATABASE IF EXISTS ${datname} WITH (FORCE)`);
  });
}

let prepared: Promise<string> | null = null;

function preparedServer(): Promise<string> {
  return (prepared ??= prepare());
}

/** One worker builds, the others wait. A half-built template of a killed worker is thrown away. */
async function prepare(): Promise<string> {
  const run = runFolder();
  const lock = await waitForLock(join(run, 'template.lock'), 'exclusive', 110_000);
  if (!lock) throw new Error('the test template is still being built by another worker');
  try {
    const server = process.env['DATABASE_URL'] ?? (await embeddedServer(run));
    const mark = join(run, 'template-is-ready');
    if (!existsSync(mark)) {
      await buildTemplate(server, `${databasePrefix()}template`);
      writeFileSync(mark, '');
    }
    return server;
  } finally {
    lock.release();
  }
}

async function embeddedServer(run: string): Promise<string> {
  // Never left: the server must outlive this worker. global-setup.ts stops it.
  const { address } = await joinEmbedded({
    dataDir: join(run, 'data'),
    asServer: false,
    keepAlive: false,
    settings: fastSettings,
    log: () => {},
  });
  const { host, port, user, password } = address;
  return `postgres://${user}:${password}@localhost/postgres?host=${encodeURIComponent(host)}&port=${port}`;
}

async function buildTemplate(server: string, name: string): Promise<void> {
  await asAdmin(server, async (client) => {
    await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`);
  });
  const pool = createPool(sessionFor(urlFor(server, name)), { maxConnections: 10 });
  try {
    await prepareTemplate(pool);
  } finally {
    await pool.end();
  }
}

function runFolder(): string {
  const folder = process.env[runFolderVariable];
  if (!folder)
    throw new Error('testDatabase() works in tests run by vitest with src/testing/global-setup.ts');
  return folder;
}

function databasePrefix(): string {
  const run = runFolder()
    .replaceAll(/[^a-zA-Z0-9]/g, '')
    .slice(-8)
    .toLowerCase();
  return `groundwork_test_${run}_`;
}

/** Copying files beats writing them through the log only where checkpoints cost nothing: without fsync. */
function strategy(): string {
  return process.env['DATABASE_URL'] ? 'WAL_LOG' : 'FILE_COPY';
}

function urlFor(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
}

function sessionFor(url: string): pg.ClientConfig {
  return sessionConfig(
    { connectionString: url },
    { applicationName: 'groundwork test', statementTimeoutMs: 60_000 },
  );
}

async function asAdmin<T>(server: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(sessionFor(server));
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
