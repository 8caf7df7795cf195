/** One record by id, as the caller may see it. */
import type { Context } from '../../core/context/context.ts';
import { notFound } from '../../core/errors/problem.ts';
import { isUuid } from '../../core/identity/uuid-v7.ts';
import { and, ident, sql, type Queryable } from '../../core/sql/sql.ts';
import { accessOf } from '../access/access.ts';
import { runRead } from './run.ts';
import { readableObject, selection } from './select.ts';

/** Throws 404 alike for what does not exist, is archived (unless asked for) and may not be seen. */
export async function get(
  context: Context,
  input: { object: string; id: string; fields?: readonly string[]; archived?: 'include' },
  on?: Queryable,
): Promise<Record<string, unknown>> {
  const access = accessOf(context);
  const object = readableObject(context, access, input.object);
  const missing = () => notFound(object.label.one.toLowerCase());
  if (!isUuid(input.id)) throw missing();
  const selected = selection(context, access, object, 't', input.fields);
  const where = [sql`t.id = ${input.id}`];
  if (input.archived !== 'include') where.push(sql`t.archived_at IS NULL`);
  if (!access.all('read', object.key)) where.push(access.scope('read', object.key, 't'));
  const found = await runRead(
    context,
    sql`SELECT ${selected.columns} FROM ${ident('crm', object.key)} t WHERE ${and(where)}`,
    on,
  );
  if (!found[0]) throw missing();
  return selected.record(found[0]);
}
