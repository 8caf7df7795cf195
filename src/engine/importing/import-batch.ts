/** The batch of an import: begun with all that it takes to go on, whoever does that. */
import type { Context } from '../../core/context/context.ts';
import { issue, refusal } from '../../core/errors/problem.ts';
import type { Queryable } from '../../core/sql/sql.ts';
import { inTransaction } from '../../platform/database/transaction.ts';
import { conflict, findUnfinished, keptOf, settleBatch, startBatch, type Batch } from '../batches/batches.ts';
import { optionsOf, type ImportInput, type ImportOptions } from './import-options.ts';
import type { ImportPlan } from './import-plan.ts';
import { columnsOf } from './mended-file.ts';
import type { OpenImport } from './open-import.ts';
import type { StoredColumn } from './problems-file.ts';
import { keptSource, sourceOnDisk, type SourceFile } from './source-file.ts';
import type { Survey } from './survey.ts';

/** With the batch. */
type Setup = { file: SourceFile; options: ImportOptions; header: StoredColumn[]; found?: StoredSurvey };
type StoredSurvey = Omit<Survey, 'filled'> & { filled: number[] };

/** Throws 409 where the same file was begun and not ended. `later` runs in the transaction that makes the batch. */
export async function startImport(
  context: Context,
  input: ImportInput,
  { object, file }: OpenImport,
  later?: (on: Queryable, batch: string) => Promise<void>,
): Promise<string> {
  const sha256 = input.keep?.sha256;
  const onDisk = sha256 === undefined ? await sourceOnDisk(input.path, input.fileName) : undefined;
  if (!input.anew) await refuseUnfinished(context, { object: object.key, sha256: sha256 ?? onDisk!.sha256 });
  const source = onDisk ?? (await keptSource(context, input.keep!));
  const setup: Setup = { file: source, options: optionsOf(input), header: columnsOf(file) };
  const batch = {
    kind: 'import' as const,
    object: object.key,
    background: later !== undefined,
    setup,
    details: { file: source.name, strict: input.strict ?? false, history: input.history ?? false },
  };
  return inTransaction(context.pool, async (on) => {
    const id = await startBatch(context, batch, on);
    await later?.(on, id);
    return id;
  });
}

async function refuseUnfinished(context: Context, input: { object: string; sha256: string }): Promise<void> {
  const batch = await findUnfinished(context, input);
  if (!batch) return;
  const params = {
    file: String(batch.details['file']),
    reached: batch.reached,
    total: batch.total,
    id: batch.id,
  };
  throw refusal(
    409,
    'unfinished_import',
    [
      issue(
        'file',
        'unfinished_import',
        'An import of this file stopped at row {reached} of {total}: batch {id}.',
        'Let it go on (import resume {id}, or POST /api/v1/batches/{id}/resume), undo it, or begin once more with “anew”.',
        params,
      ),
    ],
    { extra: { batch: batch.id } },
  );
}

/** Throws 409 for a batch that is no import or has ended. */
export async function setupOf(context: Context, batch: Batch): Promise<Setup> {
  const setup = (await keptOf(context, batch.id)).setup as Setup | null;
  if (batch.kind === 'import' && setup !== null && batch.state !== 'done' && batch.state !== 'undone')
    return setup;
  throw conflict(
    'already_ended',
    'This batch has ended, nothing is left to do.',
    'Start a new one if you need to.',
  );
}

export const surveyFrom = (found: StoredSurvey): Survey => ({ ...found, filled: new Set(found.filled) });

/** What was decided for the whole file holds to its end, whoever goes on. */
export const keepPlan = (
  context: Context,
  batch: string,
  { map }: OpenImport,
  found: Survey,
  plan: ImportPlan,
): Promise<void> =>
  settleBatch(context, batch, {
    total: plan.total,
    setup: { found: { ...found, filled: [...found.filled] } satisfies StoredSurvey },
    details: {
      columns: Object.fromEntries(plan.columns.map(({ header, field }) => [header, field])),
      skipped_columns: plan.skipped_columns.map(({ header }) => header),
      encoding: plan.encoding,
      delimiter: plan.delimiter,
      ...(map.key ? { key: map.key.key } : map.id ? { key: 'id' } : {}),
      ...found.text,
    },
  });
