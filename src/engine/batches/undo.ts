/**
 * Undo of a batch, per field: a value is put back where the present one still equals what the batch wrote,
 * else kept and listed. A record that the batch made is archived unless somebody worked on it since. Putting
 * back asks no transition rule, but the checkpoint of the stage it restores holds, else the record is kept.
 */
import type { ObjectModel } from '../../core/catalog/catalog.ts';
import type { Context } from '../../core/context/context.ts';
import { issue, refusal } from '../../core/errors/problem.ts';
import { ident, join, rows, sql } from '../../core/sql/sql.ts';
import { groupBy } from '../write/links.ts';
import { sameValue } from '../write/row.ts';
import { storedColumns } from '../write/stored-row.ts';
import { write, type Change } from '../write/write.ts';
import { finishBatch, getBatch, isDead, noteBatch, startBatch, type BatchState } from './batches.ts';

export type Kept = { object: string; id: string; field?: string; why: string };
export type Undone = { batch: string; done: number; kept: Kept[] };

type BatchEvent = {
  id: number;
  object: string;
  record: string;
  version: number;
  type: string;
  old: Record<string, unknown> | null;
};

/** Records at a time: all events of the batch on a record are undone together. */
const chunk = 200;
const mostKept = 1000;

/** Throws 404 for a batch of somebody else, 409 for one that runs, is undone already, or is an undo itself. */
export async function undoBatch(context: Context, id: string): Promise<Undone> {
  const batch = await getBatch(context, id);
  if (batch.kind === 'undo') {
    throw conflict(
      'not_undoable',
      'This batch is an undo, and is not undone itself.',
      'Do again what it took back.',
    );
  }
  const earlier = await undosOf(context, id);
  if (batch.state === 'undone' && earlier.at(-1)?.state !== 'stopped')
    throw conflict('already_undone', 'This batch is undone already.', 'Nothing is left to do.');
  if (batch.state === 'running' && !(await isDead(context, id))) {
    throw conflict('still_running', 'This batch is still running.', 'Wait until it has ended, then undo it.');
  }
  const undo = await startBatch(context, {
    kind: 'undo',
    object: batch.object,
    undoOf: id,
    details: { of: id },
  });
  const claimed = await rows(
    context.pool,
    sql`UPDATE platform.batches SET state = 'undone', undone_by = ${undo}
        WHERE id = ${id} AND state = ${batch.state} AND undone_by IS NOT DISTINCT FROM ${batch.undone_by} RETURNING id`,
  );
  if (claimed.length === 0) {
    await finishBatch(context, undo, { state: 'stopped', done: 0, refused: 0 });
    throw conflict('already_undone', 'This batch is being undone already.', 'Nothing is left to do.');
  }
  const kept: Kept[] = [];
  let done = 0;
  let refused = 0;
  let state: 'done' | 'stopped' = 'stopped';
  try {
    const signed = [id, undo, ...earlier.map((one) => one.id)];
    for (const object of await objectsOf(context, id)) {
      // Children before parents would be nicer to rollups, but every order is right: each write settles its own.
      let after: string | null = null;
      for (;;) {
        const records: string[] = await recordsOf(context, id, object, after);
        if (records.length === 0) break;
        after = records.at(-1)!;
        const result = await undoRecords(context, signed, undo, object, records);
        done += result.done;
        refused += result.kept.length;
        if (kept.length < mostKept) kept.push(...result.kept.slice(0, mostKept - kept.length));
        await noteBatch(context, undo, { done, refused });
      }
    }
    state = 'done';
  } finally {
    await finishBatch(context, undo, { state, done, refused });
  }
  return { batch: undo, done, kept };
}

const conflict = (code: string, message: string, fix: string) =>
  refusal(409, code, [issue('batch', code, message, fix)]);

