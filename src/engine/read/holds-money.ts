/** Whether anything is stored whose worth was fixed in the reporting currency: amounts, or the rates themselves. */
import type { Context } from '../../core/context/context.ts';
import { ident, join, row, sql } from '../../core/sql/sql.ts';

/** Archived records count: they can be brought back. */
export async function holdsMoney(context: Context): Promise<boolean> {
  const { objects, serving } = context.catalog;
  const parts = [...objects.values()].flatMap((object) =>
    [...object.fields.values()].flatMap((field) =>
      field.type.worth
        ? [
            sql`EXISTS (SELECT 1 FROM ${ident('crm', object.key)} t WHERE ${field.type.worth.amountSql(field, 't')} IS NOT NULL)`,
          ]
        : [],
    ),
  );
  if (serving.exchange_rate) parts.push(sql`EXISTS (SELECT 1 FROM ${ident('crm', serving.exchange_rate)})`);
  if (parts.length === 0) return false;
  const found = await row<{ holds: boolean }>(context.pool, sql`SELECT ${join(parts, ' OR ')} AS holds`);
  return found!.holds;
}
