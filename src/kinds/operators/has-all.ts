import { listed } from '../../core/conditions/sentence.ts';
import { defineOperator } from '../../core/kinds/operator.ts';
import { sql } from '../../core/sql/sql.ts';
import { same } from './compare.ts';

export const hasAll = defineOperator({
  key: 'has_all',
  needs: ['set'],
  argument: 'values',
  sql: ({ left, args: [values] }) => sql`${left} @> ${values}`,
  matches: (left, [values]) =>
    Array.isArray(left) && (values as unknown[]).every((value) => left.some((member) => same(member, value))),
  explain: (values) => `includes ${listed(values, 'and')}`,
});
