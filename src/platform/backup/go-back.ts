/** The way back of an upgrade: the backup restored beside the database, and the two swapped. */
import type pg from 'pg';
import { restoreBackup } from './restore-backup.ts';
import { replaceDatabase, scratchDatabase } from './scratch-database.ts';
import { upgradeFailed } from './upgrade.ts';

/**
 * There is no moment without a whole database. Gives the name that the other one is kept under. `why` is what the
 * upgrade failed of. @throws Error `upgrade_failed`, which names the backup and how to put it back by hand
 */
export async function goBack(input: {
  connection: pg.ClientConfig;
  path: string;
  migrations: string;
  why: Error;
}): Promise<string> {
  const { connection, path, migrations } = input;
  let what = 'this role may make no database to go back to';
  try {
    const scratch = await scratchDatabase(connection, 'back');
    if (scratch) {
      try {
        await restoreBackup({ path, connection: scratch.connection, migrations });
        return await replaceDatabase(connection, scratch.name);
      } catch (error) {
        await scratch.drop().catch(() => {});
        throw error;
      }
    }
  } catch (error) {
    what = (error as Error).message;
  }
  throw upgradeFailed(
    `The upgrade failed: ${input.why.message}\n` +
      `Going back by itself failed as well: ${what}\n` +
      `Everything from before is in the backup ${path}. Make an empty place (another DATA_DIR, or a new database for ` +
      `DATABASE_URL), and put it back there with the version that you had: ./groundwork restore ${path}`,
    input.why,
  );
}
