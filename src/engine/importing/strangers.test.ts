/**
 * Files of strangers, read as they are: public collections of CSV files that other readers stumble over, and text in
 * forty encodings. What is read must be what their authors say it is, or be refused in the open.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isProblem } from '../../core/errors/problem.ts';
import { detectEncoding } from './detect-encoding.ts';
import { fileBytes } from './file-bytes.ts';
import { openCsv, type CsvGiven } from './read-csv.ts';
import type { TableRow } from './table-file.ts';
import { textDecoder } from './text-decoder.ts';

const data = join(import.meta.dirname, '../../../../shared/data/imports');
const missing = !existsSync(data);
const skipped = missing ? ' (skipped: ../shared/data/imports is not here)' : '';

const filesIn = (folder: string): string[] =>
  missing
    ? []
    : readdirSync(join(data, folder))
        .sort()
        .map((name) => join(data, folder, name));

async function read(path: string, given?: CsvGiven): Promise<{ header: string[]; rows: TableRow[] }> {
  const file = await openCsv(path, given);
  const rows: TableRow[] = [];
  for await (const piece of file.rows()) rows.push(...piece.rows);
  return { header: file.header.map(({ name }) => name), rows };
}
const cellsOf = ({ rows }: { rows: TableRow[] }): string[][] =>
  rows.filter((row) => !row.refused).map((row) => row.cells);
const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'read';
  } catch (error) {
    if (isProblem(error)) return error.body.code;
    throw error;
  }
};

describe.skipIf(missing)(`csv-spectrum${skipped}`, () => {
  test.each(filesIn('csv/csv-spectrum/csvs').map((path) => [basename(path, '.csv'), path]))(
    '%s reads as its JSON says',
    async (name, path) => {
      const file = await read(path);
      const expected = [
        JSON.parse(readFileSync(join(data, 'csv/csv-spectrum/json', `${name}.json`), 'utf8')),
      ].flat() as Record<string, string>[];
      const found = cellsOf(file).map((cells) =>
        Object.fromEntries(file.header.map((column, at) => [column, cells[at]])),
      );
      // The authors replaced one telephone number in the JSON and not in the CSV.
      if (name === 'location_coordinates') {
        for (const one of [...expected, ...found]) delete one['Contact Phone Number'];
      }
      // The line ends within cells are those of the copy at hand.
      for (const one of expected)
        for (const key of Object.keys(one)) one[key] = one[key]!.replaceAll('\r\n', '\n');
      expect(found).toEqual(expected);
    },
  );
});

/** How much of two bags of things is the same. */
function likeness(expected: readonly string[], found: readonly string[]): [number, number, number] {
  if (expected.length === 0 && found.length === 0) return [1, 1, 1];
  const left = new Map<string, number>();
  for (const one of expected) left.set(one, (left.get(one) ?? 0) + 1);
  let same = 0;
  for (const one of found) {
    const count = left.get(one) ?? 0;
    if (count > 0) same += 1;
    left.set(one, count - 1);
  }
  const precision = found.length === 0 ? 0 : same / found.length;
  const recall = expected.length === 0 ? 0 : same / expected.length;
  return [precision, recall, same === 0 ? 0 : (2 * precision * recall) / (precision + recall)];
}

describe.skipIf(missing)(`Pollock's polluted files${skipped}`, () => {
  const files = filesIn('csv/pollock/csv');
  const parametersOf = (path: string): { header_lines: number; delimiter: string } =>
    JSON.parse(
      readFileSync(join(data, 'csv/pollock/parameters', `${basename(path)}_parameters.json`), 'utf8'),
    );

  /**
   * Success, then precision, recall and F1 of the header's cells, the records and all cells, each at most 1. A file
   * without a byte is rightly refused as empty. Only whether there is a header is told, and with `told` the delimiter.
   */
  async function score(path: string, told: boolean): Promise<number> {
    const clean = join(data, 'csv/pollock/clean', basename(path));
    if (readFileSync(clean).length === 0) return (await codeOf(read(path))) === 'empty_file' ? 10 : 0;
    const parameters = parametersOf(path);
    const header = parameters.header_lines === 0 ? 'none' : undefined;
    const delimiter = told && parameters.delimiter.length === 1 ? parameters.delimiter : undefined;
    const [expected, found] = [await read(clean, { header }), await read(path, { header, delimiter })];
    const [cleanCells, ownCells] = [expected, found].map((file) =>
      cellsOf(file).map((cells) => cells.map((cell) => cell.trim())),
    ) as [string[][], string[][]];
    const joined = (rows: string[][]): string[] => rows.map((cells) => cells.join('\0'));
    return [
      1,
      ...likeness(expected.header, found.header),
      ...likeness(joined(cleanCells), joined(ownCells)),
      ...likeness(cleanCells.flat(), ownCells.flat()),
    ].reduce((sum, one) => sum + one, 0);
  }
  async function scores(told: boolean): Promise<{ average: number; below: string[] }> {
    const found = new Map<string, number>();
    for (const path of files) found.set(basename(path, '.csv'), await score(path, told));
    return {
      average: [...found.values()].reduce((sum, one) => sum + one, 0) / found.size,
      below: [...found].filter(([, one]) => one < 9.7).map(([name]) => name),
    };
  }

  /*
   * What is below cannot be had without guessing: cells with blanks in a file separated by blanks, headers of several
   * lines (a repeated header is refused by its line), and a second table below the first.
   */
  const hard = ['file_header_multirow_2', 'file_header_multirow_3'];
  const tables = ['file_multitable_less', 'file_multitable_more', 'file_multitable_same'];

  test('score 9.0 of 10 when nothing is told, and 9.3 with the delimiter', async () => {
    const [alone, told] = [await scores(false), await scores(true)];
    expect(files).toHaveLength(22);
    expect(alone.below).toEqual(['file_field_delimiter_0x20', ...hard, ...tables]);
    expect(alone.average).toBeGreaterThan(9.07);
    expect(told.average).toBeGreaterThan(9.3);
  });

  test('lose no row without a word: each stands there, with a note, or refused with its line', async () => {
    for (const path of files.filter((one) => !one.includes('no_payload'))) {
      const { rows } = await read(path);
      rows.forEach((row, at) => expect(row.row).toBe(at + 1));
      for (const row of rows.filter((one) => one.refused))
        expect(row.refused!.errors[0]!.message).toContain(`ine ${row.line} `);
    }
  });
});

