/** Text made to take much: read in a process with a small heap, which must answer. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import type { Reading } from '../../testing/read-table.ts';

const folder = mkdtempSync(join(tmpdir(), 'groundwork-hostile-csv-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const reader = join(import.meta.dirname, '../../testing/read-table.ts');
let files = 0;

async function reading(text: string | Buffer): Promise<Reading> {
  const path = join(folder, `${files++}.csv`);
  writeFileSync(path, text);
  const heap = ['--max-old-space-size=192', '--max-semi-space-size=4'];
  const { stdout } = await promisify(execFile)(process.execPath, [...heap, reader, path], {
    timeout: 55_000,
  });
  return JSON.parse(stdout) as Reading;
}

const mega = 1024 * 1024;

describe('a text file takes little memory and time, whatever it holds', () => {
  it('short rows below a wide header are no more than a piece at a time', async () => {
    const head = Array.from({ length: 10_000 }, (_, at) => `c${at}`).join(',');
    expect(await reading(`${head}\n${'a\n'.repeat(30_000)}`)).toMatchObject({
      outcome: 'read',
      rows: 30_000,
    });
  });

  it('a row of millions of cells is refused, as a header and as a row', async () => {
    expect((await reading(','.repeat(2_000_000))).outcome).toBe('bad_header');
    const found = await reading(`a,b\n${'x,'.repeat(3_000_000)}\n1,2\n`);
    expect(found).toMatchObject({ outcome: 'read', rows: 2, refused: ['too_many_columns'] });
  });

  it.each([
    ['cells in quotation marks', '"a",'],
    ['cells with a stray quotation mark', '"a"b,'],
    ['cells with a stray quotation mark after a blank', '"a"b, '],
    ['doubled quotation marks', '""'],
    ['escaped quotation marks', '\\"'],
    ['blanks and quotation marks', '" '],
    ['NUL bytes', '\0'],
  ])('a line without end of %s', async (_, piece) => {
    const found = await reading(`a,b\n"1",2\n${piece.repeat((7 * mega) / piece.length)}\n3,4\n`);
    expect(found.outcome).toBe('read');
  });

  it('a cell that never ends, with and without a quotation mark before it', async () => {
    const long = Buffer.alloc(100 * mega, 'x');
    for (const start of ['a,b\n1,2\n', 'a,b\n1,"']) {
      const found = await reading(Buffer.concat([Buffer.from(start), long, Buffer.from('\n3,4\n')]));
      expect(found.outcome).toBe('read');
      expect(found.refused).toContain('record_too_large');
      expect(found.rows).toBeLessThanOrEqual(3);
    }
  });

  it('one letter of an old encoding after a megabyte of others', async () => {
    const old = Buffer.concat([
      Buffer.from('name,town\nAnna,'),
      Buffer.alloc(mega - 100, 'x '),
      Buffer.from([0xfc, 0x0a]),
    ]);
    const found = await reading(old);
    expect(found.outcome).toMatch(/^read$|^encoding_unclear$/);
  });
});
