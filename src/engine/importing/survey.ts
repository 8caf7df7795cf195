/**
 * One pass over the rows before any is written: how many there are, and what only the whole file can say:
 * in which order its dates stand, which mark its decimals have, whether its ids are ours.
 */
import type { FieldModel } from '../../core/catalog/catalog.ts';
import { isUuid } from '../../core/identity/uuid-v7.ts';
import { cellOf, type ColumnMap, type MappedColumn } from './column-map.ts';
import type { TableFile } from './table-file.ts';

export type DateOrder = 'dmy' | 'mdy' | 'ymd';

export type Survey = {
  rows: number;
  /** Some value of the id column is a UUID; otherwise its ids are another system's. */
  ownIds: boolean;
  /** Columns, by index, with something in them. */
  filled: Set<number>;
  /** What parseText is told; undefined leaves each value to speak for itself. */
  text: { dateOrder?: DateOrder; decimal?: '.' | ',' };
  /** Sentences on what was decided. */
  notes: string[];
};

const orderNames: Record<DateOrder, string> = { dmy: 'day first', mdy: 'month first', ymd: 'year first' };

export async function survey(
  file: TableFile,
  map: ColumnMap,
  given: { dateOrder?: DateOrder; decimal?: '.' | ','; country: string },
): Promise<Survey> {
  const has = (field: FieldModel, trait: 'temporal' | 'numeric'): boolean =>
    field.type.traits(field).includes(trait);
  const dates = map.columns.filter(({ field }) => has(field, 'temporal'));
  const numbers = map.columns.filter(({ field }) => has(field, 'numeric'));
  const order = { dmy: 0, mdy: 0, open: 0 };
  const mark = { '.': 0, ',': 0 };
  const filled = new Set<number>();
  let rows = 0;
  let ownIds = false;
  for await (const piece of file.rows()) {
    for (const row of piece.rows) {
      rows += 1;
      if (row.refused) continue;
      if (filled.size < file.header.length) row.cells.forEach((cell, at) => cell !== '' && filled.add(at));
      if (map.id && !ownIds) ownIds = isUuid(row.cells[map.id.index]!.trim());
      for (const column of dates) weighDate(cellOf(row.cells, column), order);
      for (const column of numbers) weighMark(cellOf(row.cells, column), mark);
    }
  }
  const notes: string[] = [];
  const text = {
    dateOrder: given.dateOrder ?? decideOrder(order, given.country, dates, notes),
    decimal: given.decimal ?? decideMark(mark, numbers, notes),
  };
  return { rows, ownIds, filled, text, notes };
}

const dayMonth = /^\s*(\d{1,2})[/-]\s?(\d{1,2})[/-]\s?(?:\d{4}|\d{2})(?!\d)/;

function weighDate(cell: string, order: { dmy: number; mdy: number; open: number }): void {
  const found = dayMonth.exec(cell);
  if (!found) return;
  const [a, b] = [Number(found[1]), Number(found[2])];
  if (a > 12 && b <= 12) order.dmy += 1;
  else if (b > 12 && a <= 12) order.mdy += 1;
  else if (a !== b) order.open += 1;
}

function decideOrder(
  order: { dmy: number; mdy: number; open: number },
  country: string,
  columns: readonly MappedColumn[],
  notes: string[],
): DateOrder | undefined {
  if (order.dmy + order.mdy + order.open === 0) return undefined;
  const where = columns.map((column) => `“${column.header}”`).join(', ');
  if (order.dmy > 0 && order.mdy > 0) {
    notes.push(
      `Dates in ${where} are written both day first and month first: those that could be either are left out. A mapping with date_order settles it.`,
    );
    return undefined;
  }
  const found = order.dmy > 0 ? 'dmy' : order.mdy > 0 ? 'mdy' : country === 'US' ? 'mdy' : 'dmy';
  const why = order.dmy + order.mdy > 0 ? 'as some can only be' : 'as nothing in the file says otherwise';
  notes.push(`Dates in ${where} are read ${orderNames[found]}, ${why}; date_order in a mapping changes it.`);
  return found;
}

/** Only what can be read in one way: thousands marks before it, or not three digits after it. */
function weighMark(cell: string, mark: Record<'.' | ',', number>): void {
  if (!/\d[.,]\d/.test(cell)) return;
  if (/^\D*\d{1,3}(\.\d{3})+,\d+\D*$|^\D*\d+,(\d{1,2}|\d{4,})\D*$|^\D*\d{1,3}(\.\d{3}){2,}\D*$/.test(cell))
    mark[','] += 1;
  else if (
    /^\D*\d{1,3}(,\d{3})+\.\d+\D*$|^\D*\d+\.(\d{1,2}|\d{4,})\D*$|^\D*\d{1,3}(,\d{3}){2,}\D*$/.test(cell)
  )
    mark['.'] += 1;
}

function decideMark(
  mark: Record<'.' | ',', number>,
  columns: readonly MappedColumn[],
  notes: string[],
): '.' | ',' | undefined {
  const where = columns.map((column) => `“${column.header}”`).join(', ');
  if (mark['.'] > 0 && mark[','] > 0) {
    notes.push(
      `Numbers in ${where} have decimal points and decimal commas: each is read by itself. A mapping with decimal settles it.`,
    );
    return undefined;
  }
  if (mark[','] > 0) {
    notes.push(`Numbers in ${where} are read with a decimal comma.`);
    return ',';
  }
  return mark['.'] > 0 ? '.' : undefined;
}
