/**
 * Idempotency-Key: the answer of a write, stored in the write's own transaction under the caller's key. The
 * same key and body get the same answer for 24 hours; another body is refused; one still running is told so.
 */
import { hash } from 'node:crypto';
import type { Context, Principal } from '../../core/context/context.ts';
import { issue, refusal } from '../../core/errors/problem.ts';
import { row, rows, sql, type Queryable } from '../../core/sql/sql.ts';
import { actorOf } from '../events/append.ts';

export type StoredAnswer = { status: number; body: unknown };

const lockClass = 0x6964;
const owner = (principal: Principal): string => actorOf(principal);

/** The answer stored for this key, if any; takes the key for this transaction otherwise. Throws 409 and 422. */
export async function claimKey(context: Context, on: Queryable): Promise<StoredAnswer | undefined> {
  const { idempotency, principal } = context;
  if (!idempotency) return undefined;
  const lock = Number.parseInt(hash('sha1', `${owner(principal)} ${idempotency.key}`).slice(0, 8), 16) | 0;
  const taken = await row<{ free: boolean }>(
    on,
    sql`SELECT pg_try_advisory_xact_lock(${lockClass}::integer, ${lock}::integer) AS free`,
  );
  if (!taken?.free) {
    throw refusal(409, 'still_running', [
      issue(
        'Idempotency-Key',
        'still_running',
        'A request with this key is still running.',
        'Wait a moment and send it again with the same key.',
      ),
    ]);
  }
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
