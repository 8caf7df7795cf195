import { defineOperator } from '../../core/kinds/operator.ts';
import { sql } from '../../core/sql/sql.ts';
import { compare } from './compare.ts';

export const olderThan = defineOperator({
  key: 'older_than',
  needs: ['temporal'],
  argument: 'duration',
  sql: ({ left, span }) => sql`${left} < ${span!.ago}`,
  matches: (left, _args, _flag, { span }) => {
    const order = compare(left, span!.ago);
    return order !== undefined && order < 0;
  },
  explain: ([span]) => `is more than ${span} ago`,
});
