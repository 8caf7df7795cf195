/** Which living records the rows of an import mean, by the value of its key field. One page of reads per group. */
import type { FieldModel, ObjectModel } from '../../core/catalog/catalog.ts';
import type { Context } from '../../core/context/context.ts';
import { issue, type Issue } from '../../core/errors/problem.ts';
import type { ParseEnv } from '../../core/kinds/field-type.ts';
import { parseEnvOf } from '../access/access.ts';
import { list } from '../read/list.ts';
import type { ImportRow } from './row-change.ts';

/** For each row: the record's id, undefined for a new one, or why it cannot be told. */
export async function findByKey(
  context: Context,
  input: {
    object: ObjectModel;
    key: FieldModel;
    rows: readonly ImportRow[];
    text: Pick<ParseEnv, 'dateOrder' | 'decimal'>;
  },
): Promise<(string | undefined | Issue)[]> {
  const { object, key } = input;
  const env: ParseEnv = { ...parseEnvOf(context), ...input.text };
  const wanted = input.rows.map((row) => (row.key === undefined ? undefined : keyValue(key, row.key, env)));
  const values = [
    ...new Map(
      wanted.flatMap((one) => (one && 'name' in one ? [[one.name, one.value] as const] : [])),
    ).values(),
  ];
  const found = new Map<string, string[]>();
  for (let cursor: string | undefined; values.length > 0;) {
    const page = await list(context, {
      object: object.key,
      where: { [key.key]: { in: values.map(literal) } },
      fields: ['id', key.key],
      limit: 200,
      cursor,
    });
    for (const record of page.data) {
      const read = key.type.parse(record[key.key], key, env);
      if (!read.ok || read.value === null) continue;
      const name = nameOf(key, read.value);
      found.set(name, [...(found.get(name) ?? []), record['id'] as string]);
    }
    if (!page.next_cursor) break;
    cursor = page.next_cursor;
  }
  return wanted.map((one, at) => {
    if (!one || !('name' in one)) return one;
    const ids = found.get(one.name) ?? [];
    if (ids.length <= 1) return ids[0];
    return issue(
      key.key,
      'key_ambiguous',
      '{count} records have the {label} “{value}”, so it is unclear which one is meant.',
      'Name the record by its id, or merge the records first.',
      { count: ids.length, label: key.label, value: input.rows[at]!.key },
    );
  });
}

/** Two texts that mean the same value of the key give the same name. */
export function keyName(
  context: Context,
  key: FieldModel,
  text: string,
  how: Pick<ParseEnv, 'dateOrder' | 'decimal'>,
): string {
  const found = keyValue(key, text, { ...parseEnvOf(context), ...how });
  return found && 'name' in found ? found.name : text;
}

function keyValue(
  key: FieldModel,
  text: string,
  env: ParseEnv,
): { name: string; value: unknown } | Issue | undefined {
  const parsed = key.type.parseText ? key.type.parseText(text, key, env) : key.type.parse(text, key, env);
  if (!parsed.ok) return issue(key.key, parsed.code, parsed.message, parsed.fix, parsed.params);
  if (parsed.value === null) return undefined;
  return { name: nameOf(key, parsed.value), value: parsed.value };
}

const nameOf = (key: FieldModel, value: unknown): string =>
  JSON.stringify(key.type.comparable ? key.type.comparable(value, key) : value);

/** In a condition a text that begins with a dollar sign would be a variable. */
const literal = (value: unknown): unknown =>
  typeof value === 'string' && value.startsWith('$') ? `$${value}` : value;
