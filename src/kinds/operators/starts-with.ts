import { defineOperator } from '../../core/kinds/operator.ts';
import { sql } from '../../core/sql/sql.ts';
import { likePattern } from './like-pattern.ts';

export const startsWith = defineOperator({
  key: 'starts_with',
  needs: ['textual'],
  argument: 'text',
  sql: ({ left, literals: [text] }) => sql`${left} LIKE ${`${likePattern(text)}%`}::text`,
  matches: (left, [text]) => typeof left === 'string' && left.startsWith(String(text)),
  explain: ([text]) => `starts with ${text}`,
});
