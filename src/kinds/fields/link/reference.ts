/** The shape of link and person: the id of another record, or, before the engine looks it up, how to find it. */
import type { Catalog, FieldModel } from '../../../core/catalog/catalog.ts';
import { suggestion } from '../../../core/catalog/nearest.ts';
import { issue, type Issue } from '../../../core/errors/problem.ts';
import type { FieldType, Parsed, ParseEnv } from '../../../core/kinds/field-type.ts';
import { ident, sql } from '../../../core/sql/sql.ts';
import {
  accepted,
  described,
  isNothing,
  nameAndId,
  noValue,
  nothing,
  readUuid,
  refused,
  shown,
  uuidPattern,
  wrongType,
} from '../answers.ts';
import { recordName } from './record-name.ts';

type Scalar = string | number | boolean;
export type Reference = string | { match: Record<string, Scalar> };

type ReferencePart<S> = Required<
  Pick<
    FieldType<S, Reference>,
    | 'traits'
    | 'columns'
    | 'parse'
    | 'parseText'
    | 'write'
    | 'stored'
    | 'select'
    | 'read'
    | 'operandType'
    | 'literal'
    | 'display'
    | 'schema'
    | 'check'
    | 'linkTo'
    | 'inFile'
  >
>;

const fix = 'Send its id, or {match: {field: value}}.';
const most = 10;

/** Everything but key, label, meaning, settings and cases. `target` is the object pointed to. */
export function reference<S>(target: (field: FieldModel<S>) => string): ReferencePart<S> {
  return {
    traits: () => ['equatable', 'linked', 'presence'],
    columns: (field) => [{ name: field.key, type: 'uuid' }],
    parse: (input, field, env) => parse(input, field, target(field), env),
    parseText(text, field, env) {
      if (isNothing(text)) return nothing;
      const id = readUuid(text);
      if (id) return accepted(id);
      const match = nameMatch(text.trim(), target(field), env.catalog);
      return match ? parse({ match }, field, target(field), env) : unreadable(field, text);
    },
    write(value, field) {
      if (typeof value === 'object' && value !== null) {
        throw new Error(`${field.object}.${field.key} was not resolved to an id before it was written.`);
      }
      return { [field.key]: value };
    },
    stored: (row, field) => (row[field.key] as string | null | undefined) ?? null,
    // The name comes from a row the reader may see: elsewhere the whole link reads as null.
    select(field, table, env) {
      const column = ident(table, field.key);
      const object = env.catalog.objects.get(target(field));
      if (!object) return { [field.key]: column, [nameAlias(field)]: sql`NULL::text` };
      const n = table === 'n' ? 'n_' : 'n';
      return {
        [field.key]: column,
        [nameAlias(field)]:
          sql`(SELECT ${recordName(object, n)} FROM ${ident('crm', object.key)} ${ident(n)} WHERE ${ident(n, 'id')} = ${column} AND ${env.readable(object.key, n)})`,
      };
    },
    read(row, field) {
      const [id, name] = [row[field.key], row[nameAlias(field)]];
      return id === null || id === undefined || name === null || name === undefined ? null : { id, name };
    },
    operandType: () => 'uuid',
    literal(input, field, env) {
      if (isNothing(input)) return noValue;
      const parsed = parse(input, field, target(field), env);
      if (parsed.ok && typeof parsed.value === 'string') return { ok: true, value: parsed.value };
      return {
        ok: false,
        message: `${field.label} is compared with an id, not ${shown(input)}. To compare a field of the record behind it, write a path such as ${field.key}.${nameKey(target(field), env.catalog)}.`,
      };
    },
    display: (value) => (typeof value === 'string' ? value : named(value)),
    schema: (field) => ({
      read: described(field, {
        type: 'object',
        properties: { id: { type: 'string', format: 'uuid' }, name: { type: 'string' } },
        required: ['id', 'name'],
        examples: [{ id: '01923f6e-7c1a-7bbb-8e21-0a4b7c1d2e3f', name: 'Acme Ltd' }],
      }),
      write: described(field, {
        anyOf: [
          { type: 'string', pattern: uuidPattern, description: `Id of a record of ${target(field)}` },
          {
            type: 'object',
            properties: {
              match: {
                type: 'object',
                minProperties: 1,
                additionalProperties: { type: ['string', 'number', 'boolean'] },
              },
            },
            required: ['match'],
            description: 'The one record whose fields have these values',
          },
          { type: 'object', properties: { id: { type: 'string', pattern: uuidPattern } }, required: ['id'] },
        ],
      }),
    }),
    inFile: nameAndId,
    linkTo: target,
    check(field, catalog): readonly Issue[] {
      const to = target(field);
      if (catalog.objects.has(to)) return [];
      const named = typeof field.settings === 'object' && field.settings !== null && 'to' in field.settings;
      return [
        issue(
          `objects.${field.object}.fields.${field.key}${named ? '.to' : ''}`,
          'unknown_object',
          'There is no object “{to}” to point to.',
          suggestion(to, catalog.objects.keys(), 'Name an object that exists, by its plural key.'),
          { to },
        ),
      ];
    },
  };
}

