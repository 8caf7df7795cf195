/**
 * Rows on their way through the steps of a write, in as few passes as it takes for each record to be written once
 * in a pass. Nothing is committed or rolled back here.
 */
import type { PoolClient } from 'pg';
import { invalid, type Problem } from '../../core/errors/problem.ts';
import { appendEvents } from '../events/append.ts';
import { refuseKnown } from '../matching/strong-keys.ts';
import type { WriteInput } from './change.ts';
import { judge } from './judge.ts';
import { resolveLinks } from './links.ts';
import { fillPrices, refuseByHand, staleSums, sumLines } from './lines.ts';
import { lockRows } from './lock.ts';
import { findEvidence, shakenItems, updateParents } from './parents.ts';
import { oldValue, sameValue, type Row } from './row.ts';
import type { Run } from './run.ts';
import { allOf } from './all-of.ts';
import { tellAccessChanged } from './access-notice.ts';
import { storeGaps, storeRows } from './store.ts';
import { planMove } from './transitions.ts';
import { deriveValues, fixWorth } from './worth.ts';
import { changes, eventOf } from './outcomes.ts';

export type Attempt = { rows: Row[]; refused: Map<number, Problem> };

/** All rows in as few passes as it takes for each record to be written once in a pass. */
export async function attempt(
  run: Run,
  client: PoolClient,
  input: WriteInput,
  all: readonly Row[],
): Promise<Attempt> {
  const done: Attempt = { rows: [], refused: new Map() };
  for (const rows of onceEach(all)) {
    const found = await pass(run, client, input, rows);
    done.rows.push(...found.rows);
    for (const [index, problem] of found.refused) done.refused.set(index, problem);
    if (found.refused.size === 0) {
      for (const [index, problem] of await settleSums(run, client, input, found.rows))
        done.refused.set(index, problem);
    }
    if (input.mode === 'all' && found.refused.size > 0) break;
  }
  return done;
}

/** Writes the sums of the lines that a pass has changed, as changes of the records that they are lines of. */
async function settleSums(
  run: Run,
  client: PoolClient,
  input: WriteInput,
  rows: readonly Row[],
): Promise<Map<number, Problem>> {
  const stale = staleSums(run, rows);
  const refused = new Map(stale.refused);
  if (stale.rows.length === 0 || refused.size > 0) return refused;
  const found = await pass(run, client, input, stale.rows);
  for (const [index, problem] of found.refused)
    for (const cause of stale.causes.get(index)!) refused.set(cause, problem);
  return refused;
}

/** Parts the rows so that no part names a record twice, and later changes of a record stand in later parts. */
function onceEach(rows: readonly Row[]): Row[][] {
  const times = new Map<string, number>();
  const partOf = new Map<number, number>();
  for (const row of rows) {
    if (row.companion) continue;
    const before = times.get(row.id) ?? 0;
    times.set(row.id, before + 1);
    partOf.set(row.index, before);
  }
  const parts: Row[][] = [];
  for (const row of rows) (parts[partOf.get(row.index) ?? 0] ??= []).push(row);
  return parts;
}

/** One pass over the rows. What is refused before anything is stored drops out; a later refusal fails the pass. */
async function pass(run: Run, client: PoolClient, input: WriteInput, all: readonly Row[]): Promise<Attempt> {
  const refused = new Map<number, Problem>();
  const take = (found: ReadonlyMap<number, Problem>): void =>
    found.forEach((problem, index) => refused.set(index, refused.get(index) ?? problem));
  let rows = [...all];
  const keep = (): void => {
    rows = rows.filter((row) => !refused.has(row.index));
  };
  take(await lockRows(run, client, rows, input.verb));
  keep();
  take(await sumLines(run, client, rows));
  keep();
  take(await resolveLinks(run, client, rows, input.lenient ?? false));
  keep();
  take(await fillPrices(run, client, rows));
  keep();
  for (const row of rows) {
    const issues = [...planMove(run, row), ...deriveValues(run, row)];
    if (issues.length > 0) refused.set(row.index, invalid(issues));
  }
  keep();
  take(await fixWorth(run, client, rows));
  take(await refuseByHand(run, client, rows));
  keep();
  for (const row of rows) settle(row);
  const known = await refuseKnown(run, client, rows);
  take(known.refused);
  keep();
  if (input.mode === 'all' && refused.size > 0) return { rows, refused };
  const changed = rows.filter(changes);
  const evidence = await findEvidence(run, client, changed);
  // Sent one behind the other without waiting: the database runs them in this order, each on what the one
  // before has done.
  const [, parentEvents, judged] = await allOf([
    storeRows(run, client, rows),
    updateParents(run, client, changed, evidence),
    judge(run, client, rows, (row, required) => shakenItems(run, evidence, row, required)),
  ]);
  if (judged.size > 0) {
    take(judged);
    // Who is like a row that is not going to be written is not known yet.
    for (const [index, earlier] of known.twins) if (judged.has(earlier)) refused.delete(index);
    return { rows, refused };
  }
  for (const [object, group] of Map.groupBy(
    rows.filter((row) => row.gaps !== undefined),
    (row) => row.object.key,
  )) {
    await storeGaps(
      run,
      client,
      object,
      group.map((row) => ({ id: row.id, gaps: row.gaps! })),
    );
  }
  const events = rows.filter((row) => changes(row) || row.gaps !== undefined).map(eventOf);
  later(run, appendEvents(run, client, [...events, ...parentEvents]));
  later(run, tellAccessChanged(run, client, rows.filter(changes)));
  return { rows, refused };
}

/** Leaves a statement on its way; `arrived` waits for all of them and throws what one of them threw. */
function later(run: Run, statement: Promise<unknown>): void {
  statement.catch(() => {});
  run.pending.push(statement);
}

export const arrived = (run: Run): Promise<unknown> => allOf(run.pending.splice(0));

/** Leaves in `values` only what differs from the stored record, and a required value never empty. */
function settle(row: Row): void {
  if (row.kind === 'create') return;
  for (const [key, value] of row.values) {
    const field = row.object.fields.get(key);
    if (!field || sameValue(oldValue(row, field), value)) row.values.delete(key);
  }
  if (row.kind === 'archive' && row.old!['archived_at'] !== null) row.kind = 'update';
  if (row.kind === 'restore' && row.old!['archived_at'] === null) row.kind = 'update';
}
