/**
 * Databases beside the one in use, on the same server: to try a restore without touching anything, and to put
 * a whole database in the place of another.
 */
import { randomBytes } from 'node:crypto';
import pg from 'pg';

export type ScratchDatabase = { name: string; connection: pg.ClientConfig; drop(): Promise<void> };

/** Undefined where this role may make no database. */
export async function scratchDatabase(
  connection: pg.ClientConfig,
  purpose: string,
): Promise<ScratchDatabase | undefined> {
  const name = `groundwork_${purpose}_${randomBytes(4).toString('hex')}`;
  try {
    await asNeighbour(connection, (client) =>
      client.query(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`),
    );
  } catch (error) {
    if ((error as { code?: string }).code === '42501') return undefined;
    throw error;
  }
  return {
    name,
    connection: inDatabase(connection, name),
    async drop() {
      await asNeighbour(connection, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    },
  };
}

/** Puts `next` in the place of the database of `connection`, which is kept under the name that is given back. */
export async function replaceDatabase(connection: pg.ClientConfig, next: string): Promise<string> {
  const { database } = new pg.Client(connection);
  const aside = `${database}_before_${Date.now().toString(36)}`;
  await asNeighbour(connection, async (client) => {
    // Whoever comes in between would keep the name from being given away.
    await client.query(`ALTER DATABASE ${quoted(database!)} ALLOW_CONNECTIONS false`);
    try {
      await client.query(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1`, [
        database,
      ]);
      await client.query(`ALTER DATABASE ${quoted(database!)} RENAME TO ${quoted(aside)}`);
      await client.query(`ALTER DATABASE ${quoted(next)} RENAME TO ${quoted(database!)}`);
    } catch (error) {
      await client.query(`ALTER DATABASE ${quoted(aside)} RENAME TO ${quoted(database!)}`).catch(() => {}); // it still has its name
      await client.query(`ALTER DATABASE ${quoted(database!)} ALLOW_CONNECTIONS true`).catch(() => {});
      throw error;
    }
    await client.query(`ALTER DATABASE ${quoted(aside)} ALLOW_CONNECTIONS true`);
  });
  return aside;
}

/** From another database: one cannot be made, renamed or dropped from within. */
async function asNeighbour<T>(
  connection: pg.ClientConfig,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const { database } = new pg.Client(connection);
  const client = new pg.Client(inDatabase(connection, database === 'postgres' ? 'template1' : 'postgres'));
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query('SET statement_timeout = 0');
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

export function inDatabase(connection: pg.ClientConfig, name: string): pg.ClientConfig {
  if (connection.connectionString === undefined) return { ...connection, database: name };
  const url = new URL(connection.connectionString);
  url.pathname = `/${name}`;
  return { ...connection, connectionString: url.href };
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
