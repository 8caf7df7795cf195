/** What a record is called, as SQL: its name fields joined by a space. */
import type { ObjectModel } from '../../../core/catalog/catalog.ts';
import { ident, join, raw, sql, type Sql } from '../../../core/sql/sql.ts';

/** Text over the row `alias` of the object; empty, never NULL, where no name field is filled. */
export function recordName(object: ObjectModel, alias: string): Sql {
  const columns = object.nameFields.flatMap((key) => {
    const field = object.fields.get(key);
    return field ? field.type.columns(field).slice(0, 1) : [];
  });
  if (columns.length === 0) return raw("''");
  return sql`concat_ws(' ', ${join(columns.map(({ name }) => ident(alias, name)))})`;
}
