/**
 * Keeps servers and an upgrade of the same database apart. Each server holds one advisory lock shared for as long
 * as it lives, in a session of its own; an upgrade holds it alone. The lock is the database's: it binds servers on
 * other machines as it binds those on the embedded one, and ends with its session, whatever ended that.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { databaseRefusal } from './refusal.ts';

const lockKey = 4_771_930_156; // any number; no one else's

export type UpgradeLock = { release(): Promise<void> };

/** For as long as this server lives. @throws Error `database_upgrading` where an upgrade is under way */
export async function keepUpgradeOut(
  connection: pg.ClientConfig,
  log: (line: string) => void,
): Promise<UpgradeLock> {
  const take = async (): Promise<pg.Client> => {
    const client = await lockedSession(connection, 'pg_try_advisory_lock_shared');
    if (client) return client;
    throw databaseRefusal(
      'database_upgrading',
      'An upgrade is running on this data, and no server may work with it meanwhile. Wait until ' +
        './groundwork upgrade has ended, then start this again.',
    );
  };
  let released = false;
  let session: pg.Client;
  const hold = (client: pg.Client): void => {
    session = client;
    client.once('end', () => void takeAgain());
  };
  const takeAgain = async (): Promise<void> => {
    while (!released) {
      await sleep(1_000, undefined, { ref: false });
      try {
        const client = released ? undefined : await take();
        if (client) return hold(client);
      } catch (error) {
        log(`the lock that keeps upgrades out is not held at present: ${(error as Error).message}`);
      }
    }
  };
  hold(await take());
  return {
    async release() {
      released = true;
      await session.end().catch(() => {});
    },
  };
}

/** Undefined where a server holds it, or another upgrade. */
export async function keepServersOut(connection: pg.ClientConfig): Promise<UpgradeLock | undefined> {
  const client = await lockedSession(connection, 'pg_try_advisory_lock');
  return client && { release: () => client.end().catch(() => {}) };
}

async function lockedSession(
  connection: pg.ClientConfig,
  lock: 'pg_try_advisory_lock' | 'pg_try_advisory_lock_shared',
): Promise<pg.Client | undefined> {
  const client = new pg.Client(connection);
  client.on('error', () => {});
  await client.connect();
  try {
    const { rows } = await client.query<{ got: boolean }>(`SELECT ${lock}($1) AS got`, [lockKey]);
    if (rows[0]!.got) return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
  await client.end().catch(() => {});
  return undefined;
}
