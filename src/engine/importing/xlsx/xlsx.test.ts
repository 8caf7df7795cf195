import { isUtf8 } from 'node:buffer';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { isProblem } from '../../../core/errors/problem.ts';
import { inline, workbook, zipped } from '../../../testing/made-workbook.ts';
import { openTable } from '../open-table.ts';
import { openCsv } from '../read-csv.ts';
import { sheetRows } from './sheet-rows.ts';
import { openWorkbook } from './workbook.ts';

const folder = mkdtempSync(join(tmpdir(), 'groundwork-xlsx-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function fileOf(bytes: Buffer): string {
  const path = join(folder, `${files++}.xlsx`);
  writeFileSync(path, bytes);
  return path;
}

async function cellsOf(path: string, sheet?: string): Promise<string[][]> {
  const file = await openTable(path, sheet === undefined ? {} : { sheet });
  const all = [file.header.map(({ name }) => name)];
  for await (const { rows } of file.rows()) all.push(...rows.map(({ cells }) => cells));
  return all;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (isProblem(error)) return error.body.code;
    throw error;
  }
  return 'taken';
}

describe('a workbook', () => {
  it('gives numbers, days, times, shares and money as their formats mean them', async () => {
    const styles = `<styleSheet><numFmts><numFmt numFmtId="170" formatCode="[$€-407] #,##0.00"/><numFmt numFmtId="171" formatCode="yyyy-mm-dd hh:mm"/><numFmt numFmtId="172" formatCode="[h]:mm:ss"/><numFmt numFmtId="173" formatCode="0&quot;d&quot;"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="171"/><xf numFmtId="20"/><xf numFmtId="10"/><xf numFmtId="170"/><xf numFmtId="172"/><xf numFmtId="173"/></cellXfs></styleSheet>`;
    const cell = (column: string, style: number, value: string): string =>
      `<c r="${column}2" s="${style}"><v>${value}</v></c>`;
    const head = [...'ABCDEFGHIJ'].map((column) => inline(`${column}1`, `name ${column}`)).join('');
    const row = [
      cell('A', 0, '0.30000000000000004'),
      cell('B', 1, '45292'),
      cell('C', 2, '45292.75'),
      cell('D', 3, '0.5'),
      cell('E', 4, '0.125'),
      cell('F', 5, '1234.5'),
      cell('G', 6, '1.5'),
      cell('H', 7, '12'),
      '<c r="I2" t="b"><v>1</v></c>',
      cell('J', 1, '59'),
    ].join('');
    const sheet = `<worksheet><sheetData><row r="1">${head}</row><row r="2">${row}</row></sheetData></worksheet>`;
    const [, cells] = await cellsOf(fileOf(zipped(workbook(sheet, { styles }))));
    expect(cells).toEqual([
      '0.3',
      '2024-01-01',
      '2024-01-01 18:00:00',
      '12:00:00',
      '12.5%',
      '€ 1234.5',
      '36:00:00',
      '12',
      'TRUE',
      '1900-02-28',
    ]);
  });

  it('keeps the number of the sheet’s row, and empty cells in their columns', async () => {
    const sheet = `<worksheet><sheetData><row r="3">${inline('B3', 'name')}${inline('D3', 'domain')}</row><row r="7">${inline('D7', 'acme.example')}</row></sheetData></worksheet>`;
    const file = await openTable(fileOf(zipped(workbook(sheet))), {});
    const pieces = [];
    for await (const { rows } of file.rows()) pieces.push(...rows);
    expect(file.header.map(({ name }) => name)).toEqual(['column 1', 'name', 'column 3', 'domain']);
    expect(pieces).toMatchObject([{ row: 1, line: 7, cells: ['', '', '', 'acme.example'], notes: [] }]);
  });

  it('puts the runs of a text together, leaves out how it is pronounced, and reads escaped characters', async () => {
    const shared = `<sst><si><r><t>Ac</t></r><r><t>me</t></r><rPh sb="0" eb="1"><t>no</t></rPh></si><si><t>a_x000A_b _x005F_x000D_</t></si></sst>`;
    const sheet = `<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="2"><c r="A2" t="s"><v>1</v></c></row></sheetData></worksheet>`;
    expect(await cellsOf(fileOf(zipped(workbook(sheet, { shared }))))).toEqual([['Acme'], ['a\nb _x000D_']]);
  });

  it('names its sheets where the asked one is not there', async () => {
    const path = fileOf(
      zipped(workbook(`<worksheet><sheetData><row>${inline('A1', 'x')}</row></sheetData></worksheet>`)),
    );
    expect(await codeOf(openTable(path, { sheet: 'Two' }))).toBe('unknown_sheet');
    expect(await cellsOf(path, ' one ')).toEqual([['x']]);
  });
});

