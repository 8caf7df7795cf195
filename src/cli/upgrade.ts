/** A new version on old data, with a way back: backup, migrate, verify, or the database from before in its place. */
import { join } from 'node:path';
import type { Command } from 'commander';
import type pg from 'pg';
import { countRecords, refuseRunningServer, upgradeFailed as failed } from '../platform/backup/upgrade.ts';
import { dataDirOf, root, withContext } from './context.ts';
import { debugging } from './failure.ts';

export function upgradeCommands(program: Command): void {
  program
    .command('upgrade')
    .description('bring the data of an older version up to this one: backup, migrate, verify, or back')
    .action(runUpgrade);
}

async function runUpgrade(): Promise<void> {
  const { readConfig } = await import('../platform/config/config.ts');
  const { openDatabase } = await import('../platform/database/open-database.ts');
  const { openFileStore } = await import('../platform/files/file-store.ts');
  const { backupName, backupToFile } = await import('../platform/backup/backup-file.ts');
  const { readProduct } = await import('../platform/config/product.ts');
  const config = readConfig(process.env);
  const dataDir = dataDirOf(config);
  const database = await openDatabase({
    dataDir,
    databaseUrl: config.databaseUrl,
    role: 'cli',
    log: (line) => debugging() && console.error(line),
  });
  try {
    const { connection, pool } = database;
    await refuseRunningServer(pool);
    const before = await countRecords(pool);
    const files = await openFileStore(join(dataDir, 'files'), config.s3);
    const path = join(config.backups.folder, `before-upgrade-${backupName(new Date())}`);
    const { version } = readProduct();
    await backupToFile({ connection, files, product: version, withKey: true }, path);
    console.log(`Backup taken: ${path}`);
    try {
      await migrateAndVerify(before);
    } catch (error) {
      const aside = await goBack(connection, path);
      throw failed(
        `The upgrade failed and everything is as it was before: ${(error as Error).message}\n` +
          `What it had made so far is kept in the database ${aside}. Start the version that you had.`,
        error,
      );
    }
    console.log(
      `Up to date with ${version}: every record is there, and the definitions build. Start it: npm start`,
    );
  } finally {
    await database.close();
  }
}

/** Opening a context migrates and puts the packs in force, and fails where the definitions do not build. */
async function migrateAndVerify(before: ReadonlyMap<string, number>): Promise<void> {
  await withContext(async (context) => {
    const after = await countRecords(context.pool);
    for (const [name, count] of before) {
      if (after.get(name) !== count)
        throw failed(`There were ${count} ${name}, and now there are ${after.get(name) ?? 0}.`);
    }
    const { list } = await import('../engine/read/list.ts');
    for (const object of context.catalog.objects.values())
      await list(context, { object: object.key, limit: 1 });
  });
}

/** Restores beside it, and swaps the two: there is no moment without a whole database. */
async function goBack(connection: pg.ClientConfig, path: string): Promise<string> {
  const { restoreBackup } = await import('../platform/backup/restore-backup.ts');
  const { replaceDatabase, scratchDatabase } = await import('../platform/backup/scratch-database.ts');
  const scratch = await scratchDatabase(connection, 'back');
  if (!scratch) {
    throw failed(
      'The upgrade failed, and this role may make no database to go back to. Make an empty one, point DATABASE_URL ' +
        `to it, and put the backup back with the version that you had: ./groundwork restore ${path}`,
    );
  }
  try {
    await restoreBackup({ path, connection: scratch.connection, migrations: join(root, 'migrations') });
    return await replaceDatabase(connection, scratch.name);
  } catch (error) {
    await scratch.drop().catch(() => {});
    throw error;
  }
}
