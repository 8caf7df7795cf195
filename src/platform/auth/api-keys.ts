/**
 * API keys: `gw_<prefix>_<secret>`. The prefix finds the row and may be shown; of the whole token only a
 * sha256 is kept (the secret is 256 random bits: slow hashing would protect nothing).
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Pool } from 'pg';
import type { Catalog } from '../../core/catalog/catalog.ts';
import type { Principal } from '../../core/context/context.ts';
import { issue, invalid, notFound, refusal } from '../../core/errors/problem.ts';
import { uuidV7 } from '../../core/identity/uuid-v7.ts';
import { row, rows, sql, type Queryable } from '../../core/sql/sql.ts';
import { checkRole } from './roles.ts';
import { userByEmail } from './user-record.ts';

export type ApiKey = {
  id: string;
  name: string;
  prefix: string;
  role: string;
  /** The user it acts as, or null. */
  user: string | null;
  created_at: string;
  last_used_at: string | null;
  expires_at: string | null;
  revoked_at: string | null;
};

const token = /^gw_([a-z0-9]{8})_([A-Za-z0-9_-]{43})$/;
const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Eight characters; 36 letters into 256 byte values is not even, which a name that is public may be. */
const newPrefix = (): string => [...randomBytes(8)].map((byte) => alphabet[byte % alphabet.length]).join('');

/**
 * Makes a key and gives its token, which cannot be read again.
 * @throws Problem 422 for a role or a user that does not exist, or a user who is archived.
 */
export async function createKey(
  deps: { pool: Pool; catalog: Catalog; by: Pick<Principal, 'kind' | 'id'> },
  input: { role: string; name: string; userEmail?: string; expiresAt?: string },
): Promise<{ key: ApiKey; token: string }> {
  const { pool, catalog } = deps;
  checkRole(catalog, input.role);
  const user = input.userEmail === undefined ? undefined : await userByEmail(pool, catalog, input.userEmail);
  if (input.userEmail !== undefined && (!user || user.archived)) {
    throw invalid([
      issue(
        'user',
        'unknown_user',
        'There is no user with this e-mail.',
        'Check its spelling, or add the user first.',
      ),
    ]);
  }
  const prefix = newPrefix();
  const made = `gw_${prefix}_${randomBytes(32).toString('base64url')}`;
  const key = await row<ApiKey>(
    pool,
    sql`INSERT INTO platform.api_keys (id, name, prefix, hash, role, user_id, created_by, expires_at)
        VALUES (${uuidV7()}, ${input.name}, ${prefix}, ${sha256(made)}, ${input.role}, ${user?.id ?? null},
                ${`${deps.by.kind}:${deps.by.id}`}, ${input.expiresAt ?? null})
        RETURNING ${shown}`,
  );
  return { key: key!, token: made };
}

/** The living key of a token; undefined for every other text. */
export async function findKey(on: Queryable, text: string): Promise<ApiKey | undefined> {
  const prefix = token.exec(text)?.[1];
  if (!prefix) return undefined;
  const found = await row<ApiKey & { hash: Buffer }>(
    on,
    sql`SELECT ${shown}, hash FROM platform.api_keys
        WHERE prefix = ${prefix} AND ${living}`,
  );
  if (!found || !timingSafeEqual(found.hash, sha256(text))) return undefined;
  const { hash: _, ...key } = found;
  return key;
}

/** A living key by its id. */
export const keyById = (on: Queryable, id: string): Promise<ApiKey | undefined> =>
  row<ApiKey>(on, sql`SELECT ${shown} FROM platform.api_keys WHERE id = ${id}::uuid AND ${living}`);

export const listKeys = (on: Queryable): Promise<ApiKey[]> =>
  rows<ApiKey>(
    on,
    sql`SELECT ${shown} FROM platform.api_keys ORDER BY revoked_at IS NOT NULL, id DESC LIMIT 1000`,
  );

/** It stops working in every process at once. @throws Problem 404 */
export async function revokeKey(on: Queryable, id: string): Promise<void> {
  const found = await row(
    on,
    sql`UPDATE platform.api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE id = ${id}::uuid RETURNING id`,
  );
  if (!found) throw notFound('key');
}

/** Notes the use, at most once a minute. */
export async function noteKeyUse(on: Queryable, id: string): Promise<void> {
  await rows(
    on,
    sql`UPDATE platform.api_keys SET last_used_at = now()
        WHERE id = ${id}::uuid AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`,
  );
}

export const unknownKey = () =>
  refusal(401, 'unknown_key', [
    issue(
      '',
      'unknown_key',
      'This API key is not known, was revoked, or has expired.',
      'Make a new one with `groundwork key create`.',
    ),
  ]);

const shown = sql`id, name, prefix, role, user_id AS "user", created_at, last_used_at, expires_at, revoked_at`;
const living = sql`revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`;
