import { existsSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { Change } from '../engine/definitions/propose.ts';
import { usageError } from './failure.ts';
import { thousands } from './progress.ts';

export function definitionCommands(program: Command): void {
  const definition = program
    .command('definition')
    .description('what this CRM is: objects, fields, lists, pipelines, roles, as YAML');
  definition
    .command('export')
    .description('write the definitions in force into a folder')
    .argument('<dir>', 'folder, made if need be; other files there stay')
    .action(async (dir: string) => {
      const { exportDefinitions, withContext } = await engine();
      const { files } = await withContext(({ pool }) => exportDefinitions(pool, { dir }));
      console.log(`${thousands(files)} files written to ${dir}`);
    });
  definition
    .command('diff')
    .description('show how a folder differs from what is in force; exit code 0 the same, 1 different')
    .argument('<dir>')
    .option('--prune', 'count a definition without a file as retired')
    .action(async (dir: string, options: { prune?: boolean }) => {
      const { diffDefinitions, withContext, readFolder } = await engine();
      const files = readFolder(folder(dir));
      const { same, changes } = await withContext(({ pool }) =>
        diffDefinitions(pool, { files, prune: options.prune }),
      );
      console.log(same ? 'Nothing differs.' : changeLines(changes).join('\n'));
      process.exitCode = same ? 0 : 1;
    });
  definition
    .command('apply')
    .description('bring a folder of definitions into force as a new version; asks first on a terminal')
    .argument('<dir>')
    .option('--prune', 'retire definitions that have no file')
    .option(
      '--leave-empty',
      'where a field changes its type: leave values empty that the new one cannot read',
    )
    .option('--note <text>', 'why, kept with the version')
    .option('--yes', 'do not ask')
    .action(
      async (
        dir: string,
        options: { prune?: boolean; leaveEmpty?: boolean; note?: string; yes?: boolean },
      ) => {
        const { applyDefinitions, diffDefinitions, withContext, readFolder } = await engine();
        const files = readFolder(folder(dir));
        await withContext(async (context) => {
          if (!options.yes && process.stdin.isTTY && process.stdout.isTTY) {
            const { same, changes } = await diffDefinitions(context.pool, { files, prune: options.prune });
            if (!same) console.log(changeLines(changes).join('\n'));
            if (
              !same &&
              !(await agreed(
                `Bring ${changes.length === 1 ? 'this change' : `these ${changes.length} changes`} into force?`,
              ))
            ) {
              throw usageError('Nothing was applied.');
            }
          }
          const { prune, leaveEmpty, note } = options;
          told(await applyDefinitions(context, { files, prune, leaveEmpty, note }));
        });
      },
    );
  definition
    .command('revert')
    .description('go back to what an earlier version said, as a new version')
    .argument('<version>', 'its number')
    .option('--note <text>', 'why, kept with the version')
    .action(async (version: string, options: { note?: string }) => {
      if (!/^\d{1,9}$/.test(version)) throw usageError(`“${version}” is no number of a version, such as 3.`);
      const { revertDefinitions, withContext } = await engine();
      told(
        await withContext((context) =>
          revertDefinitions(context, { version: Number(version), note: options.note }),
        ),
      );
    });
}

function told(result: { version: number; changes: readonly Change[] }): void {
  if (result.changes.length === 0) {
    console.log(`Nothing to change: version ${result.version} says the same.`);
    return;
  }
  console.log(changeLines(result.changes).join('\n'));
  console.log(`Version ${result.version} is in force.`);
}

function folder(dir: string): string {
  if (!existsSync(dir)) throw usageError(`There is no folder ${dir}.`);
  if (!statSync(dir).isDirectory())
    throw usageError(`${dir} is a file; name the folder that holds the definitions.`);
  return dir;
}

/** Only when a command runs: help and refusals should not wait for it. */
const engine = async () => ({
  ...(await import('./context.ts')),
  ...(await import('../engine/definitions/apply.ts')),
  ...(await import('../engine/definitions/export.ts')),
  ...(await import('../engine/definitions/read-files.ts')),
});

const changeLines = (changes: readonly Change[]): string[] =>
  changes.flatMap(({ sort, key, change, lines }) => [
    `${sort}/${key}: ${change === 'text' ? 'comments or layout' : change}`,
    ...lines.map((line) => `  ${line}`),
  ]);

async function agreed(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^(y|yes|j|ja)$/i.test((await lines.question(`${question} [y/N] `)).trim());
  } finally {
    lines.close();
  }
}
