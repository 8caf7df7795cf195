import { join } from 'node:path';
import type { Command } from 'commander';
import { dataDirOf, root } from './context.ts';
import { debugging } from './failure.ts';

export function doctorCommands(program: Command): void {
  program
    .command('doctor')
    .description('what is wrong with this installation, and how to mend it; changes nothing')
    .option('--json', 'findings as JSON, for other programs')
    .addHelpText('after', '\nExit code: 0 nothing fails (warnings do not), 1 something does.')
    .action(runDoctor);
}

const marks = { ok: '✓', warn: '!', fail: '✗' };

async function runDoctor(options: { json?: boolean }): Promise<void> {
  const { readConfig } = await import('../platform/config/config.ts');
  const { openDatabase } = await import('../platform/database/open-database.ts');
  const { openFileStore } = await import('../platform/files/file-store.ts');
  const { examine } = await import('../engine/doctor/examine.ts');
  const { kinds } = await import('../kinds/index.ts');
  const config = readConfig(process.env);
  const place = {
    dataDir: dataDirOf(config),
    publicUrl: config.publicUrl,
    trustProxy: config.trustProxy,
    databaseUrl: config.databaseUrl,
    readUrl: config.reads?.url,
    backups: config.backups,
    migrations: join(root, 'migrations'),
    kinds,
  };
  let close = async (): Promise<void> => {};
  try {
    const found = await examine(place, async () => {
      const database = await openDatabase({
        dataDir: place.dataDir,
        databaseUrl: config.databaseUrl,
        role: 'cli',
        patienceMs: 2_000,
        log: (line) => debugging() && console.error(line),
      });
      close = database.close;
      const files = await openFileStore(join(place.dataDir, 'files'), config.s3);
      return { ...place, pool: database.pool, serverVersion: database.serverVersion, files };
    });
    if (options.json) console.log(JSON.stringify(found, null, 2));
    else
      for (const { about, level, says, mend } of found) console.log(lines(marks[level], about, says, mend));
    if (found.some(({ level }) => level === 'fail')) process.exitCode = 1;
  } finally {
    await close();
  }
}

const lines = (mark: string, about: string, says: string, mend: string | undefined): string =>
  `${mark} ${about}: ${says}${mend === undefined ? '' : `\n    ${mend}`}`;
