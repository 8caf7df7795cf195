import { expect, test } from 'vitest';
import { filterCondition, filterParts } from './filter-parts.ts';

test('every short form is read as its field, operator and argument', () => {
  expect(
    filterParts({ stage: ['new', 'won'], owner: '$me', closed_on: null, amount: { gte: 10, lt: 20 } }),
  ).toEqual([
    { test: { path: 'stage', operator: 'in', argument: ['new', 'won'] } },
    { test: { path: 'owner', operator: 'eq', argument: '$me' } },
    { test: { path: 'closed_on', operator: 'missing', argument: true } },
    { test: { path: 'amount', operator: 'gte', argument: 10 } },
    { test: { path: 'amount', operator: 'lt', argument: 20 } },
  ]);
});

test('what the builder cannot take apart is kept whole', () => {
  const any = { any: [{ stage: 'new' }, { stage: 'won' }] };
  const related = { activities: { none: { type: 'call' } } };
  expect(filterParts({ all: [any, related] })).toEqual([{ whole: any }, { whole: related }]);
  expect(filterCondition(filterParts({ all: [any, related] }))).toEqual({ all: [any, related] });
});

test('reading and writing a condition keeps its meaning', () => {
  const where = { all: [{ 'account.industry': { eq: 'software' } }, { amount: { gte: 10 } }] };
  expect(filterCondition(filterParts(where))).toEqual(where);
  expect(filterCondition([])).toBeUndefined();
});
