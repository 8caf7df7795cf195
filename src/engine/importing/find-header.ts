/** Which line of a file names its columns: reports put a title, a date or instructions before it. */
import type { CsvRecord } from './tokenize-csv.ts';

/** Lines that are looked at. */
const deepest = 20;

/** The width that most rows have. */
export function usualWidth(records: readonly CsvRecord[]): number {
  const times = new Map<number, number>();
  for (const { cells } of records) times.set(cells.length, (times.get(cells.length) ?? 0) + 1);
  return [...times].reduce((best, one) => (one[1] > best[1] ? one : best), [0, 0] as [number, number])[0];
}

/**
 * Index of the header: the first record, unless it fills less than half of the columns that the rows have and a
 * later one reads like names of them all.
 */
export function headerAt(records: readonly CsvRecord[]): number {
  const width = usualWidth(records);
  if (width < 2 || !records[0] || filled(records[0]) * 2 >= width) return 0;
  const found = records.slice(1, deepest + 1).findIndex((record) => readsAsNames(record, width));
  return found < 0 ? 0 : found + 1;
}

const filled = ({ cells }: CsvRecord): number => cells.filter((cell) => cell.trim() !== '').length;

function readsAsNames(record: CsvRecord, width: number): boolean {
  const names = record.cells.map((cell) => cell.trim().toLowerCase()).filter((cell) => cell !== '');
  return (
    !record.flaw &&
    names.length >= width * 0.8 &&
    new Set(names).size === names.length &&
    names.every(
      (name) =>
        name.length <= 200 && /\p{L}/u.test(name) && !name.includes('@') && !/\d[\d./:-]{5,}/.test(name),
    )
  );
}
