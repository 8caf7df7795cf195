import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csvTokenizer, maxCell, type CsvRecord, type Dialect } from './tokenize-csv.ts';

const comma: Dialect = { delimiter: ',', newline: '\n' };
const read = (text: string, dialect = comma, size = text.length || 1): CsvRecord[] => {
  const tokens = csvTokenizer(dialect);
  const records: CsvRecord[] = [];
  for (let at = 0; at < text.length; at += size) records.push(...tokens.push(text.slice(at, at + size)));
  return [...records, ...tokens.end()];
};
const cells = (text: string, dialect = comma): string[][] =>
  read(text, dialect).map((record) => record.cells);

test.each([
  [
    'plain cells',
    'a,b\n1,2\n',
    [
      ['a', 'b'],
      ['1', '2'],
    ],
  ],
  [
    'no line end at the end',
    'a,b\n1,2',
    [
      ['a', 'b'],
      ['1', '2'],
    ],
  ],
  [
    'Windows line ends',
    'a,b\r\n1,"2"\r\n',
    [
      ['a', 'b'],
      ['1', '2'],
    ],
  ],
  ['a delimiter in quotes', '"a,b",c', [['a,b', 'c']]],
  [
    'a line break in quotes',
    '"a\nb",c\nd,e',
    [
      ['a\nb', 'c'],
      ['d', 'e'],
    ],
  ],
  ['doubled quotes', '"say ""hi""",""""', [['say "hi"', '"']]],
  [
    'empty cells',
    ',,\n"",,x',
    [
      ['', '', ''],
      ['', '', 'x'],
    ],
  ],
  [
    'a trailing delimiter',
    'a,\nb,',
    [
      ['a', ''],
      ['b', ''],
    ],
  ],
  ['blank lines left out', '\n\na\n\r\n\nb\n', [['a'], ['b']]],
  ['spaces around quotes', 'a, "b, c" ,d', [['a', 'b, c', 'd']]],
  ['spaces kept without quotes', ' a , b', [[' a ', ' b']]],
  ['inches inside quotes', '"12" monitor",x', [['12" monitor', 'x']]],
  ['text after a closing quote', '"abc"def,"x",y', [['abcdef', 'x', 'y']]],
  ['a quote inside a plain cell', '5" pipe,x', [['5" pipe', 'x']]],
])('reads %s', (_, text, expected) => expect(cells(text)).toEqual(expected));

test('reads old Mac line ends and other delimiters', () => {
  expect(cells('a;b\r"1\r2";3\r', { delimiter: ';', newline: '\r' })).toEqual([
    ['a', 'b'],
    ['1\r2', '3'],
  ]);
});

test('names the line on which each record begins', () => {
  expect(read('a\n\n"b\nc\nd"\ne\n').map((record) => record.line)).toEqual([1, 3, 6]);
});

test('says where quotes were unclear', () => {
  expect(read('"a" b,c\n"d",e\n5" f,g').map((record) => record.stray)).toEqual([true, false, true]);
});

test('a quote that never closes costs its own line and no other', () => {
  expect(read('a,b\n1,"x\n2,y\n3,z\n')).toMatchObject([
    { line: 1, cells: ['a', 'b'] },
    { line: 2, cells: [], flaw: 'unclosed_quote', raw: '1,"x' },
    { line: 3, cells: ['2', 'y'] },
    { line: 4, cells: ['3', 'z'] },
  ]);
});

test('a quote that never closes does not swallow lines up to the next quoted cell', () => {
  expect(read('1,"x\n2,"y"\n3,z')).toMatchObject([
    { line: 1, flaw: 'unclosed_quote' },
    { line: 2, cells: ['2', 'y'] },
    { line: 3, cells: ['3', 'z'] },
  ]);
});

test('a cell of more than a megabyte is refused with its line and the next record is read', () => {
  const records = read(`a,b\n1,"${'x'.repeat(maxCell + 1)}"\n2,y\n`, comma, 65_536);
  expect(records).toMatchObject([
    { line: 1 },
    { line: 2, flaw: 'cell_too_large' },
    { line: 3, cells: ['2', 'y'] },
  ]);
  expect(records[1]!.raw!.length).toBeLessThan(1_000);
});

test('a line without end is refused while it is read and the next record is read', () => {
  const records = read(`a\n${'x'.repeat(9 * maxCell)}\nb\n`, comma, 65_536);
  expect(records).toMatchObject([
    { line: 1 },
    { line: 2, flaw: 'record_too_large' },
    { line: 3, cells: ['b'] },
  ]);
});

test('it does not matter how the text is cut into pieces', () => {
  const piece = fc.constantFrom('a', '"', '""', ',', '\n', '\r\n', ' ', '\r', 'xyz', '","', '"\n"');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), fc.integer({ min: 1, max: 7 }), (pieces, size) => {
      const text = pieces.join('');
      expect(read(text, comma, size)).toEqual(read(text));
    }),
    { numRuns: 3_000 },
  );
});

test('what is written by the rules of RFC 4180 is read as it was', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', ' ', 'é', ';') });
  const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 6 });
  fc.assert(
    fc.property(table, (rows) => {
      const text = rows
        .map((row) => row.map((value) => `"${value.replaceAll('"', '""')}"`).join(','))
        .join('\n');
      expect(cells(text)).toEqual(rows);
    }),
  );
});
