/** A page of records: filter, sort, search, cursor. Lists, boards, exports and segments are this path. */
import type { Context } from '../../core/context/context.ts';
import { invalid, issue } from '../../core/errors/problem.ts';
import { and, ident, join, raw, sql, type Queryable, type Sql } from '../../core/sql/sql.ts';
import { accessOf } from '../access/access.ts';
import { runRead } from './run.ts';
import { readableObject, selection } from './select.ts';
import {
  afterCursor,
  badCursor,
  cursorColumns,
  decodeCursor,
  encodeCursor,
  hasBarePhase,
  orderBy,
  parseSort,
  phaseCondition,
  type Phase,
} from './sort.ts';
import { readCondition, type Filter } from './where.ts';

export type ListInput = Filter & {
  object: string;
  /** Field keys, `-` before one for descending; default newest first. */
  sort?: string;
  /** 1–200, default 50. */
  limit?: number;
  cursor?: string;
  fields?: readonly string[];
  count?: 'exact';
};

export type Page = { data: Record<string, unknown>[]; next_cursor: string | null; total?: number };

export async function list(context: Context, input: ListInput, on?: Queryable): Promise<Page> {
  const access = accessOf(context);
  const object = readableObject(context, access, input.object);
  const limit = input.limit ?? 50;
  if (!Number.isInteger(limit) || limit < 1 || limit > 200) {
    throw invalid([
      issue('limit', 'bad_limit', 'A page holds 1 to 200 records.', 'Ask for a limit between 1 and 200.'),
    ]);
  }
  const selected = selection(context, access, object, 't', input.fields);
  const sort = parseSort(context, access, object, 't', input.sort);
  const cursor = input.cursor ? decodeCursor(sort, input.cursor) : undefined;
  const where = readCondition(context, access, object, 't', input);
  const columns = join([selected.columns, ...cursorColumns(sort)]);
  const table = ident('crm', object.key);

  const page = async (phase: Phase, after: Sql | undefined, most: number) => {
    const condition = and([where, ...defined(phaseCondition(sort, phase)), ...defined(after)]);
    return runRead(
      context,
      sql`SELECT ${columns} FROM ${table} t WHERE ${condition} ORDER BY ${orderBy(sort, phase)} LIMIT ${most}`,
      on,
    ).catch((error: unknown) => {
      // A value that looks right and is none, such as the 45th of a month: only the database can tell.
      throw after && unfit.test((error as { code?: string }).code ?? '') ? badCursor() : error;
    });
  };

  const found: { phase: Phase; row: Record<string, unknown> }[] = [];
  const start: Phase = cursor?.phase ?? 'full';
  for (const phase of ['full', 'bare'] as const) {
    if (
      (phase === 'full' && start === 'bare') ||
      (phase === 'bare' && !hasBarePhase(sort)) ||
      found.length > limit
    )
      continue;
    const after = cursor && cursor.phase === phase ? afterCursor(sort, cursor) : undefined;
    for (const row of await page(phase, after, limit + 1 - found.length)) found.push({ phase, row });
  }
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  const result: Page = {
    data: shown.map(({ row }) => selected.record(row)),
    next_cursor: found.length > limit && last ? encodeCursor(sort, last.phase, last.row) : null,
  };
  if (input.count === 'exact') {
    const counted = await runRead(
      context,
      sql`SELECT count(*)::bigint AS total FROM ${table} t WHERE ${where}`,
      on ?? context.readPool,
    );
    result.total = Number(counted[0]!['total']);
  }
  return result;
}

const unfit = /^22/;

const defined = (part: Sql | undefined): Sql[] => (part ? [part] : []);

/** Ids of everything that a filter finds, in id order, a page at a time: what bulk edits walk over. */
export async function* listIds(
  context: Context,
  input: Filter & { object: string },
  pageSize = 500,
): AsyncGenerator<string[]> {
  const access = accessOf(context);
  const object = readableObject(context, access, input.object);
  const where = readCondition(context, access, object, 't', input);
  let after: string | undefined;
  for (;;) {
    const beyond = after === undefined ? raw('true') : sql`t.id > ${after}::uuid`;
    const found = await runRead(
      context,
      sql`SELECT t.id FROM ${ident('crm', object.key)} t WHERE ${and([where, beyond])} ORDER BY t.id LIMIT ${pageSize}`,
    );
    if (found.length === 0) return;
    yield found.map((row) => row['id'] as string);
    after = found.at(-1)!['id'] as string;
    if (found.length < pageSize) return;
  }
}
