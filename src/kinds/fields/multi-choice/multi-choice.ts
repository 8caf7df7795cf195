import { z } from 'zod';
import type { FieldModel } from '../../../core/catalog/catalog.ts';
import { Key } from '../../../core/definitions/common.ts';
import { defineFieldType, type Parsed, type ParseEnv } from '../../../core/kinds/field-type.ts';
import { accepted, described, isNothing, nothing, refused } from '../answers.ts';
import { missingList } from '../choice/missing-list.ts';
import { activeKeys, keyedLiteral, labelOf, listValues, parseKeyed } from '../keyed-value.ts';
import { cases } from './multi-choice.cases.ts';

const settings = z.strictObject({
  list: Key.meta({ description: 'Key of the reference list its values come from' }),
});
type Settings = z.infer<typeof settings>;

const most = 100;

/** Several values of a list: each once, in the order of their keys, so that equal sets are written alike. */
export const multiChoice = defineFieldType<Settings, string[]>({
  key: 'multi_choice',
  label: 'Multiple choice',
  meaning: 'Any number of values of a reference list, each once; an empty list is no value.',
  settings,
  traits: () => ['set', 'presence'],
  columns: (field) => [{ name: field.key, type: 'text[]' }],
  parse(input, field, env) {
    if (isNothing(input)) return nothing;
    return several(Array.isArray(input) ? input : [input], field, env);
  },
  // A label may hold a comma: the whole text is tried first.
  parseText(text, field, env) {
    if (isNothing(text)) return nothing;
    const whole = several([text], field, env);
    return whole.ok
      ? whole
      : several(
          text.split(/[;,|\n]/).filter((part) => !isNothing(part)),
          field,
          env,
        );
  },
  write: (value, field) => ({ [field.key]: value }),
  stored: (row, field) => someOf(row[field.key]),
  operandType: () => 'text[]',
  literal: (input, field, env) => keyedLiteral(input, field, listValues(field.settings.list, env.catalog)),
  display: (value, field, catalog) =>
    (Array.isArray(value) ? value : [value])
      .map((key) => labelOf(key, listValues(field.settings.list, catalog)))
      .join(', '),
  schema(field, catalog) {
    const values = catalog ? listValues(field.settings.list, catalog) : [];
    const schema = (keys: readonly string[]) =>
      described(field, {
        type: 'array',
        items: { type: 'string', ...(keys.length > 0 ? { enum: keys } : {}) },
        uniqueItems: true,
        maxItems: most,
        examples: [keys.slice(0, 2)],
      });
    return { read: schema(values.map(({ key }) => key)), write: schema(activeKeys(values)) };
  },
  listOf: (field) => field.settings.list,
  check: missingList,
  cases,
});

function several(input: readonly unknown[], field: FieldModel<Settings>, env: ParseEnv): Parsed<string[]> {
  if (input.length > most) {
    return refused(field, 'too_long', '{label} takes at most {most} values.', 'Leave some out.', { most });
  }
  const values = listValues(field.settings.list, env.catalog);
  const keys = new Set<string>();
  for (const one of input) {
    const parsed = parseKeyed(one, field, values);
    if (!parsed.ok) return parsed;
    if (parsed.value !== null) keys.add(parsed.value);
  }
  return keys.size === 0 ? nothing : accepted([...keys].sort());
}

/** An empty array of the database is no value. */
const someOf = (stored: unknown): string[] | null =>
  Array.isArray(stored) && stored.length > 0 ? (stored as string[]) : null;
