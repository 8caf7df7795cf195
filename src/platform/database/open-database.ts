/**
 * The one way to a database: the server named by DATABASE_URL, or else the embedded PostgreSQL of the data
 * folder, started where it is not running. Callers cannot tell the two apart.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { ClusterSettings } from './cluster-settings.ts';
import { createPool, sessionConfig } from './connection.ts';
import { joinEmbedded, type Embedded } from './embedded.ts';
import { openReplica, type ReadReplica } from './read-replica.ts';
import { databaseRefusal } from './refusal.ts';

export type DatabaseRole = 'server' | 'cli' | 'worker';

export type DatabaseOptions = {
  dataDir: string;
  databaseUrl?: string;
  /** A standby for reads that tolerate a delay, and how many seconds behind it may be. */
  reads?: { url: string; mostLagSeconds: number };
  role: DatabaseRole;
  /** Default: "groundwork <role>". */
  applicationName?: string;
  maxConnections?: number;
  /** 0 for none. Default: a minute for the server, none for worker and CLI. */
  statementTimeoutMs?: number;
  /** How long a server that does not answer yet is waited for. */
  patienceMs?: number;
  /** Of the embedded server, for tests. */
  settings?: ClusterSettings;
  log?: (line: string, level?: 'warn') => void;
};

export type Database = {
  pool: pg.Pool;
  /** Where `reads` was given. */
  replica?: ReadReplica;
  /** For a client outside the pool (LISTEN, COPY): new pg.Client(database.connection). */
  connection: pg.ClientConfig;
  /** For other programs on this machine while this process lives; it holds the password. */
  url: string;
  embedded: boolean;
  /** The major version, 15 to 18. */
  serverVersion: number;
  /** Ends the pool; stops the embedded server if nobody else uses it. */
  close(): Promise<void>;
};

const oldest = 15;
const newest = 18;
const name = 'groundwork';
const connectionsOf = { server: 20, worker: 10, cli: 4 };

export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const log = options.log ?? (() => {});
  const embedded = options.databaseUrl
    ? null
    : await joinEmbedded({
        dataDir: options.dataDir,
        asServer: options.role === 'server',
        keepAlive: options.role !== 'cli',
        settings: options.settings,
        log,
      });
  try {
    const url = embedded ? urlOf(embedded) : options.databaseUrl!;
    const session = {
      applicationName: options.applicationName ?? `groundwork ${options.role}`,
      statementTimeoutMs: options.statementTimeoutMs ?? (options.role === 'server' ? 60_000 : 0),
    };
    const connection = sessionConfig(embedded ? serverOf(embedded) : { connectionString: url }, session);
    if (embedded) await ensureDatabase(connection);
    const serverVersion = await checkedVersion(connection, options.patienceMs ?? 15_000);
    const maxConnections = options.maxConnections ?? connectionsOf[options.role];
    const pool = createPool(connection, {
      maxConnections,
      onError: (error) => log(`a database session broke: ${error.message}`),
    });
    const replica =
      options.reads && !embedded
        ? await openReplica({
            connection: sessionConfig({ connectionString: options.reads.url }, session),
            primary: pool,
            maxConnections,
            mostLagSeconds: options.reads.mostLagSeconds,
            log,
          })
        : undefined;
    let closing: Promise<void> | null = null;
    return {
      pool,
      replica,
      connection,
      url,
      embedded: embedded !== null,
      serverVersion,
      close: () => (closing ??= closed(pool, replica, embedded)),
    };
  } catch (error) {
    await embedded?.leave();
    throw error;
  }
}

async function closed(
  pool: pg.Pool,
  replica: ReadReplica | undefined,
  embedded: Embedded | null,
): Promise<void> {
  // A session that somebody still holds must not keep the process from leaving; the server cuts it.
  const ended = Promise.all([pool.ending ? undefined : pool.end(), replica?.close()]);
  await Promise.race([ended, sleep(3_000, undefined, { ref: false })]);
  await embedded?.leave();
}

function serverOf(embedded: Embedded): pg.ClientConfig {
  const { host, port, user, password } = embedded.address;
  return { host, port, user, password, database: name, ssl: false };
}

function urlOf(embedded: Embedded): string {
  const { host, port, user, password } = embedded.address;
  const place = host.startsWith('/')
    ? `localhost/${name}?host=${encodeURIComponent(host)}&port=${port}`
    : `${host}:${port}/${name}`;
  return `postgres://${user}:${password}@${place}`;
}

async function ensureDatabase(connection: pg.ClientConfig): Promise<void> {
  try {
    return await withClient(connection, async () => {});
  } catch (error) {
    if (codeOf(error) !== '3D000') throw error;
  }
  await withClient({ ...connection, database: 'postgres' }, async (client) => {
    await client.query(`CREATE DATABASE ${name}`).catch((error: unknown) => {
      if (codeOf(error) !== '42P04' && codeOf(error) !== '23505') throw error; // another process made it
    });
  });
}

async function checkedVersion(connection: pg.ClientConfig, patienceMs: number): Promise<number> {
  const found = await firstAnswer(connection, patienceMs);
  const major = Math.floor(found.version / 10_000);
  if (major < oldest || major > newest) {
    throw databaseRefusal(
      'database_version',
      `Groundwork works with PostgreSQL ${oldest} to ${newest}; the server at ${found.place} is version ${major}.`,
    );
  }
  if (found.encoding !== 'UTF8') {
    throw databaseRefusal(
      'database_encoding',
      `The database ${found.place} keeps text as ${found.encoding}; Groundwork needs one in UTF8 ` +
        `(CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0).`,
    );
  }
  return major;
}

/** A server that starts together with us (docker compose, a reboot) gets some seconds. */
async function firstAnswer(
  connection: pg.ClientConfig,
  patienceMs: number,
): Promise<{ version: number; encoding: string; place: string }> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const { host, port, database } = new pg.Client(connection);
    const place = `${host}:${port}/${database}`;
    try {
      return await withClient(connection, async (client) => {
        const { rows } = await client.query<{ version: string; encoding: string }>(
          `SELECT current_setting('server_version_num') AS version, current_setting('server_encoding') AS encoding`,
        );
        return { version: Number(rows[0]!.version), encoding: rows[0]!.encoding, place };
      });
    } catch (error) {
      if (!isStillComing(error) || Date.now() > deadline) {
        throw databaseRefusal(
          'database_unreachable',
          `The PostgreSQL server at ${place} cannot be used: ${(error as Error).message || codeOf(error)}`,
          error,
        );
      }
      await sleep(250);
    }
  }
}

function isStillComing(error: unknown): boolean {
  return ['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'ENOTFOUND', 'EAI_AGAIN', '57P03'].includes(codeOf(error));
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code ?? '');
}

async function withClient<T>(
  connection: pg.ClientConfig,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client(connection);
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}
