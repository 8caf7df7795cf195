/** Recounts rollups in a transaction that is rolled back, and tells which would have had to change. */
import type { Pool } from 'pg';
import type { Context } from '../../core/context/context.ts';
import { ident, rows, sql } from '../../core/sql/sql.ts';
import { rollupUpdate } from '../write/rollups.ts';

/** `most`: the newest records of each object that are recounted; default all. */
export async function staleRollups(
  pool: Pool,
  context: Pick<Context, 'catalog' | 'workspace'>,
  { most }: { most?: number } = {},
): Promise<{ object: string; count: number; example: string }[]> {
  const found: { object: string; count: number; example: string }[] = [];
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    for (const object of context.catalog.objects.values()) {
      const fields = [...object.fields.values()].filter((field) => field.type.rollup);
      if (fields.length === 0) continue;
      const which =
        most === undefined
          ? sql`true`
          : sql`q.id IN (SELECT s.id FROM ${ident('crm', object.key)} s ORDER BY s.id DESC LIMIT ${most})`;
      const wrong = await rows(
        client,
        sql`${rollupUpdate(context, object.key, fields, which)} RETURNING p.id`,
      );
      if (wrong.length > 0)
        found.push({ object: object.key, count: wrong.length, example: String(wrong[0]!['id']) });
    }
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
  return found;
}
