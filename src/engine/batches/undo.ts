/**
 * Undo of a batch, per field: a value is put back where the present one still equals what the batch wrote,
 * else kept and listed. A record that the batch made is archived unless somebody worked on it since. Putting
 * back asks no transition rule, but the checkpoint of the stage it restores holds, else the record is kept.
 * An undo is a batch itself: it pauses, goes on where it stopped, and can be undone.
 */
import type { Context } from '../../core/context/context.ts';
import { issue } from '../../core/errors/problem.ts';
import { ident, join, row, rows, sql, type Queryable } from '../../core/sql/sql.ts';
import { inTransaction } from '../../platform/database/transaction.ts';
import { groupBy } from '../write/links.ts';
import { storedColumns } from '../write/stored-row.ts';
import { write, type Change, type Outcome } from '../write/write.ts';
import {
  conflict,
  getBatch,
  keptOf,
  readyToGoOn,
  startBatch,
  type Batch,
  type BatchState,
} from './batches.ts';
import { listKept, type Kept } from './kept.ts';
import { planUndo, type KeptPart, type UndoEvent } from './plan-undo.ts';
import type { BatchProblem } from './problems.ts';
import { runBatch, type BatchRun } from './run-batch.ts';

export type Undone = {
  batch: string;
  /** done, or paused or stopped on the way. */
  state: BatchState;
  done: number;
  /** The first of them; all are at the batch. */
  kept: Kept[];
  kept_total: number;
};

export type UndoOptions = {
  signal?: AbortSignal;
  onProgress?(progress: { total: number; reached: number; kept: number }): void;
};

/** Records at a time: all events of the batch on a record are undone together. */
const chunk = 200;

type Position = { reached: number; object: string | null; after: string | null };
/** How the batch stood before, for an undo of the undo. */
type Setup = { was: BatchState };

/** Throws 404 for a batch of somebody else, 409 for one that runs or is undone already. */
export async function undoBatch(context: Context, id: string, options: UndoOptions = {}): Promise<Undone> {
  return continueUndo(context, await startUndo(context, id), options);
}

/**
 * The undo of the batch: a new one, or the one that stopped on the way. `later` puts it in line to be done in the
 * background, in the transaction in which it becomes ready for that.
 */
export async function startUndo(
  context: Context,
  id: string,
  later?: (on: Queryable, undo: string) => Promise<void>,
): Promise<string> {
  const batch = await getBatch(context, id);
  if (batch.state === 'undone') {
    const undo = await unfinishedUndo(context, batch);
    if (later) {
      await inTransaction(context.pool, async (on) => {
        await readyToGoOn(context, undo, on);
        await later(on, undo);
      });
    }
    return undo;
  }
  if (batch.state === 'running') {
    throw conflict(
      'still_running',
      'This batch is still running.',
      'Wait until it has ended, or pause it, then undo it.',
    );
  }
  return inTransaction(context.pool, async (on) => {
    const undo = await startBatch(
      context,
      {
        kind: 'undo',
        object: batch.object,
        total: await recordsIn(context, id),
        undoOf: id,
        details: { of: id },
        background: later !== undefined,
        setup: { was: batch.state } satisfies Setup,
      },
      on,
    );
    const claimed = await rows(
      on,
      sql`UPDATE platform.batches b SET state = 'undone', undone_by = ${undo}
          WHERE b.id = ${id} AND b.state <> 'undone' AND b.undone_by IS NOT DISTINCT FROM ${batch.undone_by}::uuid RETURNING id`,
    );
    if (claimed.length === 0) throw undoneAlready();
    await later?.(on, undo);
    return undo;
  });
}

const undoneAlready = () =>
  conflict('already_undone', 'This batch is undone already.', 'Nothing is left to do.');

async function unfinishedUndo(context: Context, batch: Batch): Promise<string> {
  const undo = batch.undone_by === null ? undefined : await getBatch(context, batch.undone_by);
  if (undo?.state === 'paused' || undo?.state === 'stopped') return undo.id;
  if (undo?.state === 'undone') {
    throw conflict(
      'undo_undone',
      'The undo of this batch is being undone itself.',
      'Wait until that has ended, or let it go on where it stopped.',
    );
  }
  throw undoneAlready();
}

/** Goes on with an undo where it stands; 409 for one that another process runs or that has ended. */
export async function continueUndo(
  context: Context,
  undo: string,
  { signal, onProgress }: UndoOptions = {},
): Promise<Undone> {
  const { undo_of: of, background } = await getBatch(context, undo);
  await runBatch(context, { batch: undo, signal, background }, (run) =>
    undoRecordsOf(context, run, of!, onProgress),
  );
  const { state, done, refused } = await getBatch(context, undo);
  const { data } = await listKept(context, { batch: undo, limit: 200 });
  return { batch: undo, state, done, kept: data, kept_total: refused };
}

