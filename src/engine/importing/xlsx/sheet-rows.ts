/** The rows of a sheet as texts, one after the other; a sheet of a million rows is never held. */
import { maxCell, maxColumns, maxRecord } from '../tokenize-csv.ts';
import { numberText } from './cell-text.ts';
import type { Readable } from 'node:stream';
import { readXml } from './read-xml.ts';
import { bomb, tooWide } from './refusals.ts';
import { unescaped } from './shared-strings.ts';
import { openZip } from './zip-parts.ts';
import { formatOf, type SheetPart, type Workbook } from './workbook.ts';

export type SheetRow = {
  /** Number of the row in the sheet, from 1. */
  line: number;
  cells: string[];
  /** The texts of the row are longer than is taken; those that are there are its beginning. */
  large: boolean;
};

const mostBytes = 8 * 1024 * 1024 * 1024;
/** More rows than any program has; what says it is below is counted instead. */
const lastRow = 16 * 1024 * 1024;
/** Cells and characters that are held until they are handed on. */
const mostHeld = { cells: 100_000, characters: 4 * 1024 * 1024 };
const usualBytes = 32 * 1024;
/** Characters that cells show of shared texts: any amount at first, then so many per byte of the sheet. */
const sharedFreely = 64 * 1024 * 1024;
const mostShared = 20;

/** `share`: how much of the sheet is read, from 0 to 1. */
export async function* sheetRows(
  book: Workbook,
  sheet: SheetPart,
  decimal: '.' | ',',
): AsyncGenerator<{ rows: SheetRow[]; share: number }> {
  const zip = await openZip(book.path);
  try {
    const size = Math.max(1, zip.sizeOf(sheet.part));
    let inflated = 0;
    const source = await zip.read(sheet.part, mostBytes);
    for await (const piece of rowsOf(source, book, decimal)) {
      inflated += piece.bytes;
      yield { rows: piece.rows, share: Math.min(1, inflated / size) };
    }
  } finally {
    zip.close();
  }
}

async function* rowsOf(
  source: Readable,
  book: Workbook,
  decimal: '.' | ',',
): AsyncGenerator<{ rows: SheetRow[]; bytes: number }> {
  let rows: SheetRow[] = [];
  let held = { cells: 0, characters: 0 };
  let length = 0;
  let read = 0;
  let shown = 0;
  let line = 0;
  let cells: string[] = [];
  let column = 0;
  let type = 'n';
  let style: string | undefined;
  let value = '';
  let taking = false;
  let silent = 0;
  const textOf = (): string => {
    if (type === 's') {
      const text = book.shared(Number(value)) ?? '';
      shown += text.length;
      if (shown > sharedFreely && shown > read * mostShared) throw bomb();
      return text;
    }
    if (type === 'b') return value.trim() === '1' ? 'TRUE' : value.trim() === '0' ? 'FALSE' : value;
    if (type === 'd') return value.replace('T', ' ').replace(/(\.0+)?Z?$/, '');
    if (type === 'n') return numberText(value, formatOf(book, style), { date1904: book.date1904, decimal });
    return unescaped(value);
  };
  const handler = {
    open(element: string, attributes: Readonly<Record<string, string>>) {
      if (element === 'row') {
        line = rowNumber(attributes['r'], line);
        [cells, column, length] = [[], 0, 0];
      } else if (element === 'c') {
        column = columnOf(attributes['r']) ?? column;
        if (column >= maxColumns) throw tooWide(line, maxColumns);
        type = attributes['t'] ?? 'n';
        style = attributes['s'];
        value = '';
      } else if (element === 'rPh') silent += 1;
      else taking = silent === 0 && (element === 'v' || element === 't');
    },
    text(piece: string) {
      if (taking && value.length <= maxCell) value += piece;
    },
    close(element: string) {
      if (element === 'rPh') silent -= 1;
      else if (element === 'v' || element === 't') taking = false;
      else if (element === 'c') {
        if (value !== '' && length <= maxRecord) {
          const text = textOf();
          cells[column] = text;
          length += text.length;
        }
        column += 1;
      } else if (element === 'row') {
        rows.push({ line, cells: Array.from(cells, (cell) => cell ?? ''), large: length > maxRecord });
        held.cells += cells.length;
        held.characters += length;
        [cells, column, length] = [[], 0, 0];
      }
    },
  };
  let bytes = 0;
  for await (const more of readXml(source, handler)) {
    bytes += more;
    read += more;
    if (bytes < usualBytes && held.cells < mostHeld.cells && held.characters < mostHeld.characters) continue;
    yield { rows, bytes };
    rows = [];
    held = { cells: 0, characters: 0 };
    bytes = 0;
  }
  if (rows.length > 0) yield { rows, bytes };
}

/** A row without a number follows the one before. */
function rowNumber(given: string | undefined, before: number): number {
  const number = Number(given);
  return Number.isInteger(number) && number > 0 && number <= lastRow ? number : before + 1;
}

/** From `BC12`, counted from 0. */
function columnOf(address: string | undefined): number | undefined {
  const letters = /^[A-Z]{1,4}/.exec(address ?? '')?.[0];
  if (letters === undefined) return undefined;
  let number = 0;
  for (const letter of letters) number = number * 26 + letter.charCodeAt(0) - 64;
  return number - 1;
}
