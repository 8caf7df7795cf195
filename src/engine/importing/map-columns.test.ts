import { expect, test } from 'vitest';
import { isProblem, type Issue } from '../../core/errors/problem.ts';
import { kinds } from '../../kinds/index.ts';
import { loadPacks } from '../definitions/packs.ts';
import { buildCatalog } from '../../core/catalog/build.ts';
import { noDefinitions } from '../../core/definitions/index.ts';
import { mapColumns } from './map-columns.ts';
import { parseMapping } from './mapping-file.ts';
import { survey } from './survey.ts';
import type { TableColumn, TableFile } from './table-file.ts';

const definitions = noDefinitions();
for (const pack of loadPacks())
  for (const { sort, key, definition } of pack.entries)
    Object.assign(definitions[sort], { [key]: definition });
const { catalog } = buildCatalog(definitions, kinds, 1);

const columns = (...names: (string | TableColumn)[]): TableColumn[] =>
  names.map((name) => (typeof name === 'string' ? { name } : name));
const map = (object: string, header: TableColumn[], mapping?: string, key?: string) =>
  mapColumns({
    catalog,
    object: catalog.objects.get(object)!,
    header,
    writable: (field) => !field.maintained && field.key !== 'notes',
    mapping: mapping === undefined ? undefined : parseMapping(mapping),
    key,
  });
const fields = (object: string, ...names: string[]): Record<string, string> =>
  Object.fromEntries(
    map(object, columns(...names)).columns.map(({ header, field, rest }) => [
      header,
      [field.key, rest?.key].filter(Boolean).join('+'),
    ]),
  );
const issuesOf = (work: () => unknown): readonly Issue[] => {
  try {
    work();
  } catch (error) {
    if (isProblem(error)) return error.body.errors;
    throw error;
  }
  return [];
};

test('columns of the real sales data map by name and synonym', () => {
  expect(fields('accounts', 'account', 'sector', 'revenue', 'employees', 'subsidiary_of')).toEqual({
    account: 'name',
    sector: 'industry',
    revenue: 'revenue',
    employees: 'employees',
    subsidiary_of: 'parent',
  });
  expect(fields('products', 'product', 'series', 'sales_price')).toEqual({
    product: 'name',
    series: 'family',
    sales_price: 'list_price',
  });
});

test('surname and dob are what they are called elsewhere', () => {
  expect(fields('contacts', 'Forename', 'Surname', 'DOB', 'E-Mail')).toEqual({
    Forename: 'first_name',
    Surname: 'last_name',
    DOB: 'birth_date',
    'E-Mail': 'email',
  });
});

test('case, accents, blanks and punctuation do not matter', () => {
  expect(fields('contacts', 'LAST-NAME', 'Prénom', ' e mail ')).toEqual({
    'LAST-NAME': 'last_name',
    Prénom: 'first_name',
    ' e mail ': 'email',
  });
});

test('a column that names the object, or says whose field it is, is understood', () => {
  expect(fields('leads', 'Lead Email', 'Lead: phone')).toEqual({
    'Lead Email': 'email',
    'Lead: phone': 'phone',
  });
  expect(fields('contacts', 'Account ID')).toEqual({ 'Account ID': 'account' });
});

test('a whole name goes to first and last name where nothing else does', () => {
  expect(fields('contacts', 'Full Name', 'email')['Full Name']).toBe('first_name+last_name');
  expect(fields('contacts', 'Full Name', 'Last name')['Full Name']).toBeUndefined();
});

test('the most exact match wins and a field is filled once', () => {
  const found = map('accounts', columns('Company', 'name', 'Firma'));
  expect(found.columns.map(({ header, field }) => [header, field.key])).toEqual([['name', 'name']]);
  expect(found.skipped).toEqual([
    { header: 'Company', why: 'Name is filled by “name”' },
    { header: 'Firma', why: 'Name is filled by “name”' },
  ]);
});

test('of several columns for a field the one wins whose name stands first among the synonyms', () => {
  const found = map('contacts', columns('Business phone', 'Phone number', 'Mobile'));
  expect(found.columns.map(({ header, field }) => [header, field.key])).toEqual([['Mobile', 'phone']]);
  expect(found.skipped.map(({ header }) => header)).toEqual(['Phone number', 'Business phone']);
});

test('a column without a field is listed, as is the second of one name', () => {
  const found = map(
    'contacts',
    columns('Email', { name: 'Email (2)', renamed: 'repeated' }, 'Shoe size', 'Notes'),
  );
  expect(found.skipped.map(({ header }) => header)).toEqual(['Email (2)', 'Shoe size', 'Notes']);
});

