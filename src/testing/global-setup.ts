/**
 * Begins and ends a test run: a folder for it, and at the end no server, no database and no folder left,
 * also after failures. What a killed run could not clean up, the next one does.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopAtOnce } from '../platform/database/cluster.ts';
import { tryLock } from '../platform/database/folder-lock.ts';
import { dropRunDatabases, runFolderVariable } from './database.ts';

const prefix = 'groundwork-test-';

export default function setup(): () => Promise<void> {
  sweep();
  const folder = mkdtempSync(join(tmpdir(), prefix));
  const lock = tryLock(join(folder, 'run.lock'), 'exclusive'); // held as long as this run lives
  process.env[runFolderVariable] = folder;
  const remove = () => removeRun(folder);
  process.once('exit', remove);
  return async () => {
    const server = process.env['DATABASE_URL'];
    if (server) await dropRunDatabases(server);
    remove();
    lock?.release();
    process.off('exit', remove);
  };
}

function removeRun(folder: string): void {
  stopAtOnce({ folder: join(folder, 'data', 'postgres'), settings: {}, log: () => {} });
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
}

function sweep(): void {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(prefix))) {
    const folder = join(tmpdir(), name);
    try {
      if (Date.now() - statSync(folder).mtimeMs < 10_000) continue; // perhaps not locked yet
      const lock = tryLock(join(folder, 'run.lock'), 'exclusive');
      if (!lock) continue; // that run still lives
      removeRun(folder);
      lock.release();
    } catch {
      // Another user's, or just being removed.
    }
  }
}
