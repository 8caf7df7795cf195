/** What a file's columns come to: which fills which field, by name or as a mapping says. */
import { fold } from '../../core/conditions/fold.ts';
import type { FieldModel } from '../../core/catalog/catalog.ts';

export type MappedColumn = {
  index: number;
  header: string;
  field: FieldModel;
  /** The linked record is found by this field of it, instead of by its name. */
  by?: string;
  /** Index of its second column, as exports write it: the id of a link, the currency of money. */
  beside?: number;
  /** A whole name in one column: its last word, or what stands before a comma, goes to this field. */
  rest?: FieldModel;
  /** Several columns put together: their indexes, and what stands between them. `index` is the first of them. */
  pieces?: readonly (string | number)[];
  how: 'mapping' | 'key' | 'label' | 'synonym' | 'likeness';
};

export type ColumnMap = {
  columns: MappedColumn[];
  skipped: { header: string; why: string }[];
  /** Column whose cells are ids of our records, or else of the old system: then they go into the field. */
  id?: { index: number; header: string; old?: FieldModel };
  /** Field by whose value existing records are found. */
  key?: FieldModel;
  constants: { field: FieldModel; value: string }[];
  /** What stands in the file, folded → what it means; by field key. */
  values: Map<string, Map<string, string | null>>;
};

/** Letters and digits alone, folded: `E-Mail 1` and `email_1` are one name. */
export const bare = (text: string): string => fold(text).replace(/[^\p{L}\p{M}\p{N}]+/gu, '');

/** What stands in a row for the field of a column, before its values are looked up. */
export function cellOf(cells: readonly string[], { index, pieces }: MappedColumn): string {
  if (!pieces) return cells[index]!.trim();
  const parts = pieces.map((piece) => (typeof piece === 'number' ? cells[piece]!.trim() : piece));
  const empty = pieces.every((piece, at) => typeof piece === 'string' || parts[at] === '');
  return empty ? '' : parts.join('').replace(/\s+/gu, ' ').trim();
}