test('a mapping says which column, value and constant, and may skip a column', () => {
  const found = map(
    'deals',
    columns('title', 'Kunde', 'sum', 'close', 'stage'),
    `
columns: { title: name, Kunde: account.domain, sum: amount, close: null, STAGE: stage }
values: { stage: { Offen: new, Weg: null } }
constants: { source: trade_fair }
key: name
`,
  );
  expect(found.columns.map(({ header, field, by }) => [header, field.key, by])).toEqual([
    ['title', 'name', undefined],
    ['Kunde', 'account', 'domain'],
    ['sum', 'amount', undefined],
    ['stage', 'stage', undefined],
  ]);
  expect(found.values.get('stage')).toEqual(
    new Map([
      ['offen', 'new'],
      ['weg', null],
    ]),
  );
  expect(found.constants.map(({ field, value }) => [field.key, value])).toEqual([['source', 'trade_fair']]);
  expect(found.key!.key).toBe('name');
});

test.each([
  ['a column that is not there', 'columns: { nom: name }', 'unknown_column'],
  ['a field that is not there', 'columns: { a: nmae }', 'unknown_field'],
  ['a field that the CRM keeps', 'columns: { a: created_at }', 'unknown_field'],
  ['a field that the caller may not write', 'constants: { notes: x }', 'unknown_field'],
  ['a field twice', 'columns: { a: name, b: name }', 'field_twice'],
  ['a template of a column that is not there', "templates: { name: '{nope}' }", 'unknown_column'],
  ['a template without a column', 'templates: { name: x }', 'no_column_named'],
  ['a template for what a column fills', "columns: { a: name }\ntemplates: { name: '{b}' }", 'field_twice'],
  ['a template for a field that is not there', "templates: { nmae: '{b}' }", 'unknown_field'],
  ['a linked field that is not there', 'columns: { a: parent.nope }', 'unknown_field'],
  [
    'values of a field that is not there',
    'columns: { a: name }\nvalues: { nope: { x: y } }',
    'unknown_field',
  ],
  ['a key that no column fills', 'columns: { a: name }\nkey: domain', 'no_key_column'],
  ['a key that cannot be compared', 'columns: { a: name, b: street }\nkey: nope', 'unknown_field'],
  ['a part that mapping files do not have', 'colums: { a: name }', 'unknown_part'],
  ['an order that is none', 'date_order: sideways', 'bad_mapping'],
  ['broken YAML', 'columns: {', 'bad_yaml'],
  ['a list', '- a', 'bad_mapping'],
  ['a name of the language', 'columns: { a: __proto__ }', 'unknown_field'],
])('a mapping with %s is refused before anything is read', (_, mapping, code) => {
  const issues = issuesOf(() => map('accounts', columns('a', 'b'), mapping));
  expect(issues.map((found) => found.code)).toContain(code);
  expect(issues.every((found) => found.fix.say.length > 3)).toBe(true);
});

test('a mistyped part or field is answered with the one that was meant', () => {
  expect(issuesOf(() => map('accounts', columns('a'), 'colums: { a: name }'))[0]!.fix.say).toBe(
    'Did you mean “columns”?',
  );
  expect(issuesOf(() => map('accounts', columns('a'), 'columns: { a: nam }'))[0]!.fix.say).toBe(
    'Did you mean “name”?',
  );
});

test('a file of which no column is known is refused with the fields there are', () => {
  const [found] = issuesOf(() => map('accounts', columns('x', 'y')));
  expect(found).toMatchObject({ code: 'no_columns' });
});

const surveyed = async (header: string[], rows: string[][], object = 'deals', country = 'DE') => {
  const file = {
    header: columns(...header),
    async *rows() {
      yield { rows: rows.map((cells, at) => ({ row: at + 1, line: at + 2, cells, notes: [] })), bytes: 0 };
    },
  } as unknown as TableFile;
  return survey(file, map(object, file.header), { country });
};

test.each([
  ['day first, as one date proves', ['03/04/2026', '25/12/2026'], 'DE', 'dmy'],
  ['month first, as one date proves', ['03/04/2026', '12/25/2026'], 'DE', 'mdy'],
  ['day first, as nothing says otherwise', ['03/04/2026'], 'DE', 'dmy'],
  ['month first in the United States', ['03/04/2026'], 'US', 'mdy'],
  ['each by itself where the file contradicts itself', ['25/12/2026', '12/25/2026'], 'DE', undefined],
  ['each by itself where no order matters', ['2026-04-03', '3 April 2026'], 'DE', undefined],
])('dates are read %s', async (_, dates, country, order) => {
  const found = await surveyed(
    ['name', 'opened_on'],
    dates.map((date) => ['x', date]),
    'deals',
    country,
  );
  expect(found.text.dateOrder).toBe(order);
  if (dates.some((date) => date.includes('/'))) expect(found.notes.join()).toContain('“opened_on”');
});

test.each([
  ['a comma, as one number proves', ['1.234', '5,5'], ','],
  ['a point, as one number proves', ['1,234', '5.5'], '.'],
  ['each by itself where both occur', ['1,5', '1.5'], undefined],
  ['each by itself where none does', ['1234', '1.234'], undefined],
])('decimals are read with %s', async (_, amounts, decimal) => {
  const found = await surveyed(
    ['name', 'amount'],
    amounts.map((amount) => ['x', amount]),
  );
  expect(found.text.decimal).toBe(decimal);
});
