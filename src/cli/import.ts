import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { usageError } from './failure.ts';
import { importPlanLines, importResultLines } from './import-report.ts';
import { showProgress, thousands } from './progress.ts';

type ImportOptions = {
  object?: string;
  mapping?: string;
  key?: string;
  strict?: boolean;
  history?: boolean;
  dryRun?: boolean;
  encoding?: string;
  delimiter?: string;
};

export function importCommands(program: Command): void {
  const command = program
    .command('import')
    .description('load a CSV file into the records of an object')
    .argument('[file]', 'the CSV file')
    .option('--object <key>', 'key of the object, such as accounts')
    .option('--mapping <file>', 'YAML file: which column fills which field, and what its values mean')
    .option('--key <field>', 'update the record that has the same value in this field')
    .option('--strict', 'refuse a row for any value that cannot be taken, even in an optional field')
    .option(
      '--history',
      'old records may stand in any stage, with their own dates; what is missing is kept as gaps',
    )
    .option('--dry-run', 'try everything, store nothing')
    .option('--encoding <name>', 'encoding of the file, where the one found is wrong')
    .option(
      '--delimiter <sign>',
      'comma, semicolon, tab, pipe or the sign itself, where the one found is wrong',
    )
    .addHelpText(
      'after',
      `
Exit code: 0 every row is loaded, 2 some were refused, 1 nothing is done.
The last line of standard output is “batch <id>”, by which the import can be undone:
  ./groundwork import undo <id>`,
    )
    .action(async (file: string | undefined, options: ImportOptions) => {
      if (file === undefined) throw usageError('Which file? ./groundwork import FILE --object accounts');
      if (options.object === undefined) throw usageError('Say what the rows are, such as --object accounts.');
      process.exitCode = await runImport(file, { ...options, object: options.object });
    });
  command
    .command('undo')
    .description('put back what a batch changed and archive what it made')
    .argument('<batch>', 'id of the batch')
    .action(async (batch: string) => {
      process.exitCode = await runUndo(batch);
    });
}

async function runImport(file: string, options: ImportOptions & { object: string }): Promise<number> {
  const { withContext } = await import('./context.ts');
  const { importFile } = await import('../engine/importing/import-file.ts');
  const { parseMapping } = await import('../engine/importing/mapping-file.ts');
  const mapping =
    options.mapping === undefined ? undefined : parseMapping(await readFile(options.mapping, 'utf8'));
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(130);
    console.error('\nStopping after this group of rows …');
    stop.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const reached: { batch: string | null; done: number } = { batch: null, done: 0 };
  try {
    return await withContext(
      async (context) => {
        const object = context.catalog.objects.get(options.object);
        const progress = showProgress('rows');
        try {
          const result = await importFile(context, {
            path: file,
            fileName: basename(file),
            object: options.object,
            mapping,
            key: options.key,
            strict: options.strict,
            history: options.history,
            dryRun: options.dryRun,
            encoding: options.encoding,
            delimiter: options.delimiter,
            signal: stop.signal,
            onStart(plan) {
              reached.batch = plan.batch;
              console.log(importPlanLines(basename(file), plan, object).join('\n'));
            },
            onProgress(state) {
              reached.done = state.done;
              progress.update({
                done: state.rows,
                total: state.total,
                note: state.refused > 0 ? `${thousands(state.refused)} refused` : undefined,
              });
            },
          });
          progress.end();
          console.log(importResultLines(result, object, options.dryRun ?? false).join('\n'));
          if (result.refused_total === 0 && !result.stopped) return 0;
          return result.done > 0 ? 2 : 1;
        } finally {
          progress.end();
        }
      },
      { ownSignals: true },
    );
  } catch (error) {
    // Rows that were written before it broke off stay, and can be undone.
    const { batch, done } = reached;
    if (batch === null) throw error;
    console.error(
      `The import broke off after ${thousands(done)} rows. What is loaded stays; undo it with: ./groundwork import undo ${batch}`,
    );
    throw Object.assign(error as Error, { exitCode: done > 0 ? 2 : 1, lastLine: `batch ${batch}` });
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

async function runUndo(batch: string): Promise<number> {
  const { withContext } = await import('./context.ts');
  const { undoBatch } = await import('../engine/batches/undo.ts');
  const undone = await withContext((context) => undoBatch(context, batch));
  console.log(`${thousands(undone.done)} records are as they were before.`);
  const shown = undone.kept.slice(0, 20);
  if (undone.kept.length > 0) console.log(`${thousands(undone.kept.length)} were kept:`);
  for (const kept of shown)
    console.log(`  ${kept.object} ${kept.id}${kept.field ? `, ${kept.field}` : ''}: ${kept.why}`);
  if (undone.kept.length > shown.length)
    console.log(`  … and ${thousands(undone.kept.length - shown.length)} more`);
  console.log(`batch ${undone.batch}`);
  return undone.kept.length === 0 ? 0 : 2;
}
