import { defineOperator } from '../../core/kinds/operator.ts';
import { raw, sql } from '../../core/sql/sql.ts';
import { same } from './compare.ts';

export const has = defineOperator({
  key: 'has',
  needs: ['set'],
  argument: 'value',
  short: 'value',
  several: 'has_any',
  sql: ({ left, type, args: [value] }) => sql`${left} @> ARRAY[${value}]::${raw(`${type}[]`)}`,
  matches: (left, [value]) => Array.isArray(left) && left.some((member) => same(member, value)),
  explain: ([value]) => `includes ${value}`,
});
