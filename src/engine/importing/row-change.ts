/** A row of a file → what the write path is asked to do with it. */
import { fold } from '../../core/conditions/fold.ts';
import { isUuid } from '../../core/identity/uuid-v7.ts';
import type { Issue } from '../../core/errors/problem.ts';
import type { Values } from '../write/change.ts';
import { cellOf, type ColumnMap, type MappedColumn } from './column-map.ts';
import type { TableRow } from './table-file.ts';

/** A row as it goes through the import, and as it waits for later ones: plain JSON. */
export type ImportRow = {
  row: number;
  line: number;
  set: Values;
  /** The record that it updates; none creates. */
  id?: string;
  /** The text by which an existing record is looked for. */
  key?: string;
  /** The row as it stood in the file, to be mended and fed again. */
  raw: string;
  /** What was unclear about it, though it can be taken. */
  notes?: readonly Issue[];
};

/**
 * Empty cells are left out: on a create the field's default holds, on an update the record keeps what it has.
 * `ownIds` says that the id column holds our ids; `mended` is the column of a problems file that does.
 */
export function rowChange(
  row: TableRow,
  map: ColumnMap & { mended?: number },
  ownIds: boolean,
  delimiter: string,
): ImportRow {
  const set: Values = {};
  for (const column of map.columns) {
    const { field, rest, beside } = column;
    const own = cellOf(row.cells, column);
    const cell = beside === undefined ? own : field.type.inFile!.read(own, row.cells[beside]!.trim(), ownIds);
    const meanings = map.values.get(field.key);
    const known = meanings?.get(fold(cell));
    const text = known === null ? '' : (known ?? cell);
    if (text === '') continue;
    if (rest) {
      const [first, last] = nameParts(text);
      if (first !== '') set[field.key] = first;
      set[rest.key] = last;
    } else set[field.key] = isFoundBy(column, text) ? { match: { [column.by!]: text } } : text;
  }
  const id = map.id ? row.cells[map.id.index]!.trim() : '';
  if (map.id?.old && !ownIds && id !== '') set[map.id.old.key] = id;
  for (const { field, value } of map.constants) set[field.key] = value;
  const change: ImportRow = {
    row: row.row,
    line: row.line,
    set,
    raw: csvLine(row.cells, delimiter),
  };
  if (row.notes.length > 0) change.notes = row.notes;
  const mended = map.mended === undefined ? '' : row.cells[map.mended]!.trim();
  const record = mended || (ownIds ? id : '');
  if (record !== '') change.id = record;
  const key = map.key && set[map.key.key];
  if (change.id === undefined && typeof key === 'string') change.key = key;
  return change;
}

/** Where nobody asked for it, an id of ours and an e-mail say whom they mean by themselves. */
const isFoundBy = ({ by, how }: MappedColumn, text: string): boolean =>
  by !== undefined && (how === 'mapping' || !(text.includes('@') || isUuid(text)));

/** `Anna Maria Berg` and `Berg, Anna Maria` → `Anna Maria`, `Berg`; one word is the last name. */
function nameParts(text: string): [first: string, last: string] {
  const comma = /^([^,]+),\s*(.+)$/s.exec(text);
  if (comma) return [comma[2]!, comma[1]!];
  const words = /^(.+)\s(\S+)$/s.exec(text);
  return words ? [words[1]!, words[2]!] : ['', text];
}

export const csvLine = (cells: readonly string[], delimiter: string): string =>
  cells
    .map((cell) =>
      /["\r\n]/.test(cell) || cell.includes(delimiter) ? `"${cell.replaceAll('"', '""')}"` : cell,
    )
    .join(delimiter);
