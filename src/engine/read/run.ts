/** Runs a read with a prepared statement of the epoch. */
import type { Context } from '../../core/context/context.ts';
import { compile, type Queryable, type Sql } from '../../core/sql/sql.ts';
import { statementName } from './statement-name.ts';

/** `on`: the transaction to read in; default the pool. */
export async function runRead(
  context: Context,
  query: Sql,
  on?: Queryable,
): Promise<Record<string, unknown>[]> {
  const { text, values } = compile(query);
  const result = await (on ?? context.pool).query({
    text,
    values,
    name: statementName(context.catalog.epoch, text),
  });
  return result.rows;
}
