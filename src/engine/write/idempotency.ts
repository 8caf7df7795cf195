/**
 * Idempotency-Key: the answer of a write, stored in the write's own transaction under the caller's key. The
 * same key and body get the same answer for 24 hours; another body is refused; one still running is told so.
 */
import { hash } from 'node:crypto';
import type { Context, Principal } from '../../core/context/context.ts';
import { isProblem, issue, refusal } from '../../core/errors/problem.ts';
import { row, rows, sql, type Queryable } from '../../core/sql/sql.ts';
import { actorOf } from '../events/append.ts';

export type StoredAnswer = { status: number; body: unknown };

const lockClass = 0x6964;
const owner = (principal: Principal): string => actorOf(principal);

/** Advisory lock of a key. */
const lockOf = ({ principal, idempotency }: Context): number =>
  Number.parseInt(hash('sha1', `${owner(principal)} ${idempotency!.key}`).slice(0, 8), 16) | 0;

const stillRunning = () =>
  refusal(409, 'still_running', [
    issue(
      'Idempotency-Key',
      'still_running',
      'A request with this key is still running.',
      'Wait a moment and send it again with the same key.',
    ),
  ]);

/** The answer stored for this key, if any; takes the key for this transaction otherwise. Throws 409 and 422. */
export async function claimKey(context: Context, on: Queryable): Promise<StoredAnswer | undefined> {
  if (!context.idempotency) return undefined;
  const taken = await row<{ free: boolean }>(
    on,
    sql`SELECT pg_try_advisory_xact_lock(${lockClass}::integer, ${lockOf(context)}::integer) AS free`,
  );
  if (!taken?.free) throw stillRunning();
  return storedAnswer(context, on);
}

/** The answer stored for this key, if any. Throws 422 where it was another request's. */
export async function storedAnswer(context: Context, on: Queryable): Promise<StoredAnswer | undefined> {
  const { idempotency, principal } = context;
  if (!idempotency) return undefined;
  const stored = await row<{ same: boolean; status: number; response: unknown }>(
    on,
    sql`SELECT body_hash = ${idempotency.bodyHash}::bytea AS same, status, response FROM platform.idempotency_keys
        WHERE principal = ${owner(principal)} AND key = ${idempotency.key} AND created_at > now() - interval '24 hours'`,
  );
  if (!stored) return undefined;
  if (!stored.same) {
    throw refusal(422, 'key_reused', [
      issue(
        'Idempotency-Key',
        'key_reused',
        'This key was used for another request.',
        'Use a new key for a new request.',
      ),
    ]);
  }
  return { status: stored.status, body: stored.response };
}

/** Status of a key whose work has begun and not ended. */
const begun = 0;

/**
 * Idempotency for work in many transactions (bulk edits, imports): the key is written before the first of them
 * and its answer after the last. Work that died in between is not begun again: its batch is there to look at.
 */
export async function onceByKey<T>(context: Context, work: (context: Context) => Promise<T>): Promise<T> {
  if (!context.idempotency) return work(context);
  const inner: Context = { ...context, idempotency: undefined };
  const client = await context.pool.connect();
  const lock = lockOf(context);
  try {
    const taken = await row<{ free: boolean }>(
      client,
      sql`SELECT pg_try_advisory_lock(${lockClass}::integer, ${lock}::integer) AS free`,
    );
    if (!taken?.free) throw stillRunning();
    try {
      const stored = await storedAnswer(context, client);
      if (stored && stored.status !== begun) return stored.body as T;
      if (stored) {
        throw refusal(409, 'stopped_halfway', [
          issue(
            'Idempotency-Key',
            'stopped_halfway',
            'The request with this key was begun and stopped halfway.',
            'Look at its batch and undo it, then send the request with a new key.',
          ),
        ]);
      }
      await storeAnswer(context, client, { status: begun, body: null });
      try {
        const answer = await work(inner);
        await storeAnswer(context, client, { status: 200, body: answer });
        return answer;
      } catch (error) {
        // Refused before it did anything: the key may be used again.
        if (isProblem(error)) await dropKey(context, client);
        throw error;
      }
    } finally {
      await rows(client, sql`SELECT pg_advisory_unlock(${lockClass}::integer, ${lock}::integer)`);
    }
  } finally {
    client.release();
  }
}

const dropKey = ({ principal, idempotency }: Context, on: Queryable): Promise<unknown> =>
  rows(
    on,
    sql`DELETE FROM platform.idempotency_keys WHERE principal = ${owner(principal)} AND key = ${idempotency!.key}`,
  );

export async function storeAnswer(context: Context, on: Queryable, answer: StoredAnswer): Promise<void> {
  const { idempotency, principal } = context;
  if (!idempotency) return;
  await rows(
    on,
    sql`INSERT INTO platform.idempotency_keys (principal, key, body_hash, status, response)
        VALUES (${owner(principal)}, ${idempotency.key}, ${idempotency.bodyHash}::bytea, ${answer.status}, ${JSON.stringify(answer.body ?? null)}::jsonb)
        ON CONFLICT (principal, key) DO UPDATE SET body_hash = EXCLUDED.body_hash, status = EXCLUDED.status, response = EXCLUDED.response, created_at = now()`,
  );
}

/** Drops answers older than a day; called from time to time. */
export async function forgetOldKeys(on: Queryable): Promise<void> {
  await rows(on, sql`DELETE FROM platform.idempotency_keys WHERE created_at < now() - interval '24 hours'`);
}
