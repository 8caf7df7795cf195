import { defineOperator } from '../../core/kinds/operator.ts';
import { sql } from '../../core/sql/sql.ts';
import { compare } from './compare.ts';

/** From now to that far ahead; for dates from today to that day. */
export const next = defineOperator({
  key: 'next',
  needs: ['temporal'],
  argument: 'duration',
  sql: ({ left, now, span }) => sql`${left} BETWEEN ${now} AND ${span!.ahead}`,
  matches: (left, _args, _flag, { now, span }) => {
    const [low, high] = [compare(left, now), compare(left, span!.ahead)];
    return low !== undefined && high !== undefined && low >= 0 && high <= 0;
  },
  explain: ([span]) => `is within the next ${span}`,
});
