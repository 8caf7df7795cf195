/**
 * The one door for writes. Every change from any channel comes through here, as a batch: rights, parsing,
 * links, match rules, storing, rollups, checkpoints and events in one transaction, in the order of the
 * design. No other code issues INSERT, UPDATE or DELETE on record tables.
 */
import { setTimeout } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import type { Context } from '../../core/context/context.ts';
import { invalid, isProblem, issue, refusal, type Problem } from '../../core/errors/problem.ts';
import { accessOf } from '../access/access.ts';
import { beginAtEpoch } from '../definitions/epoch.ts';
import { appendEvents, type EventRow } from '../events/append.ts';
import { refuseKnown } from '../matching/strong-keys.ts';
import type { Done, Outcome, WriteInput } from './change.ts';
import { claimKey, storeAnswer, type StoredAnswer } from './idempotency.ts';
import { judge } from './judge.ts';
import { groupBy, resolveLinks } from './links.ts';
import { fillPrices, refuseByHand, staleSums, sumLines } from './lines.ts';
import { lockRows } from './lock.ts';
import { findEvidence, shakenItems, updateParents } from './parents.ts';
import { prepare } from './prepare.ts';
import { nextVersion, oldValue, sameValue, type Row } from './row.ts';
import { runOf, type Run } from './run.ts';
import { allOf } from './all-of.ts';
import { tellAccessChanged } from './access-notice.ts';
import { databaseRefusal } from './database-refusal.ts';
import { storeGaps, storeRows } from './store.ts';
import { planMove } from './transitions.ts';
import { deriveValues, fixWorth } from './worth.ts';

export type { Change, Outcome, WriteInput } from './change.ts';

export const mostChanges = 1000;

/** One outcome per change, in order. With `mode: 'all'` a refusal throws its Problem and nothing is written. */
export async function write(context: Context, input: WriteInput): Promise<Outcome[]> {
  return (await writeAnswering(context, input)).outcomes;
}

/** As `write`, with the answer that `respond` made, or the one stored under the same Idempotency-Key. */
export async function writeAnswering(
  context: Context,
  input: WriteInput,
): Promise<{ outcomes: Outcome[]; answer?: StoredAnswer }> {
  if (input.changes.length > mostChanges) {
    throw invalid([
      issue('changes', 'too_many', 'One call takes at most {most} changes.', 'Send them in several calls.', {
        most: mostChanges,
      }),
    ]);
  }
  // One catalog for the whole attempt, also where the context would give a newer one each time it is asked.
  let current: Context = { ...context, catalog: context.catalog };
  for (let attempt = 0; ; attempt++) {
    try {
      return await once(current, input);
    } catch (error) {
      if (error === staleCatalog && attempt < 3) {
        current = { ...current, catalog: await context.currentCatalog() };
        continue;
      }
      if (attempt >= mostAttempts || !victims.has((error as { code?: string }).code ?? '')) throw error;
      // Those that met must not meet again.
      await setTimeout(Math.random() * 20 * 2 ** attempt);
    }
  }
}

const staleCatalog = new Error('The definitions changed while this write was on its way.');
/** Codes of PostgreSQL that ask to run a transaction again: serialization failure, deadlock. */
const victims = new Set(['40001', '40P01']);
const mostAttempts = 6;

