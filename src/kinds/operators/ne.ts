import { defineOperator } from '../../core/kinds/operator.ts';
import { sql } from '../../core/sql/sql.ts';
import { same } from './compare.ts';

/** True where the field is empty: what is missing is not the value. */
export const ne = defineOperator({
  key: 'ne',
  needs: ['equatable'],
  argument: 'value',
  several: 'not_in',
  sql: ({ left, args: [value] }) => sql`${left} IS DISTINCT FROM ${value}`,
  matches: (left, [value]) => !same(left, value),
  explain: ([value]) => `is not ${value}`,
});
