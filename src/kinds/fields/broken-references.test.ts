import { expect, test } from 'vitest';
import { fieldTypes } from './index.ts';
import { sampleCatalog, sampleField } from './sample-catalog.ts';

const catalog = sampleCatalog();

test('a choice of a list that is not there is found, with the name that was meant', () => {
  for (const type of [fieldTypes.choice, fieldTypes.multi_choice]) {
    expect(type.check!(sampleField(type, { list: 'industry' }), catalog)).toEqual([]);
    expect(type.check!(sampleField(type, { list: 'industri' }), catalog)).toMatchObject([
      {
        path: 'objects.deals.fields.value.list',
        code: 'unknown_list',
        fix: { say: 'Did you mean “industry”?' },
      },
    ]);
  }
});

test('a link to an object that is not there is found', () => {
  expect(fieldTypes.link.check!(sampleField(fieldTypes.link, { to: 'accounts' }), catalog)).toEqual([]);
  expect(fieldTypes.link.check!(sampleField(fieldTypes.link, { to: 'acounts' }), catalog)).toMatchObject([
    { path: 'objects.deals.fields.value.to', code: 'unknown_object' },
  ]);
});

test('a text too long for an index may not be unique', () => {
  const check = (maxLength: number, unique: boolean) =>
    fieldTypes.text.check!(sampleField(fieldTypes.text, { maxLength }, { unique }), catalog).map(
      ({ code }) => code,
    );
  expect(check(500, true)).toEqual([]);
  expect(check(501, false)).toEqual([]);
  expect(check(501, true)).toEqual(['too_long_to_index']);
});

test('a computed field is either a condition or an expression with its result', () => {
  const fine = (settings: unknown): boolean => fieldTypes.computed.settings.safeParse(settings).success;
  expect(fine({ condition: { amount: 1 } })).toBe(true);
  expect(fine({ expression: { field: 'amount' }, result: 'number' })).toBe(true);
  expect(fine({})).toBe(false);
  expect(fine({ condition: { amount: 1 }, expression: 1, result: 'number' })).toBe(false);
  expect(fine({ condition: { amount: 1 }, result: 'yes_no' })).toBe(false);
  expect(fine({ expression: 1 })).toBe(false);
});

test('what a phone number is looked for by is its digits, as they stand in the number', () => {
  const { fragment } = fieldTypes.phone;
  const field = sampleField(fieldTypes.phone);
  const found = (text: string): boolean => '+4930901820'.includes(fragment!(text, field, undefined as never));
  expect(['030 90', '0049 30', '+49 (30)', '901 820'].every(found)).toBe(true);
  expect(found('nobody')).toBe(false);
});
