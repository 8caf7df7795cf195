/** Figures for whoever watches the server. */
import type { Pool } from 'pg';

/** Rows of labels and a number `n`; none where the database does not answer or the table is not there yet. */
export async function countRows(
  pool: Pool,
  statement: string,
): Promise<{ labels: Record<string, string>; value: number }[]> {
  try {
    const { rows } = await pool.query<Record<string, unknown>>(statement);
    return rows.map(({ n, ...labels }) => ({ labels: labels as Record<string, string>, value: Number(n) }));
  } catch {
    return [];
  }
}
