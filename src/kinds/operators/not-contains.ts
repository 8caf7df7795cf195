import { defineOperator } from '../../core/kinds/operator.ts';
import { sql } from '../../core/sql/sql.ts';
import { likePattern } from './like-pattern.ts';

/** True where the field is empty, as `ne` is. */
export const notContains = defineOperator({
  key: 'not_contains',
  needs: ['textual'],
  argument: 'text',
  sql: ({ left, literals: [text] }) => sql`(${left} LIKE ${`%${likePattern(text)}%`}::text) IS NOT TRUE`,
  matches: (left, [text]) => !(typeof left === 'string' && left.includes(String(text))),
  explain: ([text]) => `does not contain ${text}`,
});
