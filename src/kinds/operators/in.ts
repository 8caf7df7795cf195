import { listed } from '../../core/conditions/sentence.ts';
import { defineOperator } from '../../core/kinds/operator.ts';
import { sql } from '../../core/sql/sql.ts';
import { same } from './compare.ts';

export const isIn = defineOperator({
  key: 'in',
  needs: ['equatable'],
  argument: 'values',
  short: 'values',
  sql: ({ left, args: [values] }) => sql`${left} = ANY(${values})`,
  matches: (left, [values]) => (values as unknown[]).some((value) => same(left, value)),
  explain: (values) => `is ${listed(values, 'or')}`,
});
