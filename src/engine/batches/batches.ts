/** Batches: something done to many records under one id, with what it could not do, which can be undone. */
import type { Context } from '../../core/context/context.ts';
import { notFound, type Issue } from '../../core/errors/problem.ts';
import { isUuid, uuidV7 } from '../../core/identity/uuid-v7.ts';
import { raw, row, rows, sql } from '../../core/sql/sql.ts';
import { actorOf } from '../events/append.ts';

export type BatchState = 'running' | 'done' | 'stopped' | 'undone';

export type Batch = {
  id: string;
  kind: 'bulk' | 'import' | 'undo' | 'revalue' | 'convert';
  object: string;
  state: BatchState;
  actor: string;
  actor_name: string;
  started_at: string;
  ended_at: string | null;
  total: number | null;
  done: number;
  refused: number;
  details: Record<string, unknown>;
  undo_of: string | null;
  undone_by: string | null;
};

export type BatchProblem = {
  row_number?: number | null;
  record?: string | null;
  field?: string | null;
  raw?: string | null;
  refused: boolean;
  errors: readonly Issue[];
};

/** What callers sent may hold NULs and halves of characters, which the database takes nowhere. */
const storable = (text: string): string => text.replaceAll('\0', '�').toWellFormed();
const storableJson = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner === 'string') return storable(inner);
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).map(([key, one]) => [storable(key), one]));
  });

export async function startBatch(
  context: Context,
  input: {
    kind: Batch['kind'];
    object: string;
    total?: number;
    details?: Record<string, unknown>;
    undoOf?: string;
  },
): Promise<string> {
  const id = uuidV7();
  const { principal } = context;
  await rows(
    context.pool,
    sql`INSERT INTO platform.batches (id, kind, object, actor, actor_name, actor_user, total, details, undo_of)
        VALUES (${id}, ${input.kind}, ${input.object}, ${actorOf(principal)}, ${principal.name}, ${principal.user}, ${input.total ?? null}, ${storableJson(input.details ?? {})}::jsonb, ${input.undoOf ?? null})`,
  );
  return id;
}

/** How long a running batch may give no sign of life before it counts as dead. */
const silence = '5 minutes';

/** Progress while it runs, and its sign of life: until it has ended, `ended_at` holds the last one. */
export async function noteBatch(
  context: Context,
  id: string,
  input: { done: number; refused: number; total?: number },
): Promise<void> {
  await rows(
    context.pool,
    sql`UPDATE platform.batches SET done = ${input.done}, refused = ${input.refused}, total = coalesce(${input.total ?? null}::integer, total), ended_at = now() WHERE id = ${id}`,
  );
}

export async function finishBatch(
  context: Context,
  id: string,
  input: { state: BatchState; done: number; refused: number; total?: number },
): Promise<void> {
  await rows(
    context.pool,
    sql`UPDATE platform.batches SET state = ${input.state}, done = ${input.done}, refused = ${input.refused}, total = coalesce(${input.total ?? null}::integer, total), ended_at = now() WHERE id = ${id}`,
  );
}

export async function addBatchProblems(
  context: Context,
  id: string,
  problems: readonly BatchProblem[],
): Promise<void> {
  if (problems.length === 0) return;
  const column = <K extends keyof BatchProblem>(key: K) => problems.map((problem) => problem[key] ?? null);
  await rows(
    context.pool,
    sql`INSERT INTO platform.batch_problems (batch, row_number, record, field, raw, refused, errors)
        SELECT ${id}::uuid, r.* FROM unnest(${column('row_number')}::integer[], ${column('record')}::uuid[], ${column('field')}::text[], ${column('raw').map((text) => (text == null ? null : storable(text)))}::text[], ${column('refused')}::boolean[], ${problems.map((problem) => storableJson(problem.errors))}::text[]::jsonb[]) AS r`,
  );
}

/** Whether whoever ran it is gone: it calls itself running and has long been silent. */
export async function isDead(context: Context, id: string): Promise<boolean> {
  const found = await rows(
    context.pool,
    sql`SELECT 1 FROM platform.batches b WHERE b.id = ${id} AND b.state = 'running'
        AND coalesce(b.ended_at, b.started_at) < now() - ${silence}::interval`,
  );
  return found.length > 0;
}

/** A batch that the caller started, or may see because it may undo any; 404 otherwise. */
export async function getBatch(context: Context, id: string): Promise<Batch> {
  if (!isUuid(id)) throw notFound('batch');
  const mine = context.may('batches.undo_any') ? raw('true') : sql`b.actor = ${actorOf(context.principal)}`;
  const found = await row<Batch>(
    context.pool,
    sql`SELECT b.id, b.kind, b.object, b.state, b.actor, b.actor_name, b.started_at,
               CASE WHEN b.state <> 'running' THEN b.ended_at END AS ended_at, b.total, b.done, b.refused, b.details, b.undo_of, b.undone_by
        FROM platform.batches b WHERE b.id = ${id} AND ${mine}`,
  );
  if (!found) throw notFound('batch');
  return found;
}

/** Problems of a batch, in the order of its rows. */
export async function listBatchProblems(
  context: Context,
  input: { batch: string; after?: number; limit: number },
): Promise<{ data: Record<string, unknown>[]; next: number | null }> {
  await getBatch(context, input.batch);
  const found = await rows<Record<string, any>>(
    context.pool,
    sql`SELECT p.id, p.row_number AS row, p.record, p.field, p.raw, p.refused, p.errors FROM platform.batch_problems p
        WHERE p.batch = ${input.batch} AND p.id > ${input.after ?? 0} ORDER BY p.id LIMIT ${input.limit + 1}`,
  );
  const data = found.slice(0, input.limit);
  return {
    data: data.map(({ id: _, ...rest }) => rest),
    next: found.length > input.limit ? Number(data.at(-1)!['id']) : null,
  };
}
