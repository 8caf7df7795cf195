/** The only proof of a backup is a restore: into a database of its own beside the one in use, compared, dropped. */
import type pg from 'pg';
import { checkBackup } from './read-backup.ts';
import { restoreBackup } from './restore-backup.ts';
import { scratchDatabase } from './scratch-database.ts';

/**
 * restored: every row came back equal. read: this role may make no database, so every row and file was read and
 * compared with what was counted. @throws Error `backup_damaged`
 */
export async function proveBackup(input: {
  path: string;
  connection: pg.ClientConfig;
  migrations: string;
  signal?: AbortSignal;
}): Promise<'restored' | 'read'> {
  const scratch = await scratchDatabase(input.connection, 'check');
  if (!scratch) {
    await checkBackup(input.path);
    return 'read';
  }
  try {
    await restoreBackup({ ...input, connection: scratch.connection });
    return 'restored';
  } finally {
    await scratch.drop();
  }
}
