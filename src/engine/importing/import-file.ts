/**
 * A file → records. Here everything is settled that holds for the whole file, before anything is written:
 * rights, encoding, which column fills which field, how dates and decimals are read.
 */
import type { Context } from '../../core/context/context.ts';
import type { Queryable } from '../../core/sql/sql.ts';
import { getBatch, keptOf } from '../batches/batches.ts';
import { runBatch } from '../batches/run-batch.ts';
import { keepPlan, setupOf, startImport, surveyFrom } from './import-batch.ts';
import type { ImportInput, ImportWatch } from './import-options.ts';
import { planOf } from './import-plan.ts';
import { atBeginning, type ImportPosition } from './import-progress.ts';
import { listProblems, resultOf, type ImportResult } from './import-result.ts';
import { runImport } from './import-run.ts';
import { openImport, surveyOf, type OpenImport } from './open-import.ts';
import { withSource, type KeepableFile } from './source-file.ts';

/**
 * Imports a file. Throws a Problem, before anything is written, for a right that is missing, a file that is
 * no table, an encoding that is unclear, a mapping that fits nothing, and a file that was begun and not ended.
 */
export async function importFile(context: Context, input: ImportInput): Promise<ImportResult> {
  const opened = await openImport(context, input.path, input);
  if (!input.dryRun) {
    const batch = await startImport(context, input, opened);
    return goOn(context, { ...input, batch, path: undefined }, input.keep ? undefined : opened);
  }
  const found = await surveyOf(context, opened, input);
  const plan = planOf(opened.file, opened.map, found, input);
  input.onStart?.(plan);
  const listed = listProblems();
  const { count } = await runImport(innerOf(context), {
    ...opened,
    options: input,
    found,
    plan,
    watch: input,
    from: atBeginning(),
    onProblems: listed.add,
  });
  return resultOf(plan, count, listed, input.signal?.aborted ?? false);
}

/**
 * The same checks and a batch, whose rows `continueImport` loads in the background. `later` puts it in line for
 * that, in the transaction that makes the batch.
 */
export const beginImport = async (
  context: Context,
  input: ImportInput & { keep: KeepableFile },
  later: (on: Queryable, batch: string) => Promise<void>,
): Promise<string> => startImport(context, input, await openImport(context, input.path, input), later);

export type ContinueInput = ImportWatch & {
  batch: string;
  /** Where the file is by now, where that is not where it was. */
  path?: string;
};

/**
 * Goes on with an import exactly where it stands. Throws 404 for a batch that the caller may not see, 409 for one
 * that another process runs, that has ended, or whose file is gone or another by now.
 */
export const continueImport = (context: Context, input: ContinueInput): Promise<ImportResult> =>
  goOn(context, input, undefined);

async function goOn(
  context: Context,
  input: ContinueInput,
  fresh: OpenImport | undefined,
): Promise<ImportResult> {
  const batch = await getBatch(context, input.batch);
  const setup = await setupOf(context, batch);
  const { options } = setup;
  const inner = innerOf(context);
  const { signal } = input;
  return withSource(context, setup.file, input.path, async (path) => {
    const opened = fresh ?? (await openImport(context, path, options));
    return runBatch(inner, { batch: batch.id, signal, background: batch.background }, async (run) => {
      const found = setup.found ? surveyFrom(setup.found) : await surveyOf(context, opened, options);
      const plan = { ...planOf(opened.file, opened.map, found, options), batch: batch.id };
      if (!setup.found) await keepPlan(inner, batch.id, opened, found, plan);
      input.onStart?.(plan);
      // Not before the batch is ours: until then somebody else may have moved it on.
      const { done, refused } = await getBatch(context, batch.id);
      const position = (await keptOf(context, batch.id)).position as ImportPosition | null;
      const listed = listProblems();
      if (position) await listed.before(context, batch.id);
      const from = { ...atBeginning(), ...position, done, refused };
      const { count, held } = await runImport(inner, {
        ...opened,
        options,
        found,
        plan,
        run,
        watch: input,
        from,
        onProblems: listed.add,
      });
      return {
        ...resultOf(plan, count, listed, !held && run.stops() !== undefined),
        ...(held ? { held } : {}),
      };
    });
  });
}

/** Each chunk is a write of its own; the key of the request belongs to none of them. */
const innerOf = (context: Context): Context => ({ ...context, channel: 'import', idempotency: undefined });
