import { listed } from '../../core/conditions/sentence.ts';
import { defineOperator } from '../../core/kinds/operator.ts';
import { sql } from '../../core/sql/sql.ts';
import { same } from './compare.ts';

/** True where the field is empty, as `ne` is. */
export const notIn = defineOperator({
  key: 'not_in',
  needs: ['equatable'],
  argument: 'values',
  sql: ({ left, args: [values] }) => sql`(${left} = ANY(${values})) IS NOT TRUE`,
  matches: (left, [values]) => !(values as unknown[]).some((value) => same(left, value)),
  explain: (values) => `is not ${listed(values, 'or')}`,
});
