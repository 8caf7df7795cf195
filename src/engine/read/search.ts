/** Text search over everything the caller may read: a few hits per object, in one statement. */
import type { Context } from '../../core/context/context.ts';
import { fold } from '../../core/conditions/fold.ts';
import { ident, join, sql } from '../../core/sql/sql.ts';
import { recordName } from '../../kinds/fields/link/record-name.ts';
import { accessOf } from '../access/access.ts';
import { runRead } from './run.ts';
import { readCondition } from './where.ts';

export type Hit = { object: string; id: string; name: string };

/** Hits whose name begins with the words come first; `limit` is per object. */
export async function search(
  context: Context,
  input: { q: string; objects?: readonly string[]; limit?: number },
): Promise<Hit[]> {
  const access = accessOf(context);
  const folded = fold(input.q);
  if (folded === '') return [];
  const limit = input.limit ?? 5;
  const objects = [...context.catalog.objects.values()].filter(
    (object) =>
      access.may('read', object.key) &&
      object.searchFields.length > 0 &&
      (input.objects?.includes(object.key) ?? true),
  );
  if (objects.length === 0) return [];
  const parts = objects.map((object) => {
    const where = readCondition(context, access, object, 't', { q: input.q });
    return sql`(SELECT ${object.key}::text AS object, t.id, ${recordName(access.named(object), 't')} AS name, strpos(t.search__, ${folded}) AS at FROM ${ident('crm', object.key)} t WHERE ${where} ORDER BY t.id DESC LIMIT ${limit})`;
  });
  const found = await runRead(context, join(parts, ' UNION ALL '), context.readPool);
  const rank = (row: Record<string, unknown>): number => (row['at'] === 1 ? 0 : row['at'] === 0 ? 2 : 1);
  return found
    .sort((a, b) => rank(a) - rank(b))
    .map((row) => ({
      object: row['object'] as string,
      id: row['id'] as string,
      name: row['name'] as string,
    }));
}
