/** The one-time link with which the first administrator comes in. Its token is printed once and kept nowhere. */
import { createHash, randomBytes } from 'node:crypto';
import { issue, refusal } from '../../core/errors/problem.ts';
import { row, rows, sql, type Queryable } from '../../core/sql/sql.ts';
import { anybodyCanSignIn } from './password.ts';

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** A new token, good for 24 hours, in place of the one before; undefined once somebody can sign in. */
export async function renewSetupToken(on: Queryable): Promise<string | undefined> {
  if (await anybodyCanSignIn(on)) {
    await rows(on, sql`DELETE FROM platform.setup_link`);
    return undefined;
  }
  const token = randomBytes(24).toString('base64url');
  await rows(
    on,
    sql`INSERT INTO platform.setup_link (hash, expires_at) VALUES (${sha256(token)}, now() + interval '24 hours')
        ON CONFLICT (one) DO UPDATE SET hash = EXCLUDED.hash, expires_at = EXCLUDED.expires_at`,
  );
  return token;
}

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
