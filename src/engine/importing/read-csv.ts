/** A CSV file as a header and numbered rows, read in pieces so that its size does not matter. */
import { open } from 'node:fs/promises';
import { issue, refusal, type Issue } from '../../core/errors/problem.ts';
import { detectEncoding, type Encoding } from './detect-encoding.ts';
import { fileBytes, notReadable } from './file-bytes.ts';
import { delimiterOf, separatorLine, sniffDialect } from './sniff-dialect.ts';
import { textDecoder } from './text-decoder.ts';
import { csvTokenizer, type CsvRecord, type Dialect, type Flaw } from './tokenize-csv.ts';

export type CsvColumn = {
  /** As in the file; a name that stands there twice is `x (2)`, an empty one `column 9`. */
  name: string;
  /** Why the name is not the file's own; ours: a column of a file that we wrote ourselves. */
  renamed?: 'repeated' | 'empty' | 'ours';
};

export type CsvRow = {
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

export type CsvFile = {
  path: string;
  size: number;
  encoding: Encoding;
  dialect: Dialect;
  header: CsvColumn[];
  /** All rows from the beginning, in pieces; each call reads the file anew. `bytes` is how far it has read. */
  rows(): AsyncGenerator<{ rows: CsvRow[]; bytes: number }>;
};

const pieceSize = 256 * 1024;

/**
 * Opens a file for reading. Throws a problem for what is no CSV, an encoding that is unclear or unknown, and a
 * file without header. `encoding` and `delimiter` are what the caller knows better than the detection.
 */
export async function openCsv(
  path: string,
  given: { encoding?: string; delimiter?: string } = {},
): Promise<CsvFile> {
  const bytes = await fileBytes(path);
  const encoding = detectEncoding(bytes, given.encoding);
  const beginning = await beginningOf(path, encoding.name);
  const dialect = { ...sniffDialect(beginning, bytes.size <= pieceSize), ...askedDelimiter(given.delimiter) };
  const first = await firstRecord(path, encoding.name, dialect, beginning);
  const header = headerOf(first);
  // In UTF-8 the replacement character is the file's own; from any other decoder it means bytes that are no text.
  const damage = encoding.name !== 'utf-8';
  return {
    path,
    size: bytes.size,
    encoding,
    dialect,
    header,
    async *rows() {
      let number = 0;
      let skip = true;
      for await (const piece of records(path, encoding.name, dialect, beginning)) {
        const rows: CsvRow[] = [];
        for (const record of piece.records) {
          if (skip) {
            skip = false;
            continue;
          }
          if (!record.flaw && record.cells.every((cell) => cell.trim() === '')) continue;
          rows.push(rowOf(record, ++number, header.length, damage));
        }
        yield { rows, bytes: piece.bytes };
      }
    },
  };
}

async function beginningOf(path: string, encoding: string): Promise<string> {
  const file = await open(path);
  try {
    const buffer = Buffer.alloc(pieceSize);
    const { bytesRead } = await file.read(buffer, 0, pieceSize, 0);
    return textDecoder(encoding).push(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

async function* records(
  path: string,
  encoding: string,
  dialect: Dialect,
  beginning: string,
): AsyncGenerator<{ records: CsvRecord[]; bytes: number }> {
  const decoder = textDecoder(encoding);
  const said = separatorLine.exec(beginning)?.[0].length ?? 0;
  const tokens = csvTokenizer(dialect, said > 0 ? 2 : 1);
  const file = await open(path);
  try {
    const buffer = Buffer.allocUnsafe(pieceSize);
    for (let bytes = 0; ;) {
      const { bytesRead } = await file.read(buffer, 0, pieceSize);
      if (bytesRead === 0) {
        yield { records: [...tokens.push(decoder.end()), ...tokens.end()], bytes };
        return;
      }
      const text = decoder.push(buffer.subarray(0, bytesRead));
      const found = tokens.push(bytes === 0 ? text.slice(said) : text);
      bytes += bytesRead;
      yield { records: found, bytes };
    }
  } finally {
    await file.close();
  }
}

async function firstRecord(
  path: string,
  encoding: string,
  dialect: Dialect,
  beginning: string,
): Promise<CsvRecord> {
  for await (const piece of records(path, encoding, dialect, beginning)) {
    if (piece.records[0]) return piece.records[0];
  }
  throw notReadable(
    'empty_file',
    'The file has no header line.',
    'Give each column a name in the first line.',
  );
}

function headerOf(record: CsvRecord): CsvColumn[] {
  if (record.flaw) {
    throw notReadable(
      'bad_header',
      `The header in line ${record.line} cannot be read: ${flaws[record.flaw]}`,
      'Mend the first line of the file: each column name once, separated as the rows are.',
    );
  }
  const seen = new Map<string, number>();
  const columns = record.cells.map((cell, at): CsvColumn => {
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
};

function rowOf(record: CsvRecord, row: number, width: number, damage: boolean): CsvRow {
  const { line } = record;
  const refused = (code: string, message: string, fix: string, raw: string): CsvRow => ({
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

/** `comma`, `semicolon`, `tab`, `pipe` or the character itself. */
function askedDelimiter(asked: string | undefined): { delimiter?: string } {
  if (asked === undefined || asked === '') return {};
  const delimiter = delimiterOf(asked === '\\t' ? 'tab' : asked);
  if (delimiter.length !== 1 || '"\r\n\0'.includes(delimiter)) {
    throw refusal(422, 'bad_delimiter', [
      issue(
        'delimiter',
        'bad_delimiter',
        '“{asked}” cannot be a delimiter.',
        'Use one character, or comma, semicolon, tab or pipe.',
        { asked },
      ),
    ]);
  }
  return { delimiter };
}
