/** What a password must be, and where it is kept: as a salted scrypt hash, in better-auth's tables. */
import { hashPassword, verifyPassword } from 'better-auth/crypto';
import { invalid, issue } from '../../core/errors/problem.ts';
import { uuidV7 } from '../../core/identity/uuid-v7.ts';
import { row, rows, sql, type Queryable } from '../../core/sql/sql.ts';

export const shortestPassword = 10;
/** Characters. Long enough for any phrase, short enough to hash. */
export const longestPassword = 200;

/** The address by which better-auth knows a user: never shown, never mailed to. */
export const innerAddress = (user: string): string => `${user}@users.invalid`;

/** @throws Problem 422 at `path` */
export function checkPassword(password: string, path = 'password'): void {
  const length = [...password].length;
  if (length >= shortestPassword && length <= longestPassword) return;
  throw invalid([
    issue(
      path,
      length < shortestPassword ? 'password_too_short' : 'password_too_long',
      'A password has {least} to {most} characters.',
      'Choose one of {least} to {most} characters: a sentence is easy to remember.',
      { least: shortestPassword, most: longestPassword },
    ),
  ]);
}

/**
 * Gives a user a password, or a new one, and ends the sessions opened with the old one. Run it in a
 * transaction; hash beforehand with `hashed`, which takes a tenth of a second.
 */
export async function setPassword(on: Queryable, input: { user: string; hash: string }): Promise<void> {
  const { user, hash } = input;
  await rows(
    on,
    sql`INSERT INTO auth.users (id, name, email) VALUES (${user}, '', ${innerAddress(user)}) ON CONFLICT (id) DO NOTHING`,
  );
  await rows(
    on,
    sql`INSERT INTO auth.accounts (id, user_id, account_id, provider_id, password)
        VALUES (${uuidV7()}, ${user}, ${user}, 'credential', ${hash})
        ON CONFLICT (provider_id, account_id) DO UPDATE SET password = EXCLUDED.password, updated_at = now()`,
  );
  await rows(on, sql`DELETE FROM auth.sessions WHERE user_id = ${user}`);
}

export const hashed = (password: string): Promise<string> => hashPassword(password);

/** Whether it is the user's present password. */
export async function isPasswordOf(on: Queryable, user: string, password: string): Promise<boolean> {
  const found = await row<{ password: string | null }>(
    on,
    sql`SELECT password FROM auth.accounts WHERE user_id = ${user} AND provider_id = 'credential'`,
  );
  return found?.password ? verifyPassword({ hash: found.password, password }) : false;
}

/** Whether anybody can sign in; while nobody can, the set-up link is offered. */
export async function anybodyCanSignIn(on: Queryable): Promise<boolean> {
  const found = await row<{ any: boolean }>(on, sql`SELECT EXISTS (SELECT FROM auth.accounts) AS any`);
  return found!.any;
}
