/** Values that have a key and a label: of a reference list, stages, pipelines. Found by key, label, synonym. */
import type { Catalog, FieldModel } from '../../core/catalog/catalog.ts';
import { fold } from '../../core/conditions/fold.ts';
import type { ListDefinition } from '../../core/definitions/list.ts';
import type { Parsed } from '../../core/kinds/field-type.ts';
import { sql, type Sql } from '../../core/sql/sql.ts';
import { accepted, isNothing, type Literal, noValue, nothing, refused, shown, wrongType } from './answers.ts';

type ListValue = ListDefinition['values'][number];
export type Keyed = Pick<ListValue, 'key' | 'label'> &
  Partial<Pick<ListValue, 'active' | 'synonyms' | 'merged_into'>>;

/** Keys before labels before synonyms; of two with the same spelling the first stays. */
const found = new WeakMap<readonly Keyed[], Map<string, Keyed>>();

function byName(values: readonly Keyed[]): Map<string, Keyed> {
  let names = found.get(values);
  if (!names) {
    names = new Map();
    for (const spellings of [
      (value: Keyed) => [value.key],
      (value: Keyed) => [fold(value.key), fold(value.label)],
      (value: Keyed) => (value.synonyms ?? []).map(fold),
    ]) {
      for (const value of values) {
        for (const name of spellings(value)) if (!names.has(name)) names.set(name, value);
      }
    }
    found.set(values, names);
  }
  return names;
}

/** The value that a text names, retired or not; undefined when none does. */
export const named = (text: string, values: readonly Keyed[]): Keyed | undefined =>
  byName(values).get(text) ?? byName(values).get(fold(text));

/** Where a merged value went; itself when it was not, undefined when the trail leads nowhere. */
function living(value: Keyed, values: readonly Keyed[]): Keyed | undefined {
  const seen = new Set<string>();
  let at: Keyed | undefined = value;
  while (at?.merged_into !== undefined && !seen.has(at.key)) {
    seen.add(at.key);
    at = byName(values).get(at.merged_into);
  }
  return at?.active === false || at?.merged_into !== undefined ? undefined : at;
}

/** One new value: merged ones are followed, retired ones refused. */
export function parseKeyed(input: unknown, field: FieldModel, values: readonly Keyed[]): Parsed<string> {
  if (isNothing(input)) return nothing;
  if (typeof input !== 'string' && typeof input !== 'number') {
    return wrongType(field, input, 'one of its values', offered(values));
  }
  const value = named(String(input).trim(), values);
  if (!value) return unknown(field, input, values);
  const current = living(value, values);
  if (current) return accepted(current.key);
  return refused(field, 'retired_value', '{label}: “{value}” is no longer in use.', offered(values), {
    value: value.label,
  });
}

/** A value in a condition: retired ones too, for records may still hold them. */
export function keyedLiteral(input: unknown, field: FieldModel, values: readonly Keyed[]): Literal {
  if (isNothing(input)) return noValue;
  const value =
    typeof input === 'string' || typeof input === 'number' ? named(String(input).trim(), values) : undefined;
  if (value) return { ok: true, value: value.key };
  return { ok: false, message: `${field.label} is never ${shown(input)}. ${offered(values)}` };
}

const unknown = (field: FieldModel, input: unknown, values: readonly Keyed[]) =>
  refused(field, 'not_in_list', '{label} is never {given}.', offered(values), { given: shown(input) });

function offered(values: readonly Keyed[]): string {
  const keys = values
    .filter((value) => value.active !== false && value.merged_into === undefined)
    .map((value) => value.key);
  const more = keys.length > 10 ? ` and ${keys.length - 10} more` : '';
  return keys.length > 0
    ? `Use one of: ${keys.slice(0, 10).join(', ')}${more}.`
    : 'It has no values to choose from yet.';
}

export const labelOf = (key: unknown, values: readonly Keyed[]): string =>
  typeof key === 'string' ? (byName(values).get(key)?.label ?? key) : '';

export const activeKeys = (values: readonly Keyed[]): string[] =>
  values
    .filter((value) => value.active !== false && value.merged_into === undefined)
    .map((value) => value.key);

/**
 * Sorts by position among the values, unknown ones last. As text of equal length, because every sort
 * expression of a type has the type of its operand.
 */
export function byPosition(column: Sql, values: readonly Keyed[]): Sql {
  const keys = values.map((value) => value.key);
  return sql`(CASE WHEN ${column} IS NOT NULL THEN to_char(coalesce(array_position(${keys}::text[], ${column}), 99999), 'FM00000') END)`;
}

const none: readonly Keyed[] = [];

export const listValues = (key: string, catalog: Catalog): readonly Keyed[] =>
  catalog.lists.get(key)?.values ?? none;

const merged = new WeakMap<Catalog, Map<string, readonly Keyed[]>>();

/** The stages of all pipelines of an object, each key once, those of the default pipeline first. */
export function stagesOf(object: string, catalog: Catalog): readonly Keyed[] {
  return once(catalog, `stages ${object}`, () => {
    const stages = (catalog.objects.get(object)?.pipelines ?? []).flatMap((pipeline) => pipeline.stages);
    const seen = new Set<string>();
    return stages.filter(({ key }) => !seen.has(key) && seen.add(key));
  });
}

export const pipelinesOf = (object: string, catalog: Catalog): readonly Keyed[] =>
  once(catalog, `pipelines ${object}`, () =>
    (catalog.objects.get(object)?.pipelines ?? []).map(({ key, definition: { label } }) => ({ key, label })),
  );

function once(catalog: Catalog, name: string, make: () => readonly Keyed[]): readonly Keyed[] {
  const known = merged.get(catalog) ?? new Map<string, readonly Keyed[]>();
  merged.set(catalog, known);
  const values = known.get(name) ?? make();
  known.set(name, values);
  return values;
}