async function undoRecordsOf(
  context: Context,
  run: BatchRun,
  batch: string,
  onProgress: UndoOptions['onProgress'],
): Promise<void> {
  const { done, refused, total } = await getBatch(context, run.batch);
  const position = (await keptOf(context, run.batch)).position as Position | null;
  const at = { done, kept: refused, ...(position ?? { reached: 0, object: null, after: null }) };
  const signed = await undosOf(context, batch);
  const objects = await objectsOf(context, batch);
  for (const object of objects.slice(Math.max(0, objects.indexOf(at.object ?? '')))) {
    // Children before parents would be nicer to rollups, but every order is right: each write settles its own.
    for (let after = at.object === object ? at.after : null; ;) {
      if (run.stops()) return;
      const records = await recordsOf(context, batch, object, after);
      if (records.length === 0) break;
      after = records.at(-1)!;
      const plan = await planRecords(context, signed, object, records);
      let next = at;
      await write(context, {
        changes: plan.changes,
        mode: 'each',
        batch: run.batch,
        async beside(on, outcomes) {
          const problems = [...plan.kept, ...notWritten(plan.changes, outcomes)];
          next = {
            reached: at.reached + records.length,
            object,
            after,
            done: at.done + outcomes.filter((outcome) => outcome.ok).length,
            kept: at.kept + problems.length,
          };
          const { done, kept, ...position } = next;
          await run.note(on, { done, refused: kept, position, problems });
        },
      });
      Object.assign(at, next);
      onProgress?.({ total: total ?? at.reached, reached: at.reached, kept: at.kept });
    }
  }
  await standAgain(context, batch);
}

/** An undo that is undone: the batch that it had undone stands again as it stood. */
async function standAgain(context: Context, undo: string): Promise<void> {
  await rows(
    context.pool,
    sql`UPDATE platform.batches b SET state = coalesce(u.setup ->> 'was', 'done'), undone_by = NULL
        FROM platform.batches u WHERE u.id = ${undo} AND u.kind = 'undo' AND b.id = u.undo_of AND b.undone_by = u.id`,
  );
}

async function recordsIn(context: Context, batch: string): Promise<number> {
  const found = await row<{ count: number }>(
    context.pool,
    sql`SELECT count(DISTINCT (e.object, e.record))::integer AS count FROM platform.events e WHERE e.batch = ${batch}`,
  );
  return found!.count;
}

/** The batch, what undid it, what undid that, and so on: what they wrote is no work of people. */
async function undosOf(context: Context, batch: string): Promise<string[]> {
  const found = await rows<{ id: string }>(
    context.pool,
    sql`WITH RECURSIVE tree AS (
          SELECT ${batch}::uuid AS id UNION SELECT b.id FROM platform.batches b JOIN tree ON b.undo_of = tree.id
        ) SELECT id FROM tree`,
  );
  return found.map(({ id }) => id);
}

/** Objects of the batch, the latest made first, so that what links to a record goes before the record. */
async function objectsOf(context: Context, batch: string): Promise<string[]> {
  const found = await rows<{ object: string }>(
    context.pool,
    sql`SELECT e.object FROM platform.events e WHERE e.batch = ${batch} GROUP BY e.object ORDER BY max(e.id) DESC`,
  );
  return found.map((row) => row.object);
}

async function recordsOf(
  context: Context,
  batch: string,
  object: string,
  after: string | null,
): Promise<string[]> {
  const found = await rows<{ record: string }>(
    context.pool,
    sql`SELECT DISTINCT e.record FROM platform.events e
        WHERE e.batch = ${batch} AND e.object = ${object} AND (${after}::uuid IS NULL OR e.record > ${after}::uuid)
        ORDER BY e.record LIMIT ${chunk}`,
  );
  return found.map((row) => row.record);
}

type PutBack = Extract<Change, { putBack: string }>;

async function planRecords(
  context: Context,
  signed: readonly string[],
  key: string,
  records: readonly string[],
): Promise<{ changes: PutBack[]; kept: BatchProblem[] }> {
  const object = context.catalog.objects.get(key);
  if (!object) {
    const why = 'The object is no longer defined.';
    return { changes: [], kept: records.map((id) => keptPart(key, id, { why })) };
  }
  const events = await rows<UndoEvent>(
    context.pool,
    sql`SELECT e.id, e.record, e.version, e.type, e.at, e.actor_name, e.old, coalesce(e.batch = ANY(${[...signed]}::uuid[]), false) AS mine FROM platform.events e
        WHERE e.record = ANY(${[...records]}::uuid[]) AND e.object = ${key} AND e.type <> 'gaps' ORDER BY e.record, e.version`,
  );
  const current = await rows<Record<string, unknown>>(
    context.pool,
    sql`SELECT ${join(storedColumns(object).map((column) => ident('t', column.name)))} FROM ${ident('crm', key)} t WHERE t.id = ANY(${[...records]}::uuid[])`,
  );
  const byId = new Map(current.map((row) => [row['id'] as string, row]));
  const byRecord = groupBy(events, (event) => event.record);
  const changes: PutBack[] = [];
  const kept: BatchProblem[] = [];
  for (const id of records) {
    const stored = byId.get(id);
    if (!stored) continue;
    const plan = planUndo(object, byRecord.get(id) ?? [], stored);
    kept.push(...plan.kept.map((part) => keptPart(key, id, part)));
    if (plan.change) changes.push({ putBack: key, id, ...plan.change });
  }
  return { changes, kept };
}

const notWritten = (changes: readonly PutBack[], outcomes: readonly Outcome[]): BatchProblem[] =>
  outcomes.flatMap((outcome, at) =>
    outcome.ok ? [] : [keptPart(changes[at]!.putBack, changes[at]!.id, { why: outcome.problem.body.detail })],
  );

const keptPart = (object: string, record: string, { field, why, by, at }: KeptPart): BatchProblem => ({
  object,
  record,
  field: field ?? null,
  refused: true,
  code: 'kept',
  errors: [
    {
      ...issue(field ?? '', 'kept', why, 'Change the record by hand if it should be as it was before.'),
      ...(by === undefined ? {} : { by }),
      ...(at === undefined ? {} : { at }),
    },
  ],
});