async function once(
  context: Context,
  input: WriteInput,
): Promise<{ outcomes: Outcome[]; answer?: StoredAnswer }> {
  const access = accessOf(context);
  const run = runOf(context, access, input.batch);
  const prepared = prepare(context, access, input);
  const client = await context.pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error) => (broken = error);
  client.on('error', onError);
  try {
    const epoch = await beginAtEpoch(client);
    if (epoch !== context.catalog.epoch) throw staleCatalog;
    const stored = await claimKey(context, client);
    if (stored) {
      await client.query('ROLLBACK');
      return { outcomes: [], answer: stored };
    }
    // Not before the epoch is known: a stale process would refuse what another has just defined.
    if (input.mode === 'all' && prepared.refused.size > 0) throw together(prepared.refused);
    const refused = new Map(prepared.refused);
    const done = await isolate(run, client, input, prepared.rows, refused);
    const outcomes = outcomesOf(input, done, refused);
    await input.beside?.(client, outcomes);
    const answer = await input.respond?.(client, outcomes, context);
    await arrived(run);
    if (answer) await storeAnswer(context, client, answer);
    const { command } = await client.query(input.dryRun ? 'ROLLBACK' : 'COMMIT');
    if (!input.dryRun && command !== 'COMMIT')
      throw new Error('The transaction was rolled back by the database.');
    return { outcomes, answer };
  } catch (error) {
    await client.query('ROLLBACK').catch((failure: Error) => (broken ??= failure));
    throw isProblem(error) || error === staleCatalog
      ? error
      : (databaseRefusal(context.catalog, access, error) ?? error);
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

/** Several refusals of an all-or-nothing write as one problem: its status is that of the first. */
function together(refused: ReadonlyMap<number, Problem>): Problem {
  const problems = [...refused.entries()].sort(([a], [b]) => a - b).map(([, problem]) => problem);
  if (problems.length === 1) return problems[0]!;
  const { status, code } = problems[0]!.body;
  return refusal(
    status,
    code,
    problems.flatMap((problem) => problem.body.errors),
  );
}

/**
 * Runs the batch so that one bad row does not cost the others: what only the database can find rolls back to
 * the savepoint and runs again without those rows, and in the end row by row.
 */
async function isolate(
  run: Run,
  client: PoolClient,
  input: WriteInput,
  rows: readonly Row[],
  refused: Map<number, Problem>,
): Promise<Row[]> {
  if (rows.length === 0) return [];
  if (input.mode === 'all') {
    const found = await attempt(run, client, input, rows);
    if (found.refused.size > 0) throw together(found.refused);
    return found.rows;
  }
  let left = [...rows];
  for (let round = 0; round < 3 && left.length > 0; round++) {
    const found = await savepoint(run, client, input, left);
    if (found === 'row by row') break;
    if (found.refused.size === 0) return found.rows;
    for (const [index, problem] of found.refused) refused.set(index, problem);
    left = left.filter((row) => !refused.has(row.index));
  }
  const done: Row[] = [];
  for (const index of linkedFirst(left)) {
    const found = await savepoint(
      run,
      client,
      input,
      left.filter((row) => row.index === index),
      true,
    );
    if (found === 'row by row') continue;
    if (found.refused.size === 0) done.push(...found.rows);
    for (const [at, problem] of found.refused) refused.set(at, problem);
  }
  return done;
}

/** Indexes of the changes, so that a record that another one links to is made before it. */
function linkedFirst(rows: readonly Row[]): Set<number> {
  const makes = new Map(rows.filter((row) => row.kind === 'create').map((row) => [row.id, row.index]));
  const byIndex = groupBy(rows, (row) => row.index);
  const order = new Set<number>();
  const visited = new Set<number>();
  const visit = (index: number): void => {
    if (visited.has(index)) return;
    visited.add(index);
    for (const row of byIndex.get(index)!) {
      for (const value of row.values.values()) {
        const maker = typeof value === 'string' ? makes.get(value) : undefined;
        if (maker !== undefined) visit(maker);
      }
    }
    order.add(index);
  };
  for (const index of byIndex.keys()) visit(index);
  return order;
}

type Attempt = { rows: Row[]; refused: Map<number, Problem> };

async function savepoint(
  run: Run,
  client: PoolClient,
  input: WriteInput,
  rows: readonly Row[],
  single = false,
): Promise<Attempt | 'row by row'> {
  await client.query('SAVEPOINT rows');
  try {
    const found = await attempt(run, client, input, rows.map(fresh));
    await arrived(run);
    if (found.refused.size > 0) await client.query('ROLLBACK TO SAVEPOINT rows');
    await client.query('RELEASE SAVEPOINT rows');
    return found;
  } catch (error) {
    run.pending = [];
    const problem = isProblem(error) ? error : databaseRefusal(run.context.catalog, run.access, error);
    if (!problem) throw error;
    await client.query('ROLLBACK TO SAVEPOINT rows; RELEASE SAVEPOINT rows');
    return single ? { rows: [], refused: new Map([[rows[0]!.index, problem]]) } : 'row by row';
  }
}

/** A row as prepared: what an attempt fills in is its own. */
const fresh = (row: Row): Row => ({
  ...row,
  values: new Map(row.values),
  left: [...row.left],
  note: { ...row.note },
  reckoned: undefined,
});

/** All rows in as few passes as it takes for each record to be written once in a pass. */
async function attempt(
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

const arrived = (run: Run): Promise<unknown> => allOf(run.pending.splice(0));

const changes = (row: Row): boolean => row.kind !== 'update' || row.values.size > 0;

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

function eventOf(row: Row): EventRow {
  const old: Record<string, unknown> = {};
  if (row.old) {
    for (const key of row.values.keys()) old[key] = oldValue(row, row.object.fields.get(key)!);
  }
  const note = { ...row.note };
  if (row.move) {
    if (row.move.from) note['from'] = row.move.from.key;
    note['to'] = row.move.to.key;
    if (row.move.reason !== undefined) note['reason'] = row.move.reason;
  }
  const type = {
    create: 'created',
    archive: 'archived',
    restore: 'restored',
    update: changes(row) ? (row.move ? 'moved' : 'changed') : 'gaps',
  }[row.kind] as EventRow['type'];
  return {
    object: row.object.key,
    record: row.id,
    version: changes(row) ? nextVersion(row) : Number(row.old!['version']),
    type,
    old: row.kind === 'create' ? null : old,
    note,
  };
}

function outcomesOf(
  input: WriteInput,
  rows: readonly Row[],
  refused: ReadonlyMap<number, Problem>,
): Outcome[] {
  const byIndex = new Map(rows.filter((row) => !row.companion).map((row) => [row.index, row]));
  return input.changes.map((_, index): Outcome => {
    const row = byIndex.get(index);
    if (!row) return { ok: false, problem: refused.get(index)! };
    const changed = changes(row);
    const done: Done = changed
      ? ({ create: 'created', update: 'changed', archive: 'archived', restore: 'restored' } as const)[
          row.kind
        ]
      : 'unchanged';
    return {
      ok: true,
      id: row.id,
      version: changed ? nextVersion(row) : Number(row.old!['version']),
      done,
      left: row.left,
    };
  });
}
