/** What a batch could not take, row by row: refused, left empty, or kept by an undo. */
import type { Context } from '../../core/context/context.ts';
import type { Issue } from '../../core/errors/problem.ts';
import { raw, rows, sql, type Queryable } from '../../core/sql/sql.ts';
import { getBatch } from './batches.ts';
import { storable, storableJson } from './storable.ts';

export type BatchProblem = {
  row_number?: number | null;
  /** Where it is not the batch's object. */
  object?: string | null;
  record?: string | null;
  field?: string | null;
  raw?: string | null;
  refused: boolean;
  /** Of the refusal as a whole. */
  code?: string | null;
  errors: readonly Issue[];
};

export type StoredProblem = {
  id: number;
  row: number | null;
  object: string | null;
  record: string | null;
  field: string | null;
  raw: string | null;
  refused: boolean;
  code: string | null;
  errors: Issue[];
};

export async function addBatchProblems(
  on: Queryable,
  id: string,
  problems: readonly BatchProblem[],
): Promise<void> {
  if (problems.length === 0) return;
  const column = <K extends keyof BatchProblem>(key: K) => problems.map((problem) => problem[key] ?? null);
  await rows(
    on,
    sql`INSERT INTO platform.batch_problems (batch, row_number, object, record, field, raw, refused, code, errors)
        SELECT ${id}::uuid, r.* FROM unnest(${column('row_number')}::integer[], ${column('object')}::text[], ${column('record')}::uuid[], ${column('field')}::text[], ${column('raw').map((text) => (text == null ? null : storable(text)))}::text[], ${column('refused')}::boolean[], ${column('code')}::text[], ${problems.map((problem) => storableJson(problem.errors))}::text[]::jsonb[]) AS r`,
  );
}

/** Problems of a batch that the caller may see, in the order in which they were found. */
export async function listBatchProblems(
  context: Context,
  input: { batch: string; after?: number; limit: number; refused?: boolean },
): Promise<{ data: StoredProblem[]; next: number | null }> {
  await getBatch(context, input.batch);
  const found = await rows<StoredProblem>(
    context.pool,
    sql`SELECT p.id, p.row_number AS row, p.object, p.record, p.field, p.raw, p.refused, p.code, p.errors FROM platform.batch_problems p
        WHERE p.batch = ${input.batch} AND p.id > ${input.after ?? 0} AND ${input.refused === undefined ? raw('true') : sql`p.refused = ${input.refused}`}
        ORDER BY p.id LIMIT ${input.limit + 1}`,
  );
  const data = found.slice(0, input.limit);
  return { data, next: found.length > input.limit ? Number(data.at(-1)!.id) : null };
}

/** All of them, page by page. */
export async function* eachBatchProblem(context: Context, batch: string): AsyncGenerator<StoredProblem[]> {
  for (let after: number | null = 0; after !== null;) {
    const page: Awaited<ReturnType<typeof listBatchProblems>> = await listBatchProblems(context, {
      batch,
      after,
      limit: 500,
    });
    yield page.data;
    after = page.next;
  }
}
