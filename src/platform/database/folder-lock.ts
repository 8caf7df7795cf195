/**
 * Locks between processes that share a data folder. Node offers no flock, and a lock file with a pid in it
 * is never right after kill -9, a reboot or inside containers. SQLite, which Node carries, takes real
 * kernel locks on a file, on every system: they end with the process, whatever ended it.
 *
 * Danger: these are POSIX locks. Never open a lock file by other means in a process that may hold it:
 * closing any descriptor of the file would drop the lock.
 */
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

export type FolderLock = { release(): void };
export type LockMode = 'exclusive' | 'shared';

const busy = new Set([5, 6]); // SQLITE_BUSY, SQLITE_LOCKED

/** A lock lives as long as its connection; this keeps a forgotten one from being garbage collected. */
const held = new Set<DatabaseSync>();

export function tryLock(file: string, mode: LockMode): FolderLock | null {
  const connection = new DatabaseSync(file);
  try {
    connection.exec('PRAGMA journal_mode = MEMORY');
    if (mode === 'exclusive') {
      connection.exec('BEGIN EXCLUSIVE');
    } else {
      connection.exec('BEGIN');
      connection.prepare('SELECT count(*) FROM sqlite_schema').get(); // the first read takes the lock
    }
  } catch (error) {
    connection.close();
    if (busy.has((error as { errcode?: number }).errcode ?? 0)) return null;
    throw error;
  }
  held.add(connection);
  return {
    release() {
      if (held.delete(connection)) connection.close();
    },
  };
}

export async function waitForLock(
  file: string,
  mode: LockMode,
  patienceMs: number,
): Promise<FolderLock | null> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const lock = tryLock(file, mode);
    if (lock || Date.now() >= deadline) return lock;
    await sleep(20 + Math.random() * 20); // a little apart, so that two waiters do not march in step
  }
}
