/** Batches in which one bad row does not cost the others: savepoints around attempts, and at last row by row. */
import type { PoolClient } from 'pg';
import { isProblem, refusal, type Problem } from '../../core/errors/problem.ts';
import type { WriteInput } from './change.ts';
import { groupBy } from './links.ts';
import type { Row } from './row.ts';
import type { Run } from './run.ts';
import { databaseRefusal } from './database-refusal.ts';
import { arrived, attempt, type Attempt } from './passes.ts';

/**
 * Runs the batch so that one bad row does not cost the others: what only the database can find rolls back to
 * the savepoint and runs again without those rows, and in the end row by row.
 */
export async function isolate(
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

/** Several refusals of an all-or-nothing write as one problem: its status is that of the first. */
export function together(refused: ReadonlyMap<number, Problem>): Problem {
  const problems = [...refused.entries()].sort(([a], [b]) => a - b).map(([, problem]) => problem);
  if (problems.length === 1) return problems[0]!;
  const { status, code } = problems[0]!.body;
  return refusal(
    status,
    code,
    problems.flatMap((problem) => problem.body.errors),
  );
}
