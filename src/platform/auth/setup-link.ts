/**
 * The one-time link with which the first administrator comes in. Every app process that starts prints the same
 * one, so that none takes another's out of use.
 */
import { createHash } from 'node:crypto';
import type { Pool } from 'pg';
import { issue, refusal } from '../../core/errors/problem.ts';
import { row, rows, sql, type Queryable } from '../../core/sql/sql.ts';
import { inTransaction } from '../database/transaction.ts';
import { anybodyCanSignIn } from './password.ts';
import { forgetSecret, sharedSecret } from './secret.ts';

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** The token, good for 24 hours from now; another one once it had expired, undefined once somebody can sign in. */
export async function renewSetupToken(pool: Pool): Promise<string | undefined> {
  return inTransaction(pool, async (on) => {
    await rows(on, sql`SELECT pg_advisory_xact_lock(${setupLock}::bigint)`);
    const standing = await row(on, sql`SELECT one FROM platform.setup_link WHERE expires_at > now()`);
    const open = !(await anybodyCanSignIn(on));
    if (!open || !standing) {
      await rows(on, sql`DELETE FROM platform.setup_link`);
      await forgetSecret(on, secretName);
    }
    if (!open) return undefined;
    const token = await sharedSecret(on, secretName);
    await rows(
      on,
      sql`INSERT INTO platform.setup_link (hash, expires_at) VALUES (${sha256(token)}, now() + interval '24 hours')
          ON CONFLICT (one) DO UPDATE SET hash = EXCLUDED.hash, expires_at = EXCLUDED.expires_at`,
    );
    return token;
  });
}

const secretName = 'setup_link';
/** Key of the advisory lock around making the token. */
const setupLock = 4_771_930_203;

/** Whether the token would be taken, before anything costly is done for it. @throws Problem 404 */
export async function checkSetupToken(on: Queryable, token: string): Promise<void> {
  const found = await row(
    on,
    sql`SELECT one FROM platform.setup_link WHERE hash = ${sha256(token)} AND expires_at > now()`,
  );
  if (!found) throw linkUsed();
}

/**
 * Takes the token out of use, inside the caller's transaction: a second taker waits, and then finds nothing.
 * @throws Problem 404 for a token that is wrong, used or expired.
 */
export async function takeSetupToken(on: Queryable, token: string): Promise<void> {
  const taken = await row(
    on,
    sql`DELETE FROM platform.setup_link WHERE hash = ${sha256(token)} AND expires_at > now() RETURNING one`,
  );
  if (!taken || (await anybodyCanSignIn(on))) throw linkUsed();
}

const linkUsed = () =>
  refusal(404, 'setup_link_used', [
    issue(
      'token',
      'setup_link_used',
      'This set-up link was used already, has expired, or was replaced by a newer one.',
      'Restart the server and open the link that it prints, or sign in if the set-up is done.',
    ),
  ]);
