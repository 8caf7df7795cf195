/** What stands in the columns of a file: one pass over its rows, or over the first of them where it is large. */
import { fold } from '../../../core/conditions/fold.ts';
import type { TableFile } from '../table-file.ts';
import { orderKeys, sortOf, type CellSort } from './cell-sort.ts';

export type ColumnProfile = {
  header: string;
  index: number;
  /** Rows in which something stands. */
  filled: number;
  distinct: number;
  /** In all rows, and in each another value. */
  unique: boolean;
  /** What stands there and how often, most often first. */
  values: [text: string, rows: number][];
  /** False: there are more values than are kept. */
  allValues: boolean;
  examples: string[];
  /** What nearly all of them are. */
  sort: CellSort;
  /** Lowest and highest: read day first with a decimal point, and month first with a decimal comma. */
  ranges: [Range, Range];
  longest: number;
  /** Folded, as far as kept: to find the same values elsewhere. */
  seen: Set<string>;
};
export type Range = { min?: string; max?: string };

export type TableProfile = {
  rows: number;
  /** False: the file has more rows than were looked at. */
  whole: boolean;
  columns: ColumnProfile[];
};

/** Cells that are looked at, so that memory does not grow with the file. */
const mostCells = 1_000_000;
const mostRows = 100_000;
const mostValues = 500;
const keptText = 200;

/** The file as far as a draft looks at it. */
export function beginning(file: TableFile, cells = mostCells): TableFile {
  const most = Math.max(50, Math.min(mostRows, Math.floor(cells / Math.max(1, file.header.length))));
  return {
    ...file,
    async *rows() {
      let left = most;
      for await (const piece of file.rows()) {
        const rows = piece.rows.slice(0, left);
        left -= rows.length;
        yield { ...piece, rows };
        if (rows.length < piece.rows.length) return;
      }
    },
  };
}

export async function profileOf(file: TableFile, cells?: number): Promise<TableProfile> {
  const part = beginning(file, cells);
  const most = Math.max(10, Math.min(mostValues, Math.floor(100_000 / Math.max(1, file.header.length))));
  const columns = file.header.map(({ name }, index) => counter(name, index, most));
  let rows = 0;
  let bytes = 0;
  for await (const piece of part.rows()) {
    bytes = piece.bytes;
    for (const row of piece.rows) {
      rows += 1;
      if (!row.refused) row.cells.forEach((cell, at) => columns[at]!.add(cell.trim()));
    }
  }
  return { rows, whole: bytes >= file.size, columns: columns.map((one) => one.profile(rows)) };
}

function counter(header: string, index: number, most: number) {
  const counts = new Map<string, number>();
  const seen = new Set<string>();
  const examples: string[] = [];
  const sorts = new Map<CellSort, number>();
  const ends: [number, number][] = [
    [Infinity, -Infinity],
    [Infinity, -Infinity],
  ];
  const ranges: [Range, Range] = [{}, {}];
  let [filled, longest, allValues] = [0, 0, true];
  return {
    add(cell: string): void {
      if (cell === '') return;
      filled += 1;
      const text = shortened(cell);
      longest = Math.max(longest, cell.length);
      seen.add(fold(text));
      const times = counts.get(text);
      if (times !== undefined || counts.size < most) counts.set(text, (times ?? 0) + 1);
      else allValues = false;
      if (examples.length < 3 && !examples.includes(text)) examples.push(text);
      const sort = sortOf(cell);
      sorts.set(sort, (sorts.get(sort) ?? 0) + 1);
      const keys = orderKeys(cell, sort);
      if (!keys) return;
      keys.forEach((key, at) => {
        if (key < ends[at]![0]) [ends[at]![0], ranges[at]!.min] = [key, text];
        if (key > ends[at]![1]) [ends[at]![1], ranges[at]!.max] = [key, text];
      });
    },
    profile: (rows: number): ColumnProfile => ({
      header,
      index,
      filled,
      distinct: seen.size,
      unique: filled > 0 && filled === rows && seen.size === filled,
      values: [...counts].sort((a, b) => b[1] - a[1]),
      allValues,
      examples,
      sort: usual(sorts, filled),
      ranges,
      longest,
      seen,
    }),
  };
}

const shortened = (text: string): string => (text.length > keptText ? text.slice(0, keptText) : text);

function usual(sorts: ReadonlyMap<CellSort, number>, filled: number): CellSort {
  const times = (sort: CellSort): number => sorts.get(sort) ?? 0;
  const most = filled * 0.9;
  for (const sort of sorts.keys()) if (times(sort) >= most) return sort;
  if (times('date') + times('datetime') >= most) return 'datetime';
  if (times('number') + times('money') >= most) return 'money';
  return times('phone') + times('number') >= most ? 'phone' : 'text';
}
