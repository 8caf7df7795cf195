/** A row of a file → what the write path is asked to do with it. */
import { fold } from '../../core/conditions/fold.ts';
import type { Issue } from '../../core/errors/problem.ts';
import type { Values } from '../write/change.ts';
import type { ColumnMap } from './map-columns.ts';
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
  for (const { index, field, by, rest, beside } of map.columns) {
    const own = row.cells[index]!.trim();
    const cell = beside === undefined ? own : field.type.inFile!.read(own, row.cells[beside]!.trim(), ownIds);
    const meanings = map.values.get(field.key);
    const known = meanings?.get(fold(cell));
    const text = known === null ? '' : (known ?? cell);
    if (text === '') continue;
    if (rest) {
      const [first, last] = nameParts(text);
      if (first !== '') set[field.key] = first;
      set[rest.key] = last;
    } else set[field.key] = by === undefined ? text : { match: { [by]: text } };
  }
  for (const { field, value } of map.constants) set[field.key] = value;
  const change: ImportRow = {
    row: row.row,
    line: row.line,
    set,
    raw: csvLine(row.cells, delimiter),
  };
  if (row.notes.length > 0) change.notes = row.notes;
  const mended = map.mended === undefined ? '' : row.cells[map.mended]!.trim();
  const id = mended || (map.id && ownIds ? row.cells[map.id.index]!.trim() : '');
  if (id !== '') change.id = id;
  const key = map.key && set[map.key.key];
  if (change.id === undefined && typeof key === 'string') change.key = key;
  return change;
}

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
