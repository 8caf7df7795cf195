/** Counts failed attempts and says when there were too many: in the database, for all app processes together. */
import { createHash } from 'node:crypto';
import type { Pool } from 'pg';
import { issue, refusal } from '../../core/errors/problem.ts';
import { row, rows, sql, type Queryable } from '../../core/sql/sql.ts';
import { inTransaction } from '../database/transaction.ts';

/** What is counted, and how many failures it may have. */
export type Counted = { key: string; most: number };

export type Attempts = {
  /** @throws Problem 429 with `retry_after` when any of them has failed too often. */
  check(counted: readonly Counted[]): Promise<void>;
  failed(counted: readonly Counted[]): Promise<void>;
  /**
   * Counts an attempt before it is made, so that a hundred at once get no further than a hundred in a row; what is
   * refused counts for nothing. @throws Problem 429 as `check`
   */
  begin(counted: readonly Counted[]): Promise<void>;
  succeeded(counted: readonly Counted[]): Promise<void>;
};

/** Failures are forgotten `seconds` after the first; keys are kept as hashes only. */
export function countAttempts(options: { pool: Pool; seconds: number }): Attempts {
  const { pool, seconds } = options;
  return {
    async check(counted) {
      if (counted.length === 0) return;
      const standing = await rows<Standing>(
        pool,
        sql`SELECT name, count + 1 AS count, ${waitOf} AS wait FROM platform.failed_attempts a
            WHERE name = ANY(${namesOf(counted)}::text[]) AND until > now()`,
      );
      refuseThoseOver(counted, standing);
    },
    async failed(counted) {
      if (counted.length > 0) await count(pool, counted, seconds);
    },
    async begin(counted) {
      await inTransaction(pool, async (on) => refuseThoseOver(counted, await count(on, counted, seconds)));
    },
    async succeeded(counted) {
      await row(
        pool,
        sql`DELETE FROM platform.failed_attempts WHERE name = ANY(${namesOf(counted)}::text[])`,
      );
    },
  };
}

/** How the counts would stand with the attempt that is asked for. */
type Standing = { name: string; count: number; wait: number };

const waitOf = sql`ceil(extract(epoch FROM a.until - now()))::integer`;

const nameOf = (key: string): string => createHash('sha256').update(key).digest('base64');
/** In one order everywhere, so that no two wait for each other. */
const namesOf = (counted: readonly Counted[]): string[] => counted.map(({ key }) => nameOf(key)).sort();

const count = (on: Queryable, counted: readonly Counted[], seconds: number): Promise<Standing[]> =>
  rows<Standing>(
    on,
    sql`INSERT INTO platform.failed_attempts AS a (name, count, until)
        SELECT name, 1, now() + make_interval(secs => ${seconds}) FROM unnest(${namesOf(counted)}::text[]) AS name
        ON CONFLICT (name) DO UPDATE SET
          count = CASE WHEN a.until > now() THEN a.count + 1 ELSE 1 END,
          until = CASE WHEN a.until > now() THEN a.until ELSE excluded.until END
        RETURNING name, count, ${waitOf} AS wait`,
  );

function refuseThoseOver(counted: readonly Counted[], standing: readonly Standing[]): void {
  for (const { key, most } of counted) {
    const found = standing.find(({ name }) => name === nameOf(key));
    if (!found || found.count <= most) continue;
    const { wait } = found;
    throw refusal(
      429,
      'too_many_attempts',
      [
        issue(
          '',
          'too_many_attempts',
          'There were too many failed attempts.',
          'Wait {wait} seconds, then try again.',
          { wait },
        ),
      ],
      { extra: { retry_after: wait } },
    );
  }
}

/** Drops what counts no more; called from time to time. */
export async function forgetOldAttempts(on: Queryable): Promise<void> {
  await rows(on, sql`DELETE FROM platform.failed_attempts WHERE until < now()`);
}
