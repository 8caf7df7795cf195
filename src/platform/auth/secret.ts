/** Keys that every app process on one database shares, made by whichever asks first. */
import { randomBytes } from 'node:crypto';
import { row, sql, type Queryable } from '../../core/sql/sql.ts';

/** 256 random bits, base64url, the same for everybody who asks for `name`. */
export async function sharedSecret(on: Queryable, name: string): Promise<string> {
  const made = randomBytes(32).toString('base64url');
  await row(
    on,
    sql`INSERT INTO platform.secrets (name, value) VALUES (${name}, ${made}) ON CONFLICT DO NOTHING`,
  );
  const kept = await row<{ value: string }>(on, sql`SELECT value FROM platform.secrets WHERE name = ${name}`);
  return kept!.value;
}

/** Whoever asks for `name` next makes another. */
export async function forgetSecret(on: Queryable, name: string): Promise<void> {
  await row(on, sql`DELETE FROM platform.secrets WHERE name = ${name}`);
}