describe.skipIf(missing)(`csvkit and papaparse${skipped}`, () => {
  test.each([
    ['test_utf16_big', 'test_utf8'],
    ['test_utf16_little', 'test_utf8'],
  ])('%s reads like a file of its kind', async (one) => {
    const { header, rows } = await read(join(data, 'csv/csvkit', `${one}.csv`));
    expect(header).toEqual(['a', 'b', 'c']);
    expect(rows.map((row) => row.cells)).toEqual([
      ['1', '2', '3'],
      ['4', '5', 'ʤ'],
    ]);
  });

  test('each file is read, and what is odd about a row is said', async () => {
    const said: Record<string, string[]> = {};
    for (const path of [...filesIn('csv/csvkit'), ...filesIn('csv/papaparse')]) {
      if (!/\.[ct]sv$/.test(path)) continue;
      const { rows } = await read(path);
      const codes = rows.flatMap((row) => (row.refused?.errors ?? row.notes).map(({ code }) => code));
      if (codes.length > 0) said[basename(path)] = [...new Set(codes)].sort();
    }
    expect(said).toEqual({
      'bad.csv': ['too_few_cells', 'too_many_cells'],
      'bad_skip_lines.csv': ['too_few_cells', 'too_many_cells'],
      'null_byte.csv': ['nul_byte'],
      'sheetsxlsx_converted.csv': ['too_many_cells'],
      'test_extra_header.csv': ['too_few_cells'],
      'test_join_short_rows.csv': ['too_few_cells'],
      'verylong-sample.csv': ['too_few_cells'],
    });
  });

  test('a file without header is read by the numbers of its columns, when that is said', async () => {
    expect(await read(join(data, 'csv/csvkit/no_header_row3.csv'), { header: 'none' })).toMatchObject({
      header: ['column 1', 'column 2', 'column 3'],
      rows: [{ cells: ['1', '2', '3'] }, { cells: ['4', '5', '6'] }],
    });
  });
});

describe.skipIf(missing)(`forty encodings${skipped}`, () => {
  /** The name of the folder → the name of the platform. */
  const trueName = (name: string): string => {
    if (name === 'ascii' || name === 'utf8' || name.startsWith('lang_')) return 'utf-8';
    // It says of itself to be big endian, and is not.
    if (name === 'utf16be') return 'utf-16le';
    if (name === 'iso88598') return 'iso-8859-8';
    const iso = /^iso8859(\d+)_/.exec(name);
    if (iso) return `iso-8859-${iso[1]}`;
    const names: Record<string, string> = {
      iso2022jp: 'iso-2022-jp',
      koi8r: 'koi8-r',
      shiftjis: 'shift_jis',
      windows_874: 'windows-874',
      utf16le: 'utf-16le',
      utf32be: 'utf-32be',
      utf32le: 'utf-32le',
    };
    return names[name] ?? name.replace(/^(euc|windows)_(\w{2,4}).*$/, '$1-$2').replace(/_..$/, '');
  };
  const textIn = (path: string, encoding: string): string => {
    const decoder = textDecoder(encoding);
    return decoder.push(readFileSync(path)) + decoder.end();
  };

  test.each(filesIn('encodings').map((path) => [basename(path), path]))(
    '%s is detected or asked for, never garbled',
    async (name, path) => {
      const bytes = await fileBytes(path);
      if (name === 'iso2022cn' || name === 'iso2022kr') {
        expect(await codeOf((async () => detectEncoding(bytes))())).toBe('encoding_unknown');
        return;
      }
      const code = await codeOf((async () => detectEncoding(bytes))());
      const asked = code === 'encoding_unclear';
      expect([code, asked]).toEqual([asked ? 'encoding_unclear' : 'read', asked]);
      const found = detectEncoding(bytes, asked ? trueName(name) : undefined).name;
      const text = textIn(path, found);
      expect(text).not.toContain('\ufffd');
      expect(text).toBe(textIn(path, detectEncoding(bytes, trueName(name)).name));
    },
  );
});
