/** Batches: something done to many records under one id, with what it could not do, which can be undone. */
import type { Context } from '../../core/context/context.ts';
import { issue, notFound, refusal, type Problem } from '../../core/errors/problem.ts';
import { isUuid, uuidV7 } from '../../core/identity/uuid-v7.ts';
import { raw, row, rows, sql, type Queryable, type Sql } from '../../core/sql/sql.ts';
import { actorOf } from '../events/append.ts';
import { storableJson } from './storable.ts';

/**
 * running: somebody works on it, or in the background will again. paused: somebody asked for it. stopped: it broke
 * off, was stopped, or its process died. From both of these it goes on when told to.
 */
export type BatchState = 'running' | 'paused' | 'stopped' | 'done' | 'undone';
export type BatchKind = 'bulk' | 'import' | 'undo' | 'revalue' | 'convert';

export type Batch = {
  id: string;
  kind: BatchKind;
  object: string;
  state: BatchState;
  /** `pause` while its runner still has rows in hand. */
  asked: 'pause' | null;
  background: boolean;
  actor: string;
  actor_name: string;
  started_at: string;
  ended_at: string | null;
  total: number | null;
  /** How many of the total are settled: done, refused, or waiting for later rows. */
  reached: number;
  done: number;
  refused: number;
  details: Record<string, unknown>;
  undo_of: string | null;
  undone_by: string | null;
};

type NewBatch = {
  kind: BatchKind;
  object: string;
  total?: number;
  details?: Record<string, unknown>;
  undoOf?: string;
  background?: boolean;
  setup?: unknown;
};

export async function startBatch(
  context: Context,
  input: NewBatch,
  on: Queryable = context.pool,
): Promise<string> {
  const id = uuidV7();
  const { principal } = context;
  await rows(
    on,
    sql`INSERT INTO platform.batches (id, kind, object, actor, actor_name, actor_user, total, details, undo_of, background, setup)
        VALUES (${id}, ${input.kind}, ${input.object}, ${actorOf(principal)}, ${principal.name}, ${principal.user}, ${input.total ?? null}, ${storableJson(input.details ?? {})}::jsonb, ${input.undoOf ?? null}, ${input.background ?? false}, ${input.setup === undefined ? null : storableJson(input.setup)}::jsonb)`,
  );
  return id;
}

/** A batch that is whole in one transaction: it stands with what it did, or not at all. */
export async function noteDone(
  context: Context,
  on: Queryable,
  input: { id: string; kind: BatchKind; object: string; done: number; details: Record<string, unknown> },
): Promise<void> {
  const { principal } = context;
  await rows(
    on,
    sql`INSERT INTO platform.batches (id, kind, object, state, actor, actor_name, actor_user, total, done, details, ended_at)
        VALUES (${input.id}, ${input.kind}, ${input.object}, 'done', ${actorOf(principal)}, ${principal.name}, ${principal.user}, ${input.done}, ${input.done}, ${storableJson(input.details)}::jsonb, now())`,
  );
}

