import { defineOperator } from '../../core/kinds/operator.ts';
import { sql } from '../../core/sql/sql.ts';
import { likePattern } from './like-pattern.ts';

export const endsWith = defineOperator({
  key: 'ends_with',
  needs: ['textual'],
  argument: 'text',
  sql: ({ left, literals: [text] }) => sql`${left} LIKE ${`%${likePattern(text)}`}::text`,
  matches: (left, [text]) => typeof left === 'string' && left.endsWith(String(text)),
  explain: ([text]) => `ends with ${text}`,
});
