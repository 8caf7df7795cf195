/** Text with delimiters between its cells, as a table. */
import { open } from 'node:fs/promises';
import { issue, refusal } from '../../core/errors/problem.ts';
import { detectEncoding } from './detect-encoding.ts';
import { fileBytes } from './file-bytes.ts';
import { delimiterOf, separatorLine, sniffDialect } from './sniff-dialect.ts';
import { asTable, type HeaderAsked, type TableFile } from './table-file.ts';
import { textDecoder } from './text-decoder.ts';
import { csvTokenizer, type CsvRecord, type Dialect } from './tokenize-csv.ts';

const pieceSize = 256 * 1024;

export type CsvGiven = {
  encoding?: string;
  delimiter?: string;
  /** Line of the file that names the columns, from 1; `none` when no line does: they are `column 1`, `column 2` … */
  header?: HeaderAsked;
};

/**
 * Opens a file for reading. Throws a problem for what is no CSV, an encoding that is unclear or unknown, and a
 * file without header. `given` is what the caller knows better than the detection.
 */
export async function openCsv(path: string, given: CsvGiven = {}): Promise<TableFile> {
  const bytes = await fileBytes(path);
  const encoding = detectEncoding(bytes, given.encoding);
  const beginning = await beginningOf(path, encoding.name);
  const dialect = { ...sniffDialect(beginning, bytes.size <= pieceSize), ...askedDelimiter(given.delimiter) };
  return asTable({
    path,
    size: bytes.size,
    encoding,
    delimiter: dialect.delimiter,
    asked: given.header,
    // In UTF-8 the replacement character is the file's own; from any other decoder it means bytes that are no text.
    damage: encoding.name !== 'utf-8',
    neutralised: true,
    notes: notesOn(dialect),
    records: () => records(path, encoding.name, dialect, beginning),
  });
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

function notesOn(dialect: Dialect): string[] {
  const notes: string[] = [];
  if (dialect.quote) notes.push('Cells are enclosed in apostrophes instead of quotation marks.');
  if (dialect.escape === '\\') notes.push('A backslash stands before quotation marks that are text.');
  return notes;
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
