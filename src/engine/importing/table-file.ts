/**
 * A file as a header and numbered rows, read in pieces so that its size does not matter. Whatever it was before
 * that, text or a workbook, is known to those who open it and to nobody else.
 */
import { setImmediate } from 'node:timers/promises';
import { issue, refusal, type Issue } from '../../core/errors/problem.ts';
import { restore } from '../../core/spreadsheet/formula-cells.ts';
import type { Encoding } from './detect-encoding.ts';
import { notReadable } from './file-bytes.ts';
import { headerAt } from './find-header.ts';
import type { CsvRecord, Flaw } from './tokenize-csv.ts';

export type TableColumn = {
  /** As in the file; a name that stands there twice is `x (2)`, an empty one `column 9`. */
  name: string;
  /** Why the name is not the file's own; ours: a column of a file that we wrote ourselves. */
  renamed?: 'repeated' | 'empty' | 'ours';
};

export type TableRow = {
  /** Number of the data row, from 1, blank lines not counted. */
  row: number;
  /** Line of the file on which it begins, from 1, the header's included. */
  line: number;
  /** As many as the header has columns; empty when refused. */
  cells: string[];
  /** What was unclear, where the row can be taken all the same. */
  notes: Issue[];
  /** Why the row cannot be taken, with its text as far as it is short. */
  refused?: { errors: Issue[]; raw: string };
};

export type TableFile = {
  path: string;
  size: number;
  encoding: Encoding;
  /** Sign between the cells of a row as it is kept for people. */
  delimiter: string;
  /** Of a workbook: the sheet that is read, and those that are not. */
  sheet?: { name: string; others: string[] };
  header: TableColumn[];
  /** Line that names the columns, where one does. */
  headerLine?: number;
  /** What was decided about the file as a whole, in sentences. */
  notes: string[];
  /** All rows from the beginning, in pieces; each call reads the file anew. `bytes` is how far it has read. */
  rows(): AsyncGenerator<{ rows: TableRow[]; bytes: number }>;
};

export type HeaderAsked = number | 'none' | undefined;

type Source = Omit<TableFile, 'header' | 'headerLine' | 'rows'> & {
  /** Line that names the columns, from 1; `none` when no line does; undefined: found by how it looks. */
  asked: HeaderAsked;
  /** A replacement character in a cell means bytes that are no text. */
  damage: boolean;
  /** An apostrophe before what a spreadsheet would run is not the text's own. */
  neutralised?: boolean;
  /** Cells at the end of a row that hold nothing are not written: a short row is whole. */
  ragged?: boolean;
  /** From the beginning, each time anew; blank records may be among them. */
  records(): AsyncGenerator<{ records: CsvRecord[]; bytes: number }>;
};

/** Cells that are handed on at once: short rows below a wide header become as wide as that. */
const mostCells = 200_000;

/** Finds the header and numbers the rows below it. Throws a 422 problem for a file without header. */
export async function asTable(source: Source): Promise<TableFile> {
  const { asked, damage, neutralised, ragged, records, ...rest } = source;
  const first = await firstRecords(records());
  const at = headerIndex(first, asked);
  const header = asked === 'none' ? namelessColumns(first[0]!) : headerOf(first[at]!);
  const names = asked === 'none' ? undefined : first[at]!.cells.join('\0');
  return {
    ...rest,
    header,
    ...(at >= 0 ? { headerLine: first[at]!.line } : {}),
    notes: [...source.notes, ...notesOnBefore(first.slice(0, Math.max(0, at)))],
    async *rows() {
      let number = 0;
      let skip = at + 1;
      for await (const piece of records()) {
        let rows: TableRow[] = [];
        let held = 0;
        for (const record of piece.records) {
          if (skip > 0) {
            skip -= 1;
            continue;
          }
          if (!record.flaw && record.cells.every((cell) => cell.trim() === '')) continue;
          // Widened in a copy: whoever made the piece may hold its records.
          const cells = record.cells.slice();
          if (ragged) while (cells.length < header.length) cells.push('');
          const row = rowOf({ ...record, cells }, ++number, header.length, damage, names);
          if (neutralised) {
            row.cells.forEach((cell, column) => {
              if (cell.startsWith("'")) row.cells[column] = restore(cell);
            });
          }
          rows.push(row);
          held += row.cells.length;
          if (held < mostCells) continue;
          yield { rows, bytes: piece.bytes };
          [rows, held] = [[], 0];
          await setImmediate();
        }
        yield { rows, bytes: piece.bytes };
      }
    },
  };
}

const looked = 100;

async function firstRecords(records: AsyncGenerator<{ records: CsvRecord[] }>): Promise<CsvRecord[]> {
  const first: CsvRecord[] = [];
  for await (const piece of records) {
    first.push(...piece.records.slice(0, looked - first.length));
    if (first.length > 0) return first;
  }
  throw notReadable(
    'empty_file',
    'The file has no header line.',
    'Give each column a name in the first line.',
  );
}

