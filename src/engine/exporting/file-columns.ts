/** The columns of an export: one for a field, two where its type takes two, and how a record fills them. */
import type { Catalog, FieldModel } from '../../core/catalog/catalog.ts';
import type { FileCell } from '../../core/kinds/field-type.ts';

export type FileColumns = {
  header: readonly string[];
  cells(record: Record<string, unknown>): FileCell[];
};

export function fileColumns(fields: readonly FieldModel[], catalog: Catalog): FileColumns {
  return {
    header: fields.flatMap(({ key, type }) => (type.inFile ? [key, `${key}.${type.inFile.beside}`] : [key])),
    cells: (record) =>
      fields.flatMap((field): readonly FileCell[] => {
        const value = record[field.key] ?? null;
        return field.type.inFile ? field.type.inFile.write(value) : [fileCell(value, field, catalog)];
      }),
  };
}

/** A value that takes one column, as text that the field type reads back: keys, not labels. */
export function fileCell(value: unknown, field: FieldModel, catalog: Catalog): FileCell {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number' || typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return value.join('; ');
  return field.type.display(value, field, catalog);
}

/** A number as text: 1.234 could be thousands to whoever reads it, 1.2340 is not. */
export const numberText = (plain: string): string => (/^-?\d{1,3}\.\d{3}$/.test(plain) ? `${plain}0` : plain);
