import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { isProblem } from '../../core/errors/problem.ts';
import { openCsv } from './read-csv.ts';
import type { TableRow } from './table-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'groundwork-csv-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function readAll(path: string, given?: Parameters<typeof openCsv>[1]) {
  const file = await openCsv(path, given);
  const rows: TableRow[] = [];
  for await (const piece of file.rows()) rows.push(...piece.rows);
  return { header: file.header.map((column) => column.name), rows, file };
}

function read(content: string | Buffer, given?: Parameters<typeof openCsv>[1]) {
  const path = join(folder, 'file.csv');
  writeFileSync(path, content);
  return readAll(path, given);
}

const codes = (row: TableRow): string[] =>
  [...(row.refused?.errors ?? []), ...row.notes].map((found) => found.code);

test.each([
  ['commas', 'a,b\n1,2'],
  ['semicolons and decimal commas', 'a;b\n"1,5";2,5\n3,1;4,2'],
  ['tabs', 'a\tb\nx, y\tz'],
  ['pipes', 'a|b\nx, y|z'],
  ['the separator that Excel names', 'sep=;\na;b\n1;2'],
])('finds %s', async (_, text) => {
  const { header, rows } = await read(text);
  expect(header).toEqual(['a', 'b']);
  expect(rows[0]!.cells).toHaveLength(2);
});

test('a delimiter that the caller names holds', async () => {
  expect((await read('a~b\n1~2', { delimiter: '~' })).rows[0]!.cells).toEqual(['1', '2']);
  expect((await read('a;b\n1;2', { delimiter: 'comma' })).header).toEqual(['a;b']);
  await expect(read('a', { delimiter: 'ab' })).rejects.toThrow(/cannot be a delimiter/);
});

test('a header that stands twice and one without a name are kept apart', async () => {
  const { header } = await read('Name,Email,,name,Name,Notes,\n1,2,3,4,5,6,');
  expect(header).toEqual(['Name', 'Email', 'column 3', 'name (2)', 'Name (3)', 'Notes']);
});

test('each row names its line in the file, blank lines and line breaks in cells included', async () => {
  const { rows } = await read('\n\na,b\n1,"x\ny"\n\n,\n2,z\n');
  expect(rows.map(({ row, line }) => ({ row, line }))).toEqual([
    { row: 1, line: 4 },
    { row: 2, line: 8 },
  ]);
});

test('a row with too many cells is refused, with too few it is taken and listed', async () => {
  const { rows } = await read('a,b\n1,2,3\n1,2,\n1\n');
  expect(rows.map(codes)).toEqual([['too_many_cells'], [], ['too_few_cells']]);
  expect(rows[0]!.refused!.raw).toBe('1 | 2 | 3');
  expect(rows[2]!.cells).toEqual(['1', '']);
});

test('what cannot be read names its line and costs no other', async () => {
  const { rows } = await read('a,b\n1,"x\n2,y\n3,5" pipe\n4,n\0l\n');
  expect(rows.map((row) => [row.line, ...codes(row)])).toEqual([
    [2, 'unclosed_quote'],
    [3],
    [4, 'stray_quote'],
    [5, 'nul_byte'],
  ]);
  expect(rows[3]!.cells).toEqual(['4', 'nl']);
});

test('bytes that are no text in the encoding refuse their row', async () => {
  const text = Buffer.concat([Buffer.from('a,b\n1,'), Buffer.from([0x82]), Buffer.from('\n2,x\n')]);
  const { rows } = await read(text, { encoding: 'shift_jis' });
  expect(rows.map(codes)).toEqual([['damaged_text'], []]);
});

test('a file larger than a piece reads the same as it was written', async () => {
  const lines = Array.from({ length: 60_000 }, (_, at) => `${at},"Müller ""${at}""",x`);
  const { rows } = await read(`id,name,c\r\n${lines.join('\r\n')}`);
  expect(rows).toHaveLength(60_000);
  expect(rows.every(({ cells, line }, at) => cells[1] === `Müller "${at}"` && line === at + 2)).toBe(true);
});

const data = join(import.meta.dirname, '../../../../shared/data/imports');
const files = (name: string): string[] =>
  existsSync(join(data, name))
    ? readdirSync(join(data, name), { recursive: true, encoding: 'utf8' }).map((file) => join(name, file))
    : [];

