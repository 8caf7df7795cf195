import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { BackupInput } from '../platform/backup/write-backup.ts';
import { root } from './context.ts';
import { usageError } from './failure.ts';
import { atPlace, type Place } from './place.ts';
import { showProgress, thousands, type Progress } from './progress.ts';

export function backupCommands(program: Command): void {
  const command = program
    .command('backup')
    .description('write everything into one file: records, history, definitions, people, files')
    .argument('[file]', 'where to; - is standard output')
    .option('--with-key', 'also the key that signs sessions, and the sessions: nobody has to sign in anew')
    .addHelpText(
      'after',
      `
The server may run and be written to meanwhile: the backup is one moment of it. It is a tar archive compressed
with zstd, with checksums; “tar --zstd -tf FILE” lists it. It holds everything that people entered: guard it.`,
    )
    .action(async (file: string | undefined, options: { withKey?: boolean }) => {
      if (file === undefined) throw usageError('Where to? ./groundwork backup FILE');
      await runBackup(file, options.withKey ?? false);
    });
  command
    .command('check')
    .description('read a backup to its end and compare every row and file with what was counted')
    .argument('<file>', 'the backup')
    .action(runCheck);
  command
    .command('list')
    .description('the backups taken by plan, and when one was last proved by restoring it')
    .action(runList);
  program
    .command('restore')
    .description('put a backup back into an empty place')
    .argument('<file>', 'the backup')
    .addHelpText(
      'after',
      `
The place is DATA_DIR, or the database of DATABASE_URL with the files in DATA_DIR. What is there already is never
replaced: give an empty one. A backup that is damaged, or a restore that is stopped, leaves it empty.`,
    )
    .action(runRestore);
}

async function runBackup(file: string, withKey: boolean): Promise<void> {
  const { backupToFile } = await import('../platform/backup/backup-file.ts');
  const { writeBackup } = await import('../platform/backup/write-backup.ts');
  await watched('rows', async ({ connection, files, progress, signal }) => {
    const input: BackupInput = {
      connection,
      files,
      withKey,
      product: await productVersion(),
      signal,
      onProgress: (state) => progress.update(state),
    };
    if (file === '-') {
      const { manifest } = await writeBackup(input, process.stdout);
      console.error(`${manifest.says} It is everything up to ${manifest.moment.at}.`);
      return;
    }
    const made = await backupToFile(input, file);
    progress.end();
    const rows = made.contents.tables.reduce((sum, table) => sum + table.rows, 0);
    console.log(
      `${file}: ${thousands(rows)} rows and ${thousands(made.contents.files)} files, ${megabytes(made.bytes)}, everything up to ${made.manifest.moment.at}.`,
    );
    console.log(made.manifest.says);
    if (made.contents.missing_files.length > 0) {
      console.error(
        `${thousands(made.contents.missing_files.length)} files were not in the file store, or not as they were kept; the backup names them. Run ./groundwork doctor.`,
      );
      process.exitCode = 2;
    }
  });
}

async function runCheck(file: string): Promise<void> {
  const { checkBackup } = await import('../platform/backup/read-backup.ts');
  const progress = showProgress('bytes');
  const { size } = await sizeOf(file);
  try {
    const { manifest, contents } = await checkBackup(file, (done) => progress.update({ done, total: size }));
    progress.end();
    const rows = contents.tables.reduce((sum, table) => sum + table.rows, 0);
    console.log(
      `${file} is whole: ${thousands(rows)} rows and ${thousands(contents.files)} files, everything up to ${manifest.moment.at}, made by Groundwork ${manifest.product} on PostgreSQL ${manifest.postgresql}.`,
    );
    console.log(manifest.says);
  } finally {
    progress.end();
  }
}

async function runRestore(file: string): Promise<void> {
  const { restoreBackup } = await import('../platform/backup/restore-backup.ts');
  const { size } = await sizeOf(file);
  await watched('bytes', async ({ connection, embedded, dataDir, files, progress, signal }) => {
    const { manifest, contents } = await restoreBackup({
      path: file,
      connection,
      files,
      room: { folder: dataDir, database: embedded },
      signal,
      migrations: join(root, 'migrations'),
      onRead: (done) => progress.update({ done, total: size * 2 }),
    });
    progress.end();
    const rows = contents.tables.reduce((sum, table) => sum + table.rows, 0);
    console.log(
      `${thousands(rows)} rows and ${thousands(contents.files)} files are back, equal to what was written, as of ${manifest.moment.at}.`,
    );
    if (!manifest.with_key) console.log('Everybody signs in anew; API keys go on working.');
    if (contents.missing_files.length > 0) {
      console.error(
        `${thousands(contents.missing_files.length)} files were missing already when it was made.`,
      );
      process.exitCode = 2;
    }
    console.log('Start it: npm start');
  });
}

async function runList(): Promise<void> {
  const { withContext } = await import('./context.ts');
  const { listBackups } = await import('../operations/backups.ts');
  const { data } = await withContext((context) => listBackups(context, { limit: 50 }));
  if (data.length === 0) console.log('No backup was taken by plan yet. BACKUP_SCHEDULE says when one is.');
  for (const one of data) {
    const size = one.bytes === null ? '' : `, ${megabytes(Number(one.bytes))}`;
    const checked =
      one.check_state === null ? '' : `, ${checkWords[one.check_state] ?? one.check_state} ${one.checked_at}`;
    console.log(`${one.started_at}  ${one.state}  ${one.name}${size}${checked}`);
    if (one.error ?? one.check_error) console.log(`  ${one.error ?? one.check_error}`);
  }
}

const checkWords: Record<string, string> = {
  restored: 'proved by a restore',
  read: 'read and compared',
  failed: 'CHECK FAILED',
};

type Watched = Place & { progress: Progress; signal: AbortSignal };

/** Ends in order when it is stopped, so that no half file stays behind. */
async function watched(what: string, work: (place: Watched) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const onSignal = (): void => (stop.signal.aborted ? process.exit(130) : stop.abort());
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  const progress = showProgress(what);
  try {
    await atPlace((place) => work({ ...place, progress, signal: stop.signal }));
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    console.error('Stopped; nothing of it is left behind.');
    process.exitCode = 130;
  } finally {
    progress.end();
  }
}

async function sizeOf(file: string): Promise<{ size: number }> {
  return stat(file).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? usageError(`There is no file ${file}.`) : error;
  });
}

async function productVersion(): Promise<string> {
  const { readProduct } = await import('../platform/config/product.ts');
  return readProduct().version;
}

const megabytes = (bytes: number): string =>
  bytes < 1_000_000
    ? `${thousands(Math.ceil(bytes / 1000))} kB`
    : `${thousands(Math.round(bytes / 1_000_000))} MB`;