/** Index in `first`; -1 when there is no header. */
function headerIndex(first: readonly CsvRecord[], asked: HeaderAsked): number {
  if (asked === 'none') return -1;
  if (asked === undefined) return headerAt(first);
  const at = first.findIndex(({ line }) => line === asked);
  if (at >= 0) return at;
  throw refusal(422, 'bad_header', [
    issue(
      'header',
      'bad_header',
      'No row begins in line {asked}, or it is too far down for a header.',
      'Name the line that holds the names of the columns, or “none”.',
      { asked },
    ),
  ]);
}

const namelessColumns = (record: CsvRecord): TableColumn[] =>
  record.cells.map((_, at) => ({ name: `column ${at + 1}` }));

function notesOnBefore(before: readonly CsvRecord[]): string[] {
  const [first, last] = [before[0], before.at(-1)];
  if (!first || !last) return [];
  const lines = first === last ? `Line ${first.line} stands` : `Lines ${first.line} to ${last.line} stand`;
  const text = (first.raw ?? first.cells.join(' ')).replace(/\s+/gu, ' ').trim().slice(0, 60);
  return [`${lines} before the names of the columns and are not read: “${text}”.`];
}

function headerOf(record: CsvRecord): TableColumn[] {
  if (record.flaw) {
    throw notReadable(
      'bad_header',
      `The header in line ${record.line} cannot be read: ${flaws[record.flaw]}`,
      'Mend the first line of the file: each column name once, separated as the rows are.',
    );
  }
  const seen = new Map<string, number>();
  const columns = record.cells.map((cell, at): TableColumn => {
    const text = cell.replaceAll('\0', '').replace(/\s+/gu, ' ').trim().slice(0, 200);
    const name = text || `column ${at + 1}`;
    const times = (seen.get(name.toLowerCase()) ?? 0) + 1;
    seen.set(name.toLowerCase(), times);
    if (times > 1) return { name: `${name} (${times})`, renamed: 'repeated' };
    return text ? { name } : { name, renamed: 'empty' };
  });
  while (columns.length > 1 && columns.at(-1)!.renamed === 'empty') {
    // Trailing delimiters are not columns; what stands under them refuses its row as one cell too many.
    columns.pop();
  }
  return columns;
}

const flaws: Record<Flaw, string> = {
  unclosed_quote: 'a quotation mark opens there and never closes as it should.',
  cell_too_large: 'a cell there holds more than a megabyte.',
  record_too_large: 'the line is longer than eight megabytes.',
  too_many_columns: 'it has more than 16,384 cells.',
};

/** `names` is the header as it stands in the file. */
function rowOf(
  record: CsvRecord,
  row: number,
  width: number,
  damage: boolean,
  names: string | undefined,
): TableRow {
  const { line } = record;
  const refused = (code: string, message: string, fix: string, raw: string): TableRow => ({
    row,
    line,
    cells: [],
    notes: [],
    refused: { errors: [issue('', code, message, fix)], raw: raw.replaceAll('\0', '') },
  });
  if (record.flaw) {
    return refused(
      record.flaw,
      `Line ${line} cannot be read: ${flaws[record.flaw]}`,
      record.flaw === 'unclosed_quote'
        ? 'Close the quotation mark, or double it where it is part of the text.'
        : 'Shorten it.',
      record.raw ?? '',
    );
  }
  const { cells } = record;
  while (cells.length > width && cells.at(-1)!.trim() === '') cells.pop();
  const text = (): string => cells.join(' | ').slice(0, 400);
  if (cells.length > width) {
    return refused(
      'too_many_cells',
      `Line ${line} has ${cells.length} cells, but the header names ${width} columns.`,
      'Put the text that holds a delimiter in quotation marks, or name the further columns.',
      text(),
    );
  }
  if (width > 1 && cells.join('\0') === names) {
    return refused(
      'header_again',
      `Line ${line} repeats the names of the columns.`,
      'Nothing is to be done if files were put together here; otherwise look at this line.',
      text(),
    );
  }
  if (damage && cells.some((cell) => cell.includes('\ufffd'))) {
    return refused(
      'damaged_text',
      `Line ${line} holds bytes that are no text in this encoding.`,
      'Name the encoding that the file is in, or save it as UTF-8.',
      text(),
    );
  }
  const notes: Issue[] = [];
  if (cells.length < width) {
    notes.push(
      issue(
        '',
        'too_few_cells',
        `Line ${line} has ${cells.length} of ${width} cells; the others are taken as empty.`,
        'Add the missing cells if something belongs there.',
      ),
    );
    while (cells.length < width) cells.push('');
  }
  if (record.stray) {
    notes.push(
      issue(
        '',
        'stray_quote',
        `Line ${line} has a quotation mark where none is expected; it is taken as text.`,
        'Look whether the cells of this line are right.',
      ),
    );
  }
  if (cells.some((cell) => cell.includes('\0'))) {
    cells.forEach((cell, at) => (cells[at] = cell.replaceAll('\0', '')));
    notes.push(
      issue(
        '',
        'nul_byte',
        `Line ${line} holds a NUL byte, which is left out.`,
        'Look whether the cells of this line are right.',
      ),
    );
  }
  return { row, line, cells, notes };
}
