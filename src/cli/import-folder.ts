/** `import FOLDER`: the plan, each file as if it were imported alone, and in the end one batch for each. */
import type { FolderPlan } from '../engine/importing/folder-plan.ts';
import type { FileResult } from '../engine/importing/import-folder.ts';
import { usageError } from './failure.ts';
import { importPlanLines, importResultLines } from './import-report.ts';
import type { ImportOptions } from './import.ts';
import { showProgress, thousands } from './progress.ts';
import { stopOnSignal } from './stop-on-signal.ts';

/** Options that mean one file. */
const ofOneFile = ['object', 'key', 'encoding', 'delimiter', 'header', 'sheet'] as const;

export function refuseOfOneFile(options: Readonly<Record<string, unknown>>): void {
  const misplaced = ofOneFile.find((name) => options[name] !== undefined);
  if (misplaced !== undefined)
    throw usageError(
      `This is a folder. Say --${misplaced} for each file, in an import.yaml in the folder or in its mapping file.`,
    );
}

/** Gives the exit code. */
export async function runFolderImport(folder: string, options: ImportOptions): Promise<number> {
  refuseOfOneFile(options);
  const { strict, history, anew, mapping } = options;
  const dryRun = options.dryRun ?? false;
  const { withContext } = await import('./context.ts');
  const { planFolder } = await import('../engine/importing/folder-plan.ts');
  const { importFolder } = await import('../engine/importing/import-folder.ts');
  const stop = stopOnSignal('Stopping after this group of rows …');
  const reached: { batches: string[]; done: number } = { batches: [], done: 0 };
  try {
    return await withContext(
      async (context) => {
        const plan = await planFolder(context, { folder, mapping, strict, history });
        console.log(planLines(plan).join('\n'));
        let progress = showProgress('rows');
        try {
          const results = await importFolder(context, {
            plan,
            dryRun,
            anew,
            signal: stop.signal,
            onFile({ name, object }, { at, again }) {
              progress.end();
              progress = showProgress('rows');
              return {
                onStart(found) {
                  if (found.batch !== null && !reached.batches.includes(found.batch))
                    reached.batches.push(found.batch);
                  const title = `${at + 1} of ${plan.files.length}: `;
                  console.log(
                    again
                      ? `\n${title}${name}, what waited for the others`
                      : `\n${title}${importPlanLines(name, found, object).join('\n')}`,
                  );
                },
                onProgress(state) {
                  reached.done += state.done;
                  progress.update({ done: state.rows, total: state.total });
                },
              };
            },
            onResult({ file, result, before }) {
              progress.end();
              if (result)
                console.log(importResultLines(result, file.object, { dryRun, closing: false }).join('\n'));
              else
                console.log(`\n${file.name} was loaded before, by batch ${before}; --anew loads it again.`);
            },
          });
          console.log(closingLines(results, dryRun).join('\n'));
          return exitCode(results);
        } finally {
          progress.end();
        }
      },
      { ownSignals: true },
    );
  } catch (error) {
    // Files that were loaded before it broke off stay, and can be undone.
    const { batches, done } = reached;
    if (batches.length === 0) throw error;
    console.error('The import broke off. What is loaded stays; the same command goes on where it stopped.');
    const lastLine = batches.map((batch) => `batch ${batch}`).join('\n');
    throw Object.assign(error as Error, { exitCode: done > 0 ? 2 : 1, lastLine });
  } finally {
    stop.done();
  }
}

const told = { name: 'by its name', columns: 'by its columns', 'import.yaml': 'as import.yaml says' };

function planLines({ files, left }: FolderPlan): string[] {
  const widest = Math.min(40, Math.max(...files.map(({ name }) => name.length)));
  return [
    `${files.length} ${files.length === 1 ? 'file' : 'files, in this order'}:`,
    ...files.map(
      ({ name, object, by }, at) =>
        `  ${String(at + 1).padStart(2)}  ${name.padEnd(widest)} → ${object.label.many} (${told[by]})`,
    ),
    ...left.map(({ name, why }) => `      ${name.padEnd(widest)}   not read: ${why}`),
  ];
}

function closingLines(results: readonly FileResult[], dryRun: boolean): string[] {
  const sum = (count: 'done' | 'refused_total'): string =>
    thousands(results.reduce((all, { result }) => all + (result?.[count] ?? 0), 0));
  const waiting = results.filter(
    ({ result, before }) => !before && (!result || result.stopped || result.held),
  );
  const batches = results.flatMap(({ result, before }) => before ?? result?.batch ?? []);
  return [
    '',
    dryRun
      ? `Dry run: ${sum('done')} rows would load, ${sum('refused_total')} would be refused. Nothing was stored.`
      : `In all: ${sum('done')} rows loaded, ${sum('refused_total')} refused.`,
    ...(waiting.length > 0 && !dryRun
      ? [`It stopped on the way; the same command goes on with ${waiting[0]!.file.name}.`]
      : []),
    ...(batches.length > 0 ? ['To undo, from the last to the first: ./groundwork import undo <batch>'] : []),
    ...batches.map((batch) => `batch ${batch}`),
  ];
}

function exitCode(results: readonly FileResult[]): number {
  const whole = results.every(
    ({ result, before }) =>
      before ?? (result && result.refused_total === 0 && !result.stopped && !result.held),
  );
  if (whole) return 0;
  return results.some(({ result, before }) => before !== undefined || (result?.done ?? 0) > 0) ? 2 : 1;
}
