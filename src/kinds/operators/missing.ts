import { defineOperator } from '../../core/kinds/operator.ts';
import { raw, sql } from '../../core/sql/sql.ts';

/** An empty set is missing too. */
export const missing = defineOperator({
  key: 'missing',
  needs: ['presence'],
  argument: 'flag',
  short: 'null',
  sql: ({ field, present, flag }) => {
    if (field.type.traits(field).includes('set')) {
      return flag ? sql`(${present} IS NULL OR ${present} = '{}')` : sql`${present} <> '{}'`;
    }
    return sql`${present} IS ${raw(flag ? 'NULL' : 'NOT NULL')}`;
  },
  matches: (left, _args, flag, { present }) =>
    (!present || (Array.isArray(left) && left.length === 0)) === flag,
  explain: (_args, flag) => (flag ? 'is missing' : 'is filled in'),
});
