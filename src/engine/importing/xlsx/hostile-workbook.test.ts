/**
 * Small workbooks made to take much: each is read in a process with a small heap, which must answer. What they would
 * take without bounds is not a matter of a little: gigabytes, or hours.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { inline, sheetLink, workbook, zipped, type Part } from '../../../testing/made-workbook.ts';
import type { Reading } from '../../../testing/read-table.ts';
import { numberText } from './cell-text.ts';
import { numberFormat } from './number-format.ts';

const folder = mkdtempSync(join(tmpdir(), 'groundwork-hostile-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const reader = join(import.meta.dirname, '../../../testing/read-table.ts');
let files = 0;

/** With 128 MB of heap and a minute: both are many times what is needed, and a small part of what is asked for. */
async function reading(parts: readonly Part[], most = 64 * 1024): Promise<Reading> {
  const bytes = zipped(parts);
  expect(bytes.length).toBeLessThan(most);
  const path = join(folder, `${files++}.xlsx`);
  writeFileSync(path, bytes);
  const heap = ['--max-old-space-size=128', '--max-semi-space-size=4'];
  const { stdout } = await promisify(execFile)(process.execPath, [...heap, reader, path], {
    timeout: 55_000,
  });
  const found = JSON.parse(stdout) as Reading;
  expect(found.buffers).toBeLessThan(100);
  return found;
}

const sheet = (rows: string): string =>
  `<worksheet><sheetData><row r="1">${inline('A1', 'name')}</row>${rows}</sheetData></worksheet>`;
const cell = (index: string): string => `<c t="s"><v>${index}</v></c>`;

describe('a small workbook takes little memory, whatever it says', () => {
  it('no cell shows what no shared text is: bytes of the memory of the process', async () => {
    const shared = '<sst><si><t>one</t></si><si><t>two</t></si></sst>';
    const rows = `<row>${cell('0.5')}</row><row>${cell('-1')}</row><row>${cell('1e9')}</row>`.repeat(300);
    expect(await reading(workbook(sheet(rows), { shared }))).toMatchObject({ outcome: 'read', rows: 0 });
  });

  it('one long text in many cells of a row refuses the row', async () => {
    const shared = `<sst><si><t>${'x'.repeat(1_000_000)}</t></si></sst>`;
    const row = `<row>${cell('0').repeat(2_000)}</row>`;
    const found = await reading(workbook(sheet(row), { shared }));
    expect(found).toMatchObject({ outcome: 'read', rows: 1, refused: ['record_too_large'] });
  });

  it('one long text in a cell of many rows is refused for what it unpacks to', async () => {
    const shared = `<sst><si><t>${'x'.repeat(1_000_000)}</t></si></sst>`;
    const rows = `<row>${cell('0')}</row>`.repeat(20_000);
    expect((await reading(workbook(sheet(rows), { shared }))).outcome).toBe('workbook_too_large');
  });

  it('many long texts, each in one row, are no more than a piece at a time', async () => {
    const shared = `<sst>${`<si><t>${'x'.repeat(900_000)}</t></si>`.repeat(15)}</sst>`;
    const rows = Array.from({ length: 300 }, (_, at) => `<row>${cell(String(at % 15))}</row>`).join('');
    expect((await reading(workbook(sheet(rows), { shared }))).outcome).toMatch(/^read$|^workbook_too_large$/);
  });

  it('rows with one cell far to the right are no more than a piece at a time', async () => {
    const rows = '<row><c r="XFD1"><v>1</v></c></row>'.repeat(30_000);
    expect(await reading(workbook(sheet(rows)))).toMatchObject({ outcome: 'read', rows: 30_000 });
  });

  it('short rows below a wide header are no more than a piece at a time', async () => {
    const head = `<row><c r="XFD1"><v>1</v></c></row>`;
    const rows = `<worksheet><sheetData>${head}${'<row><c><v>1</v></c></row>'.repeat(30_000)}</sheetData></worksheet>`;
    expect(await reading(workbook(rows))).toMatchObject({ outcome: 'read', rows: 30_000 });
  });

  it('a cell of many pieces of text is refused by its length', async () => {
    const text = `${'x'.repeat(1_000)}<!--x-->`.repeat(10_000);
    const found = await reading(workbook(sheet(`<row>${inline('A2', text)}</row>`)));
    expect(found).toMatchObject({ outcome: 'read', refused: ['cell_too_large'] });
  });

  it('shared texts without a letter are counted', async () => {
    const shared = `<sst>${'<si/>'.repeat(3_000_000)}</sst>`;
    expect((await reading(workbook(sheet(''), { shared }))).outcome).toBe('read');
  });

  it('a cell with countless attributes, and names without end', async () => {
    const many = Array.from({ length: 3_000 }, (_, at) => ` a${at}=""`).join('');
    expect((await reading(workbook(sheet(`<row${many}/>`)))).outcome).toBe('harmful_workbook');
    const name = 'n'.repeat(100_000);
    expect((await reading(workbook(sheet(`<${name}>`.repeat(50))))).outcome).toBe('harmful_workbook');
  });

  it('countless styles, formats, links and sheets', async () => {
    const styles = `<styleSheet><cellXfs>${'<xf/>'.repeat(2_000_000)}</cellXfs></styleSheet>`;
    expect((await reading(workbook(sheet(''), { styles }))).outcome).toBe('harmful_workbook');
    const links = Array.from({ length: 100_000 }, (_, at) => sheetLink(`x${at}`, 'worksheets/sheet1.xml'));
    expect((await reading(workbook(sheet(''), { links: links.join('') }), 1024 * 1024)).outcome).toBe(
      'harmful_workbook',
    );
    const sheets = Array.from({ length: 5_000 }, (_, at) => `<sheet name="${at}" r:id="s"/>`).join('');
    expect((await reading(workbook('<worksheet/>', { sheets }))).outcome).toBe('harmful_workbook');
  });
});

