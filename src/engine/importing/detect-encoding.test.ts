import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { isProblem } from '../../core/errors/problem.ts';
import { detectEncoding } from './detect-encoding.ts';
import { fileBytes } from './file-bytes.ts';

const folder = mkdtempSync(join(tmpdir(), 'groundwork-encoding-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** `text` is bytes, one a character. */
async function found(text: string, asked?: string) {
  const path = join(folder, 'file.csv');
  writeFileSync(path, Buffer.from(text, 'latin1'));
  try {
    return detectEncoding(await fileBytes(path), asked).name;
  } catch (error) {
    if (isProblem(error)) return error.body.code;
    throw error;
  }
}

test.each([
  ['plain ASCII', 'name,city\nAnna,Bern', 'utf-8'],
  ['UTF-8', 'name\nM\xc3\xbcller', 'utf-8'],
  ['UTF-8 with a mark', '\xef\xbb\xbfname\nx', 'utf-8'],
  ['UTF-16 with a mark', '\xff\xfen\0a\0m\0e\0', 'utf-16le'],
  ['UTF-16 without a mark', 'n\0a\0m\0e\0\n\0A\0n\0n\0a\0', 'utf-16le'],
  ['big-endian UTF-16 without a mark', '\0n\0a\0m\0e\0\n\0A\0n\0n\0a', 'utf-16be'],
  ['a mark of the wrong byte order', '\xfe\xffn\0a\0m\0e\0\n\0A\0n\0n\0a\0', 'utf-16le'],
  ['one NUL byte among text', 'a,b,c\n\0,2,3\n', 'utf-8'],
  ['French', 'name\nDr\xe0zen et Fran\xe7ois', 'windows-1252'],
  ['German', 'name,city\nM\xfcller,K\xf6ln', 'windows-1252'],
  ['Nordic', 'J\xf8rgen,\xc5se', 'windows-1252'],
  ['a Windows apostrophe', 'O\x92Brien', 'windows-1252'],
  ['a sign alone', '4,5,\xa9', 'windows-1252'],
  ['Polish', 'Gda\xf1sk,\xa3\xf3d\x9f,\xb3\xb9ka', 'windows-1250'],
  ['Polish by ISO', 'Gda\xf1sk,\xa3\xf3d\xbc,\xb3\xb1ka,S\xb3awomir,\xb6wi\xeaty', 'iso-8859-2'],
  [
    'Russian',
    '\xcf\xe5\xf0\xe2\xee\xec\xe0\xe9\xf1\xea\xe8\xe9,\xd1\xf2\xe0\xed\xe8\xf6\xe0',
    'windows-1251',
  ],
  ['Russian in KOI8', '\xf0\xc5\xd2\xd7\xcf\xcd\xc1\xca\xd3\xcb\xc9\xca', 'koi8-r'],
  ['a letter that could be either', 'name\n\xa3ukasz', 'encoding_unclear'],
])('finds the encoding of %s', async (_, text, encoding) => expect(await found(text)).toBe(encoding));

test('what the caller says holds, where it can be', async () => {
  expect(await found('name\n\xa3ukasz', 'windows-1250')).toBe('windows-1250');
  expect(await found('name\nM\xfcller', 'Latin1')).toBe('windows-1252');
  expect(await found('name\nM\xfcller', 'utf-8')).toBe('not_utf8');
  expect(await found('name', 'klingon')).toBe('unknown_encoding');
});

test('an unclear encoding is told with how the names would read', async () => {
  const path = join(folder, 'unclear.csv');
  writeFileSync(path, Buffer.from('name\n\xa3ukasz', 'latin1'));
  const bytes = await fileBytes(path);
  expect(() => detectEncoding(bytes)).toThrow(/windows-1252 \(“£ukasz”\), windows-1250 \(“Łukasz”\)/);
});

test('one umlaut at the end of a large file is enough to tell', async () => {
  expect(await found(`name\n${'Anna Berg\n'.repeat(300_000)}M\xfcller\n`)).toBe('windows-1252');
  expect(await found(`name\n${'Anna Berg\n'.repeat(300_000)}M\xc3\xbcller\n`)).toBe('utf-8');
  // Characters of two bytes, cut by every odd boundary.
  expect(await found(`x${Buffer.from('ü'.repeat(1_200_000)).toString('latin1')}`)).toBe('utf-8');
});

test.each([
  ['an Excel file', 'PK\x03\x04rest', 'not_csv'],
  ['an old Excel file', '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest', 'not_csv'],
  ['an empty file', '', 'empty_file'],
])('%s is refused in a sentence', async (_, text, code) => expect(await found(text)).toBe(code));

const data = join(import.meta.dirname, '../../../../shared/data/imports/encodings');
describe.skipIf(!existsSync(data))(
  'the encodings of real texts (skipped: ../shared/data is not here)',
  () => {
    // The folder's name is the true encoding; where two give the same text, either is right.
    test.each([
      ['ascii', 'utf-8'],
      ['utf8', 'utf-8'],
      ['utf16le', 'utf-16le'],
      ['utf32be', 'utf-32be'],
      ['utf32le', 'utf-32le'],
      ['big5', 'big5'],
      ['euc_jp', 'euc-jp'],
      ['euc_kr', 'euc-kr'],
      ['gb18030', 'gb18030'],
      ['shiftjis', 'shift_jis'],
      ['iso2022jp', 'iso-2022-jp'],
      ['iso88592_cs', 'iso-8859-2'],
      ['iso88595_ru', 'iso-8859-5'],
      ['iso88596_ar', 'iso-8859-6'],
      ['iso88597_el', 'iso-8859-7'],
      ['iso88598_he', 'windows-1255'],
      ['iso88599_tr', 'windows-1254'],
      ['koi8r', 'koi8-r'],
      ['windows_1250', 'windows-1250'],
      ['windows_1251', 'windows-1251'],
      ['windows_1252', 'windows-1252'],
      ['windows_1253', 'windows-1253'],
      ['windows_1254', 'windows-1254'],
      ['windows_1255', 'windows-1255'],
      ['windows_1256', 'windows-1256'],
      ['windows_1257_et', 'windows-1257'],
      ['windows_1257_lt', 'windows-1257'],
      ['windows_1257_lv', 'windows-1257'],
      ['windows_1258', 'windows-1258'],
      ['windows_874', 'windows-874'],
    ])('%s is read as %s', async (file, encoding) => {
      expect(detectEncoding(await fileBytes(join(data, file))).name).toBe(encoding);
    });

    test.each(['iso2022cn', 'iso2022kr'])(
      '%s, which nothing reads any more, is refused instead of garbled',
      async (file) => {
        const bytes = await fileBytes(join(data, file));
        expect(() => detectEncoding(bytes)).toThrow(/old Korean or Chinese/);
      },
    );
  },
);
