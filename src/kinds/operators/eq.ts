import { defineOperator } from '../../core/kinds/operator.ts';
import { sql } from '../../core/sql/sql.ts';
import { same } from './compare.ts';

export const eq = defineOperator({
  key: 'eq',
  needs: ['equatable'],
  argument: 'value',
  short: 'value',
  several: 'in',
  sql: ({ left, args: [value] }) => sql`${left} = ${value}`,
  matches: (left, [value]) => same(left, value),
  explain: ([value]) => `is ${value}`,
});
