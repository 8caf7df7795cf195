import { defineOperator } from '../../core/kinds/operator.ts';
import { sql } from '../../core/sql/sql.ts';
import { compare } from './compare.ts';
import { isTemporal } from './temporal.ts';

export const lte = defineOperator({
  key: 'lte',
  needs: ['ordered'],
  argument: 'value',
  sql: ({ left, args: [value] }) => sql`${left} <= ${value}`,
  matches: (left, [value]) => {
    const order = compare(left, value);
    return order !== undefined && order <= 0;
  },
  explain: ([value], _flag, field) => `${isTemporal(field) ? 'is on or before' : 'is at most'} ${value}`,
});
