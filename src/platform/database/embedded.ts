/**
 * Who of the processes on one data folder starts the embedded PostgreSQL, who finds it running, and who
 * stops it. Three locks in <data folder>/locks decide, and no process ever asks another:
 *
 * - `server`: held by the one server. A second server on the folder is refused; a CLI is not.
 * - `start`: held while somebody starts, joins, leaves or stops.
 * - `presence`: shared, held by everyone who uses the database. Whoever leaves holding `start` and then gets
 *   this one exclusively was the last, and stops the database.
 *
 * The locks are the kernel's and end with their process, so kill -9 needs no cleaning up: the database runs
 * on, and the next to come finds it running.
 */
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isAlive } from './cluster-processes.ts';
import type { ClusterSettings } from './cluster-settings.ts';
import {
  findRunning,
  initialise,
  isInitialised,
  postmasterPid,
  start,
  stop,
  type Address,
  type Cluster,
} from './cluster.ts';
import { tryLock, waitForLock, type FolderLock, type LockMode } from './folder-lock.ts';
import { databaseRefusal } from './refusal.ts';

export type Embedded = {
  address: Address;
  /** Lets the next server in while this one still finishes. */
  releaseServer(): void;
  leave(): Promise<void>;
};

export async function joinEmbedded(input: {
  dataDir: string;
  asServer: boolean;
  /** Brings the database back when it dies while this process lives. */
  keepAlive: boolean;
  settings?: ClusterSettings;
  log: (line: string) => void;
}): Promise<Embedded> {
  const dataDir = madeFolder(input.dataDir);
  const locks = madeFolder(join(dataDir, 'locks'));
  const cluster: Cluster = {
    folder: join(dataDir, 'postgres'),
    settings: input.settings ?? {},
    log: input.log,
  };

  const server = input.asServer ? await serverLock(dataDir, locks) : null;
  let presence: FolderLock | null = null;
  try {
    const starting = await startLock(dataDir, locks);
    let address: Address;
    try {
      presence = await lockIn(locks, 'presence', 'shared', 1_000);
      if (!presence) throw new Error(`the presence lock in ${locks} is held against its rules`);
      address = await running(cluster);
    } finally {
      starting.release();
    }
    const watch = input.keepAlive ? watchOver(cluster, locks) : null;
    return {
      address,
      releaseServer: () => server?.release(),
      async leave() {
        watch?.end();
        address.close();
        server?.release();
        const leaving = await lockIn(locks, 'start', 'exclusive', 60_000);
        presence?.release();
        const alone = leaving && tryLock(join(locks, 'presence'), 'exclusive');
        try {
          if (alone) await stop(cluster);
        } finally {
          alone?.release();
          leaving?.release();
        }
      },
    };
  } catch (error) {
    presence?.release();
    server?.release();
    throw error;
  }
}

async function running(cluster: Cluster): Promise<Address> {
  if (!isInitialised(cluster)) initialise(cluster);
  return (await findRunning(cluster)) ?? (await start(cluster));
}

/** A database that dies under a living app (out of memory, an operator's kill) is started again. */
function watchOver(cluster: Cluster, locks: string): { end(): void } {
  let pid = postmasterPid(cluster);
  let ended = false;
  let reviving = false;
  let notBefore = 0;
  const look = async (): Promise<void> => {
    if (reviving || ended || Date.now() < notBefore || (pid !== null && isAlive(pid))) return;
    reviving = true;
    let starting: FolderLock | null = null;
    try {
      starting = tryLock(join(locks, 'start'), 'exclusive');
      if (!starting || ended) return;
      cluster.log('the database is gone; starting it again');
      (await running(cluster)).close();
      pid = postmasterPid(cluster);
    } catch (error) {
      cluster.log(`the database could not be started again: ${(error as Error).message}`);
      notBefore = Date.now() + 10_000;
    } finally {
      starting?.release();
      reviving = false;
    }
  };
  const timer = setInterval(() => void look(), 500);
  timer.unref();
  return {
    end() {
      ended = true;
      clearInterval(timer);
    },
  };
}

async function serverLock(dataDir: string, locks: string): Promise<FolderLock> {
  const note = join(locks, 'server.pid');
  const lock = await lockIn(locks, 'server', 'exclusive', 2_000); // a server that is just leaving may finish
  if (!lock) {
    const pid = existsSync(note) ? readFileSync(note, 'utf8').trim() : '';
    throw databaseRefusal(
      'database_in_use',
      `Another Groundwork server${pid ? ` (process ${pid})` : ''} already works with the data folder ${dataDir}. ` +
        `Stop it first, or give this one a folder of its own with DATA_DIR. ` +
        `To run several servers on one database, set DATABASE_URL.`,
    );
  }
  writeFileSync(note, `${process.pid}\n`);
  return lock;
}

async function startLock(dataDir: string, locks: string): Promise<FolderLock> {
  const lock = await lockIn(locks, 'start', 'exclusive', 300_000);
  if (lock) return lock;
  throw databaseRefusal(
    'database_busy',
    `Another Groundwork process has been starting or stopping the database in ${dataDir} for five minutes. ` +
      `See what it waits for, or end it, then try again.`,
  );
}

async function lockIn(
  locks: string,
  name: string,
  mode: LockMode,
  patienceMs: number,
): Promise<FolderLock | null> {
  const file = join(locks, name);
  try {
    return await waitForLock(file, mode, patienceMs);
  } catch (error) {
    throw databaseRefusal(
      'database_folder',
      `Groundwork may not write ${file}: does the data folder belong to another user? (${(error as Error).message})`,
      error,
    );
  }
}

function madeFolder(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return realpathSync(resolve(path));
  } catch (error) {
    throw databaseRefusal(
      'database_folder',
      `Groundwork cannot use the data folder ${resolve(path)}: ${(error as Error).message}`,
      error,
    );
  }
}
