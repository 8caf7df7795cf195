import { defineOperator } from '../../core/kinds/operator.ts';
import { sql } from '../../core/sql/sql.ts';
import { compare } from './compare.ts';

/** Both ends belong to it. */
export const between = defineOperator({
  key: 'between',
  needs: ['ordered'],
  argument: 'range',
  sql: ({ left, args: [from, to] }) => sql`${left} BETWEEN ${from} AND ${to}`,
  matches: (left, [from, to]) => {
    const [low, high] = [compare(left, from), compare(left, to)];
    return low !== undefined && high !== undefined && low >= 0 && high <= 0;
  },
  explain: ([from, to]) => `is between ${from} and ${to}`,
});
