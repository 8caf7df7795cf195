import { join } from 'node:path';
import type { Command } from 'commander';

export function filesCommands(program: Command): void {
  const files = program.command('files').description('where the bytes of files are kept');
  files
    .command('move')
    .description(
      'bring all files to the bucket of FILES_URL, or from it to disk; may be stopped and run again, goes on where it was',
    )
    .requiredOption('--to <store>', 's3 or disk')
    .option('--remove', 'take each file away from where it was, once it is kept in the other place')
    .action(async (options: { to: string; remove?: boolean }) => {
      const [{ dataDirOf, withContext }, { usageError }, { moveFiles }, { openFileStore }, { readConfig }] =
        await Promise.all([
          import('./context.ts'),
          import('./failure.ts'),
          import('../platform/files/move-files.ts'),
          import('../platform/files/file-store.ts'),
          import('../platform/config/config.ts'),
        ]);
      if (options.to !== 's3' && options.to !== 'disk')
        throw usageError('Files are moved --to s3 or --to disk.');
      const config = readConfig(process.env);
      await withContext(async ({ pool }) => {
        const files = await openFileStore(join(dataDirOf(config), 'files'), config.s3);
        const { disk, bucket } = files;
        if (!bucket) throw usageError('Say where the bucket is: set FILES_URL, such as s3://my-bucket/crm.');
        const [from, to] = options.to === 's3' ? [disk, bucket] : [bucket, disk];
        const result = await moveFiles(pool, { files, from, to, remove: options.remove ?? false });
        console.error(
          `${result.moved} files moved from ${from.place} to ${to.place} (${result.bytes} bytes), ${result.there} were there.`,
        );
        for (const id of result.missing) console.error(`File ${id} is in neither place.`);
        for (const id of result.damaged) console.error(`File ${id} is damaged; it was left where it is.`);
        if (result.missing.length + result.damaged.length > 0) process.exitCode = 2;
      });
    });
}