/** What turned out when it began: merged into what is there. */
export async function settleBatch(
  context: Context,
  id: string,
  input: { total: number; details: Record<string, unknown>; setup: Record<string, unknown> },
): Promise<void> {
  await rows(
    context.pool,
    sql`UPDATE platform.batches SET total = ${input.total}, details = details || ${storableJson(input.details)}::jsonb, setup = setup || ${storableJson(input.setup)}::jsonb WHERE id = ${id}`,
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

/** First half of the advisory lock that the runner of a batch holds; the second is a hash of its id. */
export const runnerLock = 0x6261;

/** Whether a process holds the batch `b`. Two batches of one hash may wait for each other, which does no harm. */
const held = sql`EXISTS (
  SELECT FROM pg_locks l
  WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid::bigint = ${runnerLock}
    AND l.objid::bigint = (hashtext(b.id::text)::bigint & 4294967295)
    AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()))`;

const state = sql`CASE WHEN b.state = 'running' AND NOT b.background AND NOT ${held} THEN 'stopped' ELSE b.state END`;

const shown = sql`b.id, b.kind, b.object, ${state} AS state, CASE WHEN b.state = 'running' THEN b.asked END AS asked, b.background, b.actor, b.actor_name, b.started_at,
  CASE WHEN b.state <> 'running' THEN b.ended_at END AS ended_at, b.total, coalesce((b.position ->> 'reached')::integer, b.done + b.refused) AS reached,
  b.done, b.refused, b.details, b.undo_of, b.undone_by`;

const visible = (context: Context): Sql =>
  context.may('batches.undo_any') ? raw('true') : sql`b.actor = ${actorOf(context.principal)}`;

/** A batch that the caller started, or may see because it may undo any; 404 otherwise. */
export async function getBatch(context: Context, id: string): Promise<Batch> {
  if (!isUuid(id)) throw notFound('batch');
  const found = await row<Batch>(
    context.pool,
    sql`SELECT ${shown} FROM platform.batches b WHERE b.id = ${id} AND ${visible(context)}`,
  );
  if (!found) throw notFound('batch');
  return found;
}

/** The caller's batches, or all where it may undo any: the latest first. */
export async function listBatches(
  context: Context,
  input: { kind?: BatchKind; object?: string; before?: string; limit: number },
): Promise<{ data: Batch[]; next: string | null }> {
  const is = (column: Sql, value: string | undefined): Sql =>
    value === undefined ? raw('true') : sql`${column} = ${value}`;
  const found = await rows<Batch>(
    context.pool,
    sql`SELECT ${shown} FROM platform.batches b
        WHERE ${visible(context)} AND ${is(raw('b.kind'), input.kind)} AND ${is(raw('b.object'), input.object)}
          AND ${input.before === undefined ? raw('true') : sql`b.id < ${input.before}::uuid`}
        ORDER BY b.id DESC LIMIT ${input.limit + 1}`,
  );
  const data = found.slice(0, input.limit);
  return { data, next: found.length > input.limit ? data.at(-1)!.id : null };
}

/** What a batch needs to go on, beside what is shown of it: whoever runs it knows the shape. */
export async function keptOf(context: Context, id: string): Promise<{ position: unknown; setup: unknown }> {
  const found = await row<{ position: unknown; setup: unknown }>(
    context.pool,
    sql`SELECT b.position, b.setup FROM platform.batches b WHERE b.id = ${id}`,
  );
  return found ?? { position: null, setup: null };
}

/** An unfinished import of this content into this object, of the same actor. */
export async function findUnfinished(
  context: Context,
  input: { object: string; sha256: string },
): Promise<Batch | undefined> {
  return row<Batch>(
    context.pool,
    sql`SELECT ${shown} FROM platform.batches b
        WHERE b.kind = 'import' AND b.setup -> 'file' ->> 'sha256' = ${input.sha256} AND b.object = ${input.object}
          AND b.actor = ${actorOf(context.principal)} AND b.position IS NOT NULL AND ${state} IN ('paused', 'stopped')
        ORDER BY b.id DESC LIMIT 1`,
  );
}

/** Imports of this content into this object by the same actor that were not undone, the latest first. */
export async function findImports(
  context: Context,
  input: { object: string; sha256: string },
): Promise<(Batch & { setup: unknown })[]> {
  return rows<Batch & { setup: unknown }>(
    context.pool,
    sql`SELECT ${shown}, b.setup FROM platform.batches b
        WHERE b.kind = 'import' AND b.setup -> 'file' ->> 'sha256' = ${input.sha256} AND b.object = ${input.object}
          AND b.actor = ${actorOf(context.principal)} AND b.state <> 'undone'
        ORDER BY b.id DESC LIMIT 100`,
  );
}

/** Those that go on where they stopped. */
const pausable: readonly BatchKind[] = ['import', 'undo'];

/**
 * Asks the runner of a batch to pause; it does so behind the rows it has in hand. One that nobody runs is paused
 * at once. Throws 404, and 409 for a batch that is not under way or cannot pause.
 */
export async function pauseBatch(context: Context, id: string): Promise<Batch> {
  const batch = await getBatch(context, id);
  if (!pausable.includes(batch.kind))
    throw conflict('cannot_pause', 'Only imports and undos pause.', 'Let it end, then undo it.');
  await rows(
    context.pool,
    sql`UPDATE platform.batches b SET
          state = CASE WHEN ${held} THEN b.state ELSE 'paused' END,
          asked = CASE WHEN ${held} THEN 'pause' END,
          ended_at = CASE WHEN ${held} THEN b.ended_at ELSE now() END
        WHERE b.id = ${id} AND b.state = 'running'`,
  );
  const now = await getBatch(context, id);
  if (now.asked === 'pause' || now.state === 'paused') return now;
  throw conflict('not_running', 'This batch is not running.', 'Only a batch that runs can be paused.');
}

/**
 * Makes a batch that is paused or stopped ready to go on in the background. Throws 404, and 409 for one that runs,
 * has ended, or does not go on.
 */
export async function readyToGoOn(context: Context, id: string, on: Queryable): Promise<Batch> {
  const batch = await getBatch(context, id);
  if (!pausable.includes(batch.kind))
    throw conflict('cannot_go_on', 'Only imports and undos go on.', 'Undo what it did, and begin once more.');
  const found = await row(
    on,
    sql`UPDATE platform.batches b SET state = 'running', background = true, asked = NULL, ended_at = NULL
        WHERE b.id = ${id} AND (b.state IN ('paused', 'stopped') OR (b.state = 'running' AND NOT ${held})) RETURNING b.id`,
  );
  if (found) return { ...batch, state: 'running', background: true };
  if (batch.state === 'running')
    throw conflict(
      'still_running',
      'This batch is being worked on.',
      'Wait until it has ended, or pause it.',
    );
  throw conflict(
    'already_ended',
    'This batch has ended, nothing is left to do.',
    'Start a new one if you need to.',
  );
}

/** A batch in the background that cannot go on: stopped, unless somebody runs it. */
export async function stopBatch(context: Context, id: string, why: string): Promise<void> {
  await rows(
    context.pool,
    sql`UPDATE platform.batches b SET state = 'stopped', ended_at = now(), details = b.details || ${storableJson({ why })}::jsonb
        WHERE b.id = ${id} AND b.state IN ('running', 'stopped') AND NOT ${held}`,
  );
}

export const conflict = (code: string, message: string, fix: string): Problem =>
  refusal(409, code, [issue('batch', code, message, fix)]);