describe('a small workbook takes little time, whatever it says', () => {
  it('one part that stands for many sheets is unpacked once', async () => {
    const empty = `<worksheet><sheetData>${'<row/>'.repeat(2_000_000)}</sheetData></worksheet>`;
    const names = Array.from({ length: 900 }, (_, at) => `<sheet name="${at}" r:id="s"/>`).join('');
    expect(await reading(workbook(empty, { sheets: names }))).toMatchObject({ outcome: 'read', rows: 0 });
  });

  it('parts that lie on each other are refused', async () => {
    const parts = workbook(sheet(''), {
      sheets: '<sheet name="Two" r:id="x"/>',
      links: sheetLink('x', 'worksheets/sheet2.xml'),
    });
    const over = { name: 'xl/worksheets/sheet2.xml', bytes: sheet(''), over: 3 };
    expect((await reading([...parts, over])).outcome).toBe('harmful_workbook');
  });

  it.each([
    ['blanks', `m${' '.repeat(400_000)}x`],
    ['many months and blanks', `m${' '.repeat(500)}`.repeat(800)],
    ['brackets that never close', '['.repeat(400_000)],
    ['hours that never close', '[h'.repeat(200_000)],
    ['signs of money that never close', '[$'.repeat(200_000)],
    ['quotation marks', '"'.repeat(400_001)],
  ])('a format of numbers of %s', async (_, code) => {
    const escaped = code.replaceAll('"', '&quot;');
    const styles = `<styleSheet><numFmts><numFmt numFmtId="170" formatCode="${escaped}"/></numFmts><cellXfs><xf numFmtId="170"/></cellXfs></styleSheet>`;
    const rows = '<row r="2"><c s="0"><v>1</v></c></row>';
    expect((await reading(workbook(sheet(rows), { styles }))).outcome).toMatch(/^read$|^harmful_workbook$/);
  });

  it('a format that many styles name is judged once', () => {
    const code = `${'[$'.repeat(120)}m`;
    const formats = Array.from({ length: 50_000 }, () => numberFormat(170, code));
    expect(formats.at(-1)).toEqual({ kind: 'date' });
  });

  it('a name of a part without end', async () => {
    const name = 'workbook'.repeat(8_000);
    expect((await reading([{ name, bytes: 'x' }], 256 * 1024)).outcome).toBe('harmful_workbook');
  });

  it('characters that XML forbids, without end', async () => {
    // A text in UTF-16 may hold halves of characters, each of which the parser makes an error of.
    const text = `<worksheet><sheetData><row>${inline('A1', `name${'\udc00 '.repeat(1_000_000)}`)}</row></sheetData></worksheet>`;
    const wide = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);
    expect((await reading(workbook(wide))).outcome).toBe('harmful_workbook');
  });
});

describe('a number that no spreadsheet shows is text', () => {
  const how = { date1904: false, decimal: '.' } as const;
  it.each([
    ['1e308', { kind: 'percent' }],
    ['-1e308', { kind: 'percent' }],
    ['2958465.9999999', { kind: 'date' }],
    ['1e300', { kind: 'elapsed' }],
    ['-1e300', { kind: 'datetime' }],
  ] as const)('%s, as %o', (stored, format) => {
    expect(Number(numberText(stored, format, how).replace('%', ''))).toBeCloseTo(Number(stored), 0);
  });

  it('a row’s number beyond every sheet is not believed', async () => {
    const found = await reading(workbook(sheet(`<row r="1e300">${inline('A2', 'x')}</row>`)));
    expect(found).toMatchObject({ outcome: 'read', rows: 1 });
  });
});