const nameAlias = (field: FieldModel): string => `${field.key}__name`;

function parse(input: unknown, field: FieldModel, target: string, env: ParseEnv): Parsed<Reference> {
  if (isNothing(input)) return nothing;
  const id = readUuid(input);
  if (id) return accepted(id);
  if (typeof input === 'string') return unreadable(field, input);
  if (typeof input !== 'object' || Array.isArray(input)) return wrongType(field, input, 'a record', fix);
  const given = input as Record<string, unknown>;
  const own = (key: string): unknown => (Object.hasOwn(given, key) ? given[key] : undefined);
  const inner = readUuid(own('id'));
  if (inner && own('match') === undefined) return accepted(inner);
  const match = own('match');
  if (own('id') !== undefined || typeof match !== 'object' || match === null || Array.isArray(match)) {
    return unreadable(field, input);
  }
  return parseMatch(match as Record<string, unknown>, field, target, env);
}

function parseMatch(
  match: Record<string, unknown>,
  field: FieldModel,
  target: string,
  env: ParseEnv,
): Parsed<Reference> {
  const entries = Object.entries(match);
  const fields = env.catalog.objects.get(target)?.fields;
  if (entries.length === 0 || entries.length > most) {
    return refused(field, 'not_a_link', '{label}: match names between one and {most} fields.', fix, { most });
  }
  for (const [key, value] of entries) {
    if (fields && !fields.has(key)) {
      return refused(
        field,
        'unknown_field',
        '{label}: {target} has no field “{key}”.',
        suggestion(key, fields.keys(), 'See the fields in /api/v1/catalog.'),
        {
          target,
          key,
        },
      );
    }
    const scalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    if (!scalar || isNothing(value) || (typeof value === 'number' && !Number.isFinite(value))) {
      return refused(
        field,
        'not_a_link',
        '{label}: “{key}” in match needs one value.',
        'Give it a text, a number, true or false.',
        { key },
      );
    }
  }
  return accepted({ match: Object.fromEntries(entries) as Record<string, Scalar> });
}

/**
 * Text from a file names a record: by its e-mail, else by its name. A name of several fields is parted at
 * its last word, or before a comma; what fits nobody is refused when it is looked up, never guessed.
 */
function nameMatch(text: string, target: string, catalog: Catalog): Record<string, string> | undefined {
  const object = catalog.objects.get(target);
  const [first, ...rest] = object?.nameFields ?? [];
  if (!object || first === undefined) return undefined;
  if (/^\S+@\S+$/.test(text) && object.fields.has('email')) return { email: text };
  const last = rest.at(-1);
  const comma = /^([^,]+),\s*([^,]+)$/.exec(text);
  const words = comma ? [comma[2]!.trim(), comma[1]!.trim()] : /^(.+)\s(\S+)$/s.exec(text)?.slice(1);
  if (last === undefined || !words) return { [first]: text };
  return { [first]: words[0]!, [last]: words[1]! };
}

const nameKey = (target: string, catalog: Catalog): string =>
  catalog.objects.get(target)?.nameFields[0] ?? 'name';

const unreadable = (field: FieldModel, input: unknown) =>
  refused(field, 'not_a_link', '{label}: {given} does not say which record.', fix, { given: shown(input) });

function named(value: unknown): string {
  if (typeof value !== 'object' || value === null) return '';
  const { name, match } = value as { name?: unknown; match?: unknown };
  if (typeof name === 'string') return name;
  return typeof match === 'object' && match !== null ? Object.values(match).map(String).join(' ') : '';
}
