import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import type { Context } from '../core/context/context.ts';
import type { ImportWatch } from '../engine/importing/import-options.ts';
import type { ImportResult } from '../engine/importing/import-result.ts';
import { usageError } from './failure.ts';
import { importPlanLines, importResultLines, undoneLines } from './import-report.ts';
import { showProgress, thousands } from './progress.ts';
import { stopOnSignal } from './stop-on-signal.ts';

export type ImportOptions = {
  object?: string;
  mapping?: string;
  key?: string;
  strict?: boolean;
  history?: boolean;
  dryRun?: boolean;
  anew?: boolean;
  encoding?: string;
  delimiter?: string;
  header?: string;
  sheet?: string;
  draftMapping?: string;
  force?: boolean;
};

export function importCommands(program: Command): void {
  const command = program
    .command('import')
    .description(
      'load a CSV file or a sheet of an .xlsx workbook into the records of an object, or all files of a folder',
    )
    .argument('[file]', 'the file, or a folder of files that belong together')
    .option('--object <key>', 'key of the object, such as accounts; in a folder each file says its own')
    .option(
      '--mapping <file>',
      'YAML file: which column fills which field, and what its values mean; for a folder, a folder of them',
    )
    .option(
      '--draft-mapping <file>',
      'write a first draft of a mapping file and import nothing; of a folder, a folder',
    )
    .option('--force', 'write the draft over what is there')
    .option('--key <field>', 'update the record that has the same value in this field')
    .option('--strict', 'refuse a row for any value that cannot be taken, even in an optional field')
    .option(
      '--history',
      'old records may stand in any stage, with their own dates; what is missing is kept as gaps',
    )
    .option('--dry-run', 'try everything, store nothing')
    .option('--anew', 'begin once more, though an import of this file stopped and could go on')
    .option('--encoding <name>', 'encoding of the file, where the one found is wrong')
    .option(
      '--delimiter <sign>',
      'comma, semicolon, tab, pipe or the sign itself, where the one found is wrong',
    )
    .option('--header <line>', 'line that names the columns, or “none”, where the one found is wrong')
    .option('--sheet <name>', 'sheet of a workbook, where it is not the first one shown')
    .addHelpText(
      'after',
      `
A folder is loaded in the order in which its files need each other, each as what its name and columns say, or as
the import.yaml in it does; run again, it goes on where it stopped:
  ./groundwork import old-crm --dry-run

A mapping need not be written from nothing: a draft says of each column what stands in it, where it may go and how sure
that is, and what has to be decided:
  ./groundwork import accounts.csv --draft-mapping accounts.yaml
  ./groundwork import old-crm --draft-mapping mappings

Exit code: 0 every row is loaded, 2 some were refused or it stopped on the way, 1 nothing is done.
The last line of standard output is “batch <id>”, of a folder one for each file. By that an import that stopped or was killed goes on exactly
where it was, its problems are written to a file that can be mended and fed again, and it can be undone:
  ./groundwork import resume <id>
  ./groundwork import problems <id> --out problems.csv
  ./groundwork import undo <id>`,
    )
    .action(async (file: string | undefined, options: ImportOptions) => {
      if (file === undefined) throw usageError('Which file? ./groundwork import FILE --object accounts');
      if (options.draftMapping !== undefined) {
        const { runDraft } = await import('./import-draft.ts');
        await runDraft(file, { ...options, to: options.draftMapping, header: headerLine(options.header) });
        return;
      }
      if (await isFolder(file)) {
        const { runFolderImport } = await import('./import-folder.ts');
        process.exitCode = await runFolderImport(file, options);
        return;
      }
      if (options.object === undefined && options.mapping === undefined)
        throw usageError('Say what the rows are, such as --object accounts.');
      process.exitCode = await runImport(file, options);
    });
  command
    .command('resume')
    .description('go on with an import or an undo that stopped, exactly where it was')
    .argument('<batch>', 'id of the batch')
    .argument('[file]', 'where the file is by now, if it was moved')
    .action(async (batch: string, file: string | undefined) => {
      process.exitCode = await runResume(batch, file);
    });
  command
    .command('pause')
    .description('let a running import or undo stop behind the rows it has in hand')
    .argument('<batch>', 'id of the batch')
    .action(async (batch: string) => {
      const { withContext } = await import('./context.ts');
      const { pauseBatch } = await import('../engine/batches/batches.ts');
      const { state } = await withContext((context) => pauseBatch(context, batch));
      console.log(state === 'paused' ? 'Paused.' : 'It pauses behind the rows it has in hand.');
      console.log(`To go on: ./groundwork import resume ${batch}`);
    });
  command
    .command('problems')
    .description('write what an import could not take as a CSV, to mend it and feed it again')
    .argument('<batch>', 'id of the batch')
    .requiredOption('--out <file>', 'the file to write')
    .action(async (batch: string, { out }: { out: string }) => {
      const { withContext } = await import('./context.ts');
      const { problemsFile } = await import('../engine/importing/problems-file.ts');
      await withContext(async (context) =>
        pipeline((await problemsFile(context, batch)).body, createWriteStream(out)),
      );
      console.log(`${out} is written. Mend it, and import it again with the same mapping.`);
    });
  command
    .command('undo')
    .description('put back what a batch changed and archive what it made; an undo can be undone too')
    .argument('<batch>', 'id of the batch')
    .action(async (batch: string) => {
      process.exitCode = await runUndo(batch);
    });
}