describe('what is no workbook, or made to harm, is refused in a sentence', () => {
  const rowsOf = async (path: string): Promise<unknown> => cellsOf(path);
  const sheetWith = (text: string): string =>
    `<worksheet><sheetData><row r="1">${inline('A1', 'name')}</row>${text}</sheetData></worksheet>`;

  it('a zip bomb, while it inflates: what it claims to be does not matter', async () => {
    const bomb = Buffer.from(sheetWith(`<row r="2">${inline('A2', 'x'.repeat(200_000_000))}</row>`));
    const parts = workbook(bomb);
    const path = fileOf(zipped(parts));
    expect(await codeOf(rowsOf(path))).toMatch(/workbook_too_large|harmful_workbook/);
    const lying = parts.map((part) => (part.name.endsWith('sheet1.xml') ? { ...part, says: 1_000 } : part));
    expect(await codeOf(rowsOf(fileOf(zipped(lying))))).toMatch(/workbook_too_large|broken_workbook/);
  });

  it('many small cells that inflate beyond measure', async () => {
    const row = '<row><c><v>1</v></c></row>';
    const bomb = sheetWith(row.repeat(3_000_000));
    expect(await codeOf(rowsOf(fileOf(zipped(workbook(bomb)))))).toBe('workbook_too_large');
  });

  it('shared texts that inflate beyond measure', async () => {
    const shared = `<sst>${`<si><t>${'a'.repeat(1000)}</t></si>`.repeat(100_000)}</sst>`;
    const path = fileOf(zipped(workbook(sheetWith(''), { shared })));
    expect(await codeOf(openTable(path, {}))).toBe('workbook_too_large');
  });

  it('an archive of countless parts', async () => {
    const parts = Array.from({ length: 20_001 }, (_, at) => ({ name: `p${at}`, bytes: '' }));
    expect(await codeOf(openTable(fileOf(zipped(parts)), {}))).toBe('workbook_too_large');
  });

  it('entities that grow, entities that fetch, and any other document type', async () => {
    const laughs = `<!DOCTYPE lolz [<!ENTITY a "lol">${[...'bcdefghij'].map((name, at) => `<!ENTITY ${name} "${`&${'abcdefghi'[at]};`.repeat(10)}">`).join('')}]>`;
    const outside = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>';
    for (const type of [laughs, outside, '<!DOCTYPE worksheet>']) {
      const sheet = `${type}${sheetWith(`<row r="2">${inline('A2', '&a;')}</row>`)}`;
      expect(await codeOf(rowsOf(fileOf(zipped(workbook(sheet)))))).toBe('harmful_workbook');
    }
  });

  it('elements in elements without end, and one endless attribute', async () => {
    expect(await codeOf(rowsOf(fileOf(zipped(workbook(sheetWith('<x>'.repeat(200)))))))).toBe(
      'harmful_workbook',
    );
    const noise = Array.from({ length: 500_000 }, (_, at) => (at * 7919).toString(36)).join(' ');
    const long = sheetWith(`<row r="2" spans="${noise} ${noise} ${noise}"/>`);
    expect(await codeOf(rowsOf(fileOf(zipped(workbook(long)))))).toBe('harmful_workbook');
  });

  it('a cell in a column that no spreadsheet has', async () => {
    expect(
      await codeOf(rowsOf(fileOf(zipped(workbook(sheetWith(`<row r="2">${inline('ZZZZ2', 'x')}</row>`)))))),
    ).toBe('too_many_columns');
  });

  it('other formats, by what they are', async () => {
    expect(await codeOf(openTable(fileOf(zipped([{ name: 'content.xml', bytes: '<a/>' }])), {}))).toBe(
      'not_a_table',
    );
    expect(await codeOf(openTable(fileOf(Buffer.from('d0cf11e0a1b11ae10000', 'hex')), {}))).toBe('not_csv');
    expect(await codeOf(openTable(fileOf(zipped(workbook(sheetWith(''))).subarray(0, 400)), {}))).toBe(
      'broken_workbook',
    );
    expect(await codeOf(openTable(fileOf(Buffer.from('PK\x03\x04')), {}))).toBe('broken_workbook');
  });

  it('a workbook cut off or overwritten at any place is refused or read, and breaks nothing', async () => {
    const whole = zipped(workbook(sheetWith(`<row r="2">${inline('A2', 'Acme')}</row>`)));
    for (let at = 4; at < whole.length; at += 13) {
      const cut = whole.subarray(0, at);
      const torn = Buffer.from(whole);
      torn[at] = torn[at]! ^ 0xff;
      for (const bytes of [cut, torn]) expect(await codeOf(rowsOf(fileOf(bytes)))).toBeTypeOf('string');
    }
  });
});

const sets = join(import.meta.dirname, '../../../../../shared/data/imports/xlsx');

/**
 * Where we and the program that wrote the CSV differ on purpose: it writes what it shows, we give what is there.
 * A number is shown rounded or in another notation, a date in the program's own order, a letter that its code page
 * lacks as a replacement.
 */