/** Undos of the batch so far. One that died counts as stopped: another may go on where it ended. */
async function undosOf(context: Context, batch: string): Promise<{ id: string; state: BatchState }[]> {
  const found = await rows<{ id: string; state: BatchState }>(
    context.pool,
    sql`SELECT b.id, b.state FROM platform.batches b WHERE b.undo_of = ${batch} ORDER BY b.id`,
  );
  const undos: { id: string; state: BatchState }[] = [];
  for (const { id, state } of found)
    undos.push({ id, state: state === 'running' && (await isDead(context, id)) ? 'stopped' : state });
  return undos;
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

async function undoRecords(
  context: Context,
  /** The batch, and what undid parts of it. */
  signed: readonly string[],
  undo: string,
  key: string,
  records: readonly string[],
): Promise<{ done: number; kept: Kept[] }> {
  const object = context.catalog.objects.get(key);
  if (!object)
    return {
      done: 0,
      kept: records.map((id) => ({ object: key, id, why: 'The object is no longer defined.' })),
    };
  const events = await rows<BatchEvent & { mine: boolean }>(
    context.pool,
    sql`SELECT e.id, e.object, e.record, e.version, e.type, e.old, coalesce(e.batch = ANY(${[...signed]}::uuid[]), false) AS mine FROM platform.events e
        WHERE e.record = ANY(${[...records]}::uuid[]) AND e.object = ${key} AND e.type <> 'gaps' ORDER BY e.record, e.version`,
  );
  const current = await rows<Record<string, unknown>>(
    context.pool,
    sql`SELECT ${join(storedColumns(object).map((column) => ident('t', column.name)))} FROM ${ident('crm', key)} t WHERE t.id = ANY(${[...records]}::uuid[])`,
  );
  const byId = new Map(current.map((row) => [row['id'] as string, row]));
  const byRecord = groupBy(events, (event) => event.record);
  const kept: Kept[] = [];
  const changes: { change: Change; id: string }[] = [];
  for (const id of records) {
    const stored = byId.get(id);
    const plan = stored ? planUndo(object, byRecord.get(id) ?? [], stored) : undefined;
    if (!plan) continue;
    kept.push(...plan.kept.map((one) => ({ object: key, id, ...one })));
    if (plan.change) changes.push({ id, change: { putBack: key, id, ...plan.change } });
  }
  const outcomes = await write(context, {
    changes: changes.map(({ change }) => change),
    mode: 'each',
    batch: undo,
  });
  let done = 0;
  outcomes.forEach((outcome, at) => {
    if (outcome.ok) done += 1;
    else kept.push({ object: key, id: changes[at]!.id, why: outcome.problem.body.detail });
  });
  return { done, kept };
}

type Plan = {
  change?: { values: Record<string, unknown>; archived?: boolean };
  kept: { field?: string; why: string }[];
};

const changedSince = 'It was changed since.';

/** Pipeline and stages belong together: where one was changed since, the others are kept too. */
function keepStanding(object: ObjectModel, values: Record<string, unknown>, kept: Plan['kept']): void {
  const together = [object.pipelineField, object.stageField, 'last_open_stage', 'stage_entered_at'];
  if (!kept.some(({ field }) => together.includes(field))) return;
  for (const key of together) {
    if (key === undefined || !(key in values)) continue;
    delete values[key];
    kept.push({ field: key, why: changedSince });
  }
}

/** What to put back on one record, from all its events (by version) and its present row. */
function planUndo(
  object: ObjectModel,
  events: readonly (BatchEvent & { mine: boolean })[],
  stored: Record<string, unknown>,
): Plan {
  const firstMine = events.findIndex((event) => event.mine);
  if (firstMine < 0) return { kept: [] };
  const others = events.slice(firstMine).filter((event) => !event.mine);
  if (events[firstMine]!.type === 'created') {
    if (stored['archived_at'] !== null) return { kept: [] };
    return others.length > 0
      ? { kept: [{ why: 'Somebody has worked on it since it was created.' }] }
      : { change: { values: {}, archived: true }, kept: [] };
  }
  const values: Record<string, unknown> = {};
  const kept: Plan['kept'] = [];
  const touched = new Set(
    events.filter((event) => event.mine).flatMap((event) => Object.keys(event.old ?? {})),
  );
  for (const key of touched) {
    const field = object.fields.get(key);
    if (!field) {
      kept.push({ field: key, why: 'The field is no longer defined.' });
      continue;
    }
    const writes = events.filter((event) => key in (event.old ?? {}));
    const lastMine = writes.findLastIndex((event) => event.mine);
    // Back to what was there before the batch, or to what somebody put there between two of its writes.
    const firstMine = writes.slice(0, lastMine).findLastIndex((event) => !event.mine) + 1;
    const before = writes[firstMine]!.old![key];
    const present = field.type.stored(stored, field);
    const wrote = writes[lastMine + 1] ? writes[lastMine + 1]!.old![key] : present;
    if (sameValue(present, wrote)) values[key] = before;
    else kept.push({ field: key, why: changedSince });
  }
  keepStanding(object, values, kept);
  const lives = events.filter(
    (event) => event.mine && (event.type === 'archived' || event.type === 'restored'),
  );
  const archived = lives.length > 0 ? lives[0]!.type === 'restored' : undefined;
  const flips = archived !== undefined && (stored['archived_at'] !== null) !== archived;
  if (Object.keys(values).length === 0 && !flips) return { kept };
  return { change: flips ? { values, archived } : { values }, kept };
}