describe.skipIf(!existsSync(data))('files from other programs (skipped: ../shared/data is not here)', () => {
  const spectrum = join(data, 'csv/csv-spectrum');
  test.each(files('csv/csv-spectrum/csvs').map((file) => file.replace(/.*\/|\.csv$/g, '')))(
    'csv-spectrum %s gives its JSON',
    async (name) => {
      const { header, rows } = await readAll(join(spectrum, 'csvs', `${name}.csv`));
      const objects = rows.map(({ cells }) => Object.fromEntries(header.map((key, at) => [key, cells[at]!])));
      const wanted = [
        JSON.parse(readFileSync(join(spectrum, 'json', `${name}.json`), 'utf8')),
      ].flat() as Record<string, string>[];
      // The collection has Unix line ends, also within cells; its location file has another phone number than its JSON.
      const same = (row: Record<string, string>) =>
        Object.fromEntries(
          Object.entries(row).map(([key, cell]) => [
            key,
            key === 'Contact Phone Number' ? '' : cell.replaceAll('\r\n', '\n'),
          ]),
        );
      expect(objects.map(same)).toEqual(wanted.map(same));
    },
  );

  const readable = [
    'csv/csvkit',
    'csv/papaparse',
    'messy_crm_exports',
    'rapidpro_contact_imports',
    'header_rows',
    'salesforce_dataloader',
    'basudev_crm',
    'mautic',
  ]
    .flatMap(files)
    .filter((file) => /\.(csv|tsv)$/.test(file));
  test.each(readable)('%s: each row is read or refused with its line and reason', async (file) => {
    const { header, rows } = await readAll(join(data, file));
    expect(header.length).toBeGreaterThan(0);
    for (const row of rows) {
      if (row.refused) expect(row.refused.errors[0]!.message).toContain(`Line ${row.line}`);
      else expect(row.cells).toHaveLength(header.length);
      expect(row.cells.join('')).not.toMatch(/\ufffd|\0/);
    }
  });

  test('the bad rows of csvkit are the ones refused', async () => {
    const { rows } = await readAll(join(data, 'csv/csvkit/bad.csv'));
    expect(rows.map((row) => [row.line, ...codes(row)])).toEqual([
      [2, 'too_many_cells'],
      [3, 'too_few_cells'],
      [4],
    ]);
  });

  test('latin1, UTF-16 in both orders, a mark and old Mac line ends come out right', async () => {
    const cells = async (file: string) =>
      (await readAll(join(data, 'csv/csvkit', file))).rows.map((row) => row.cells);
    expect(await cells('test_latin1.csv')).toEqual([
      ['1', '2', '3'],
      ['4', '5', '©'],
    ]);
    expect(await cells('test_utf16_big.csv')).toEqual([
      ['1', '2', '3'],
      ['4', '5', 'ʤ'],
    ]);
    expect(await cells('test_utf16_little.csv')).toEqual([
      ['1', '2', '3'],
      ['4', '5', 'ʤ'],
    ]);
    expect(await cells('test_utf8_bom.csv')).toEqual([
      ['1', '2', '3'],
      ['4', '5', 'ʤ'],
    ]);
    expect(await cells('mac_newlines.csv')).toEqual([
      ['1', '2', '3'],
      ['Once upon\ra time', '5', '6'],
    ]);
    expect(
      (await readAll(join(data, 'rapidpro_contact_imports/encoding_iso-8859-1.csv'))).rows[0]!.cells[0],
    ).toBe('Dràzen');
  });

  test('spreadsheets are refused in a sentence', async () => {
    for (const file of [...files('xlsx'), ...files('rapidpro_contact_imports')].filter((name) =>
      /\.xlsx?$/.test(name),
    )) {
      const refusal = await openCsv(join(data, file)).catch((error: unknown) => error);
      expect(isProblem(refusal) && refusal.body.code).toBe('not_csv');
    }
  });
});

test.each([
  ['carets', 'a^b^c\n1^2^3\n4^5^6'],
  ['the sign that old mainframes write', 'a\x1fb\x1fc\n1\x1f2\x1f3'],
  ['blanks', 'a b c\n1 "2 x" 3\n4 5 6'],
])('finds %s where every row agrees on them', async (_, text) => {
  expect((await read(text)).header).toEqual(['a', 'b', 'c']);
});

test('one column of words is one column', async () => {
  const { header, rows } = await read('Company name\nAcme Corp\nBolt Limited\nCave & Sons');
  expect([header, rows.length]).toEqual([['Company name'], 3]);
});

test('a title before the names of the columns is left out and told', async () => {
  const { header, rows, file } = await read(
    'Contacts 2024,,\n,,\nName,Email,City\nAnna,a@x.example,Bern\nBen,b@x.example,Basel\n',
  );
  expect(header).toEqual(['Name', 'Email', 'City']);
  expect(rows.map((row) => [row.row, row.line])).toEqual([
    [1, 4],
    [2, 5],
  ]);
  expect(file.notes).toEqual([
    'Lines 1 to 2 stand before the names of the columns and are not read: “Contacts 2024”.',
  ]);
});

test('the caller says which line names the columns, or that none does', async () => {
  const text = 'Export of today\nid,name\n1,Anna\n2,Ben\n';
  expect((await read(text, { header: 2 })).header).toEqual(['id', 'name']);
  expect((await read('1,Anna\n2,Ben\n', { header: 'none' })).rows).toHaveLength(2);
  await expect(read(text, { header: 99 })).rejects.toThrow(/No row begins in line 99/);
});

test('names of columns that come again are refused by their line, not loaded as a record', async () => {
  const { rows } = await read('name,city\nAnna,Bern\nname,city\nBen,Basel\n');
  expect(rows.map(codes)).toEqual([[], ['header_again'], []]);
  expect(rows[1]!.line).toBe(3);
});

test('apostrophes and backslashes are read as quotation where only then the rows agree', async () => {
  const apostrophes = await read("a,b\n'x, y',2\n'it''s',O'Brien\n");
  expect(apostrophes.rows.map((row) => row.cells)).toEqual([
    ['x, y', '2'],
    ["it's", "O'Brien"],
  ]);
  const backslashes = await read('a,b\n"x \\"y\\", z",2\n"C:\\\\","\\"\\""\n');
  expect(backslashes.rows.map((row) => row.cells)).toEqual([
    ['x "y", z', '2'],
    ['C:\\', '""'],
  ]);
  expect((await read("a,b\nO'Brien,'t Hooft\nd'Arc,x\n")).rows.map((row) => row.cells)).toEqual([
    ["O'Brien", "'t Hooft"],
    ["d'Arc", 'x'],
  ]);
});