function means(shown: string, ours: string): boolean {
  const clean = (text: string): string => text.replace(/\r\n?/g, '\n').trim();
  if (clean(shown) === clean(ours)) return true;
  if (/^[#]+$/.test(shown)) return true; // too narrow a column
  if (/[_\ufffd]/.test(shown) && shown.length === ours.length) return /[^\0-\x7f]/.test(ours);
  const number = Number(ours.replace(/^\D*(?=-?\d)|%$/g, '')) / (ours.endsWith('%') ? 100 : 1);
  const parts = /^\D*?(-?)\(?([\d,]*(?:\.(\d*))?)(E[+-]\d+)?(%?)\)?\D*$/.exec(shown.trim());
  if (!parts || Number.isNaN(number)) return false;
  const [, minus, digits, fraction = '', power = '', share] = parts;
  const value = Number(`${digits!.replaceAll(',', '')}${power}`) / (share ? 100 : 1);
  const step = 10 ** (Number(power.slice(1) || 0) - fraction.length - (share ? 2 : 0));
  const negative = minus === '-' || shown.includes('(') || shown.trim().startsWith('-');
  return (
    Math.abs((negative ? -value : value) - number) <= step * 0.5000001 ||
    Math.abs(value - Math.abs(number)) <= step * 0.5000001
  );
}

/** Sheets that show one row of numbers in every format there is: their numbers are compared with that row. */
const ofFormats = /LONumbers|number_format_russian|number_format_entities/;
/** Cells whose formula has an error in that program, though a value was saved with it; days in its own order. */
const asSaved = new Set(['#NAME?']);
const day = /^\d{1,2}\/\d{1,2}\/\d{2,4}$|^\d{1,2}:\d{2} [AP]M$/;

describe.skipIf(!existsSync(sets))('files of the world (shared/data/imports/xlsx)', () => {
  const all = existsSync(sets)
    ? readdirSync(sets, { recursive: true, encoding: 'utf8' }).filter((name) => /\.xls[xm]$/.test(name))
    : [];

  it.each(all)('%s is read as its program shows it', async (name) => {
    const path = join(sets, name);
    const book = await openWorkbook(path);
    for (const [at, sheet] of book.sheets.entries()) {
      const ours: string[][] = [];
      for await (const { rows } of sheetRows(book, sheet, '.'))
        for (const { line, cells } of rows) ours[line - 1] = cells;
      const csv = `${path}.${at}.csv`;
      if (!existsSync(csv) || ofFormats.test(name)) continue;
      const shown = await openCsv(csv, {
        header: 'none',
        delimiter: 'comma',
        encoding: isUtf8(readFileSync(csv)) ? 'utf-8' : 'macintosh',
      });
      for await (const { rows } of shown.rows()) {
        for (const { cells } of rows) {
          // A cell of several lines moves those below it in the CSV: rows are met in their order instead.
          const row = ours.find((one) => one && cells.every((cell, column) => fits(cell, one[column] ?? '')));
          expect(row, `${name} ${sheet.name}: ${cells.join(' | ')}`).toBeDefined();
        }
      }
    }
  });

  it('numbers in every format there is are the numbers that are there', async () => {
    const book = await openWorkbook(join(sets, 'sheetjs/number_format_russian.xlsm'));
    const sheet = book.sheets.find(({ name }) => name === 'SSF')!;
    const rows: string[][] = [];
    for await (const piece of sheetRows(book, sheet, '.')) rows.push(...piece.rows.map(({ cells }) => cells));
    const numbers = rows[0]!.slice(1).map(Number);
    expect(numbers).toHaveLength(10);
    for (const row of rows.slice(1, 3)) expect(row.slice(1).map(Number)).toEqual(numbers);
  });

  it('hidden sheets are known as hidden, and not read unless they are named', async () => {
    const path = join(sets, 'sheetjs/sheet_visibility.xlsx');
    const file = await openTable(path, {});
    expect(file.sheet).toEqual({ name: 'Visible', others: ['Hidden', 'VeryHidden'] });
    expect((await cellsOf(path, 'VeryHidden'))[0]!.join('')).toContain('V');
  });

  it('days of a workbook that counts from 1904 are the days that are shown', async () => {
    const book = await openWorkbook(join(sets, 'exceljs/1904.xlsx'));
    expect(book.date1904).toBe(true);
    const cells: string[][] = [];
    for await (const { rows } of sheetRows(book, book.sheets[0]!, '.'))
      cells.push(...rows.map((row) => row.cells));
    expect(cells.at(-1)).toEqual(['', '1904-01-01']);
  });
});

const fits = (shown: string, ours: string): boolean =>
  means(shown, ours) ||
  asSaved.has(shown) ||
  (day.test(shown) && /^\d{4}-\d{2}-\d{2}|^\d{2}:\d{2}/.test(ours));