export const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

async function runImport(file: string, options: ImportOptions): Promise<number> {
  const { importFile } = await import('../engine/importing/import-file.ts');
  const { readMapping } = await import('../engine/importing/read-mapping.ts');
  const mapping = options.mapping === undefined ? undefined : await readMapping(options.mapping);
  const { asMapped } = await import('../engine/importing/mapping-file.ts');
  const { key, strict, dryRun, anew } = options;
  const { object, history, encoding, delimiter, sheet } = asMapped({ ...options, mapping });
  const header = headerLine(options.header);
  return watched(basename(file), { object, dryRun: dryRun ?? false }, (context, watch) =>
    importFile(context, {
      path: file,
      fileName: basename(file),
      object,
      mapping,
      key,
      strict,
      history,
      dryRun,
      anew,
      encoding,
      delimiter,
      header,
      sheet,
      ...watch,
    }),
  );
}

async function runResume(batch: string, file: string | undefined): Promise<number> {
  const { withContext } = await import('./context.ts');
  const { getBatch } = await import('../engine/batches/batches.ts');
  const { continueImport } = await import('../engine/importing/import-file.ts');
  const { kind, object, details, undo_of: of } = await withContext((context) => getBatch(context, batch));
  if (kind === 'undo') return runUndo(of!);
  return watched(String(details['file']), { object, dryRun: false }, (context, watch) =>
    continueImport(context, { batch, path: file, ...watch }),
  );
}

/** Shows what an import does while it does it, stops it on a signal, and gives the exit code. */
async function watched(
  file: string,
  about: { object: string; dryRun: boolean },
  run: (context: Context, watch: ImportWatch) => Promise<ImportResult>,
): Promise<number> {
  const { withContext } = await import('./context.ts');
  const stop = stopOnSignal('Stopping after this group of rows …');
  const reached: { batch: string | null; done: number } = { batch: null, done: 0 };
  try {
    return await withContext(
      async (context) => {
        const object = context.catalog.objects.get(about.object);
        const progress = showProgress('rows');
        try {
          const result = await run(context, {
            signal: stop.signal,
            onStart(plan) {
              reached.batch = plan.batch;
              console.log(importPlanLines(file, plan, object).join('\n'));
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
          console.log(importResultLines(result, object, { dryRun: about.dryRun }).join('\n'));
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
      `The import broke off after ${thousands(done)} rows. What is loaded stays. ` +
        `Go on with: ./groundwork import resume ${batch}, or undo it with: ./groundwork import undo ${batch}`,
    );
    throw Object.assign(error as Error, { exitCode: done > 0 ? 2 : 1, lastLine: `batch ${batch}` });
  } finally {
    stop.done();
  }
}

function headerLine(text: string | undefined): number | 'none' | undefined {
  if (text === undefined || text === 'none') return text;
  const line = Number(text);
  if (!Number.isInteger(line) || line < 1)
    throw usageError('Say in which line the columns are named, such as --header 3, or --header none.');
  return line;
}

async function runUndo(batch: string): Promise<number> {
  const { withContext } = await import('./context.ts');
  const { undoBatch } = await import('../engine/batches/undo.ts');
  const stop = stopOnSignal('Stopping after these records …');
  const progress = showProgress('records');
  try {
    const undone = await withContext(
      (context) =>
        undoBatch(context, batch, {
          signal: stop.signal,
          onProgress({ total, reached, kept }) {
            const note = kept > 0 ? `${thousands(kept)} kept` : undefined;
            progress.update({ done: reached, total, note });
          },
        }),
      { ownSignals: true },
    );
    progress.end();
    console.log(undoneLines(undone).join('\n'));
    return undone.kept_total === 0 && undone.state === 'done' ? 0 : 2;
  } finally {
    progress.end();
    stop.done();
  }
}
