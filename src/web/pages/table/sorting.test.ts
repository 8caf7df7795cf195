import { expect, test } from 'vitest';
import { clickSort, readSort, writeSort } from './sorting.ts';

test('a head that is clicked sorts up, then down, then not at all', () => {
  const up = clickSort([], 'amount', false);
  expect(writeSort(up)).toBe('amount');
  const down = clickSort(up, 'amount', false);
  expect(writeSort(down)).toBe('-amount');
  expect(writeSort(clickSort(down, 'amount', false))).toBeUndefined();
});

test('with shift a further column sorts within the first, which keeps its place', () => {
  const both = clickSort(readSort('-amount'), 'name', true);
  expect(writeSort(both)).toBe('-amount,name');
  expect(writeSort(clickSort(both, 'amount', true))).toBe('name');
});
