import { defineOperator } from '../../core/kinds/operator.ts';
import { sql } from '../../core/sql/sql.ts';
import { compare } from './compare.ts';

/** From that long ago up to now; for dates from that day up to today. */
export const within = defineOperator({
  key: 'within',
  needs: ['temporal'],
  argument: 'duration',
  sql: ({ left, now, span }) => sql`${left} BETWEEN ${span!.ago} AND ${now}`,
  matches: (left, _args, _flag, { now, span }) => {
    const [low, high] = [compare(left, span!.ago), compare(left, now)];
    return low !== undefined && high !== undefined && low >= 0 && high <= 0;
  },
  explain: ([span]) => `is within the last ${span}`,
});
