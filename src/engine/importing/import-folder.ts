/**
 * The files of a folder, one after the other, each under a batch of its own. Links to what comes with a later file
 * wait until that is loaded. Run again after a death or a stop it goes on: what is loaded is not loaded twice.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Context } from '../../core/context/context.ts';
import { findImports } from '../batches/batches.ts';
import type { FolderPlan, PlannedFile } from './folder-plan.ts';
import { continueImport, importFile } from './import-file.ts';
import { optionsOf, type ImportOptions, type ImportWatch } from './import-options.ts';
import type { ImportResult } from './import-result.ts';
import { sourceOnDisk } from './source-file.ts';

export type FolderWatch = {
  signal?: AbortSignal;
  /** Called when a file's turn comes; gives what watches it. `again`: what waited of it is settled. */
  onFile?(file: PlannedFile, turn: { at: number; again: boolean }): Omit<ImportWatch, 'signal' | 'hold'>;
  onResult?(result: FileResult): void;
};

/** `before`: it was loaded when the folder was imported earlier. No result: its turn did not come. */
export type FileResult = { file: PlannedFile; result?: ImportResult; before?: string };

export async function importFolder(
  context: Context,
  input: FolderWatch & { plan: FolderPlan; dryRun?: boolean; anew?: boolean },
): Promise<FileResult[]> {
  const { files } = input.plan;
  const results: FileResult[] = files.map((file) => ({ file }));
  const stopped = (): boolean =>
    (input.signal?.aborted ?? false) || results.some(({ result }) => result?.stopped);
  const watch = (file: PlannedFile, at: number, again: boolean): ImportWatch => ({
    signal: input.signal,
    ...input.onFile?.(file, { at, again }),
  });
  for (const [at, file] of files.entries()) {
    if (stopped()) return results;
    const known = input.dryRun || input.anew ? undefined : await begunBefore(context, file);
    if (known?.done) {
      results[at] = { file, before: known.batch };
      input.onResult?.(results[at]);
      continue;
    }
    const run = { ...watch(file, at, false), hold: (file.options.awaits ?? []).length > 0 };
    results[at] = {
      file,
      result: known
        ? await continueImport(context, { batch: known.batch, path: file.path, ...run })
        : await importFile(context, {
            ...optionsOf(file.options),
            ...(input.dryRun ? { awaits: others(files, file) } : {}),
            path: file.path,
            fileName: file.name,
            dryRun: input.dryRun,
            // A file that comes twice is another import each time.
            anew: input.anew || results.slice(0, at).some((before) => isSame(before.file, file)),
            ...run,
          }),
    };
    input.onResult?.(results[at]);
  }
  for (const [at, { file, result }] of results.entries()) {
    if (stopped()) return results;
    if (!result?.held) continue;
    const run = watch(file, at, true);
    results[at] = {
      file,
      result: await continueImport(context, { batch: result.batch!, path: file.path, ...run }),
    };
    input.onResult?.(results[at]);
  }
  return results;
}

const isSame = (a: PlannedFile, b: PlannedFile): boolean => a.path === b.path && a.object === b.object;

/** A dry run stores nothing, so that what any other file brings is not there to be found. */
const others = (files: readonly PlannedFile[], file: PlannedFile): string[] =>
  files.flatMap((other) => (other === file ? [] : [other.object.key]));

/** The batch of an earlier run with this content and these options. */
async function begunBefore(
  context: Context,
  { path, name, options }: PlannedFile,
): Promise<{ batch: string; done: boolean } | undefined> {
  const { sha256 } = await sourceOnDisk(path, name);
  const asked = plain(optionsOf(options));
  for (const batch of await findImports(context, { object: options.object, sha256 })) {
    const { options: before } = batch.setup as { options: ImportOptions };
    if (isDeepStrictEqual(plain(before), asked)) return { batch: batch.id, done: batch.state === 'done' };
  }
  return undefined;
}

/** As JSON keeps it: what is undefined is not there. */
const plain = (options: ImportOptions): unknown => JSON.parse(JSON.stringify(options));
