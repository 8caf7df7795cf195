/**
 * How a record's life stands, whatever its stages are called. Retired pipelines count too: what was won in
 * them stays won.
 */
import type { Catalog, FieldModel } from '../../core/catalog/catalog.ts';
import { defineOperator } from '../../core/kinds/operator.ts';
import { sql } from '../../core/sql/sql.ts';

const words = ['open', 'won', 'lost', 'done', 'dropped', 'closed'];

/**
 * Stages of the field's object with this outcome. A stage that two pipelines give different outcomes has
 * none (the catalog check refuses such pipelines): nothing is guessed.
 */
function stagesWith(word: unknown, field: FieldModel, catalog: Catalog): string[] {
  const outcomes = new Map<string, string | undefined>();
  for (const pipeline of Object.values(catalog.definitions.pipelines)) {
    if (pipeline.object !== field.object) continue;
    for (const { key, outcome } of pipeline.stages) {
      outcomes.set(key, outcomes.has(key) && outcomes.get(key) !== outcome ? undefined : outcome);
    }
  }
  return [...outcomes]
    .filter(
      ([, outcome]) => outcome !== undefined && (word === 'closed' ? outcome !== 'open' : outcome === word),
    )
    .map(([key]) => key);
}

export const outcome = defineOperator({
  key: 'outcome',
  needs: ['staged'],
  argument: 'word',
  words,
  sql: ({ left, literals: [word], field, catalog }) =>
    sql`${left} = ANY(${stagesWith(word, field, catalog)}::text[])`,
  matches: (left, [word], _flag, { field, catalog }) =>
    stagesWith(word, field, catalog).includes(left as string),
  explain: ([word]) => `is ${word}`,
});
