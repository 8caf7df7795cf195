/** The columns of a record table, as the write path reads them under lock and writes them. */
import type { ObjectModel } from '../../core/catalog/catalog.ts';
import { companionColumns } from '../../core/catalog/system-fields.ts';

export type StoredColumn = { name: string; type: string };

const memo = new WeakMap<ObjectModel, StoredColumn[]>();

/** Every column of every living field, system fields first, and the companions. */
export function storedColumns(object: ObjectModel): StoredColumn[] {
  let known = memo.get(object);
  if (!known) {
    known = [
      ...[...object.fields.values()].flatMap((field) =>
        field.type.columns(field).map(({ name, type }) => ({ name, type })),
      ),
      ...companionColumns.map(({ name, type }) => ({ name, type })),
    ];
    memo.set(object, known);
  }
  return known;
}
