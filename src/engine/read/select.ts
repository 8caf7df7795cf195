/** Which fields a read selects and how a row becomes the record that the API answers. */
import type { Catalog, FieldModel, ObjectModel } from '../../core/catalog/catalog.ts';
import type { Context } from '../../core/context/context.ts';
import { fieldToSql } from '../../core/conditions/to-sql.ts';
import type { SelectEnv } from '../../core/kinds/field-type.ts';
import { invalid, issue, notFound } from '../../core/errors/problem.ts';
import { ident, join, raw, sql, type Sql } from '../../core/sql/sql.ts';
import { parseEnvOf, scopeValuesOf, type Access } from '../access/access.ts';

export type Selection = {
  fields: readonly FieldModel[];
  columns: Sql;
  /** A selected row → the record. */
  record(row: Record<string, unknown>): Record<string, unknown>;
};

/** The object, or 404 in the words of something that does not exist when no role may read it. */
export function readableObject(context: Context, access: Access, key: string): ObjectModel {
  const object = context.catalog.objects.get(key);
  if (!object || !access.may('read', key)) throw unknownObject(key);
  return object;
}

export const unknownObject = (key: string) => {
  const problem = notFound('object', 'object');
  return Object.assign(problem, {
    body: {
      ...problem.body,
      code: 'unknown_object',
      detail: `There is no object “${String(key).slice(0, 60)}”, or you may not see it.`,
    },
  });
};

/** A finding about a field that is unknown or hidden: the same words for both. */
export const unknownField = (path: string, key: string) =>
  issue(
    path,
    'unknown_field',
    'There is no field “{key}” here, or you may not see it.',
    'See the fields in /api/v1/catalog.',
    { key },
  );

/** The fields of a read: those asked for, or all that the caller may see. Id is always among them. */
export function selectedFields(object: ObjectModel, access: Access, asked?: readonly string[]): FieldModel[] {
  const visible = (field: FieldModel) => access.field(object.key, field.key) !== 'hidden';
  if (!asked) return [...object.fields.values()].filter(visible);
  const unknown = asked.filter((key) => {
    const field = object.fields.get(key);
    return !field || !visible(field);
  });
  if (unknown.length > 0) throw invalid(unknown.map((key) => unknownField('fields', key)));
  return [...new Set(['id', ...asked])].map((key) => object.fields.get(key)!);
}

export function selectEnvOf(context: Context, access: Access): SelectEnv {
  return {
    catalog: access.seen,
    currency: context.workspace.currency,
    readable: (object, alias) =>
      access.all('read', object) ? raw('true') : access.scope('read', object, alias),
  };
}

/** Selections made before, by everything they depend on; a list is asked for far more often than rights change. */
const memo = new WeakMap<Catalog, Map<string, Selection>>();
const mostRemembered = 2000;

export function selection(
  context: Context,
  access: Access,
  object: ObjectModel,
  alias: string,
  asked?: readonly string[],
): Selection {
  if (context.now) return makeSelection(context, access, object, alias, asked);
  const { principal, workspace } = context;
  let remembered = memo.get(context.catalog);
  if (!remembered) memo.set(context.catalog, (remembered = new Map()));
  const key = [
    object.key,
    alias,
    asked?.join() ?? '*',
    principal.roles.join(),
    principal.user,
    principal.teams.join(),
    workspace.currency,
    workspace.timeZone,
    workspace.country,
  ].join(' ');
  let known = remembered.get(key);
  if (!known) {
    if (remembered.size >= mostRemembered) remembered.clear();
    remembered.set(key, (known = makeSelection(context, access, object, alias, asked)));
  }
  return known;
}

function makeSelection(
  context: Context,
  access: Access,
  object: ObjectModel,
  alias: string,
  asked?: readonly string[],
): Selection {
  const fields = selectedFields(object, access, asked);
  const env = selectEnvOf(context, access);
  const parts: Sql[] = [];
  for (const field of fields) {
    if (field.type.computed) {
      const computed = fieldToSql(field.key, {
        catalog: context.catalog,
        object: object.key,
        alias,
        place: 'computed',
        scope: scopeValuesOf(context),
        parse: parseEnvOf(context),
      });
      parts.push(sql`${computed.sql} AS ${ident(field.key)}`);
    } else if (field.type.select) {
      for (const [name, expression] of Object.entries(field.type.select(field, alias, env))) {
        parts.push(sql`${expression} AS ${ident(name)}`);
      }
    } else {
      for (const column of field.type.columns(field)) parts.push(ident(alias, column.name));
    }
  }
  return { fields, columns: join(parts), record: (row) => recordOf(row, fields) };
}

/** A link as the caller may know it: nothing where it points to what they may not read. */
export function readableLink(access: Access, field: FieldModel, expression: Sql): Sql {
  const target = field.type.linkTo?.(field);
  if (target === undefined || access.all('read', target)) return expression;
  return sql`(CASE WHEN EXISTS (SELECT 1 FROM ${ident('crm', target)} r WHERE r.id = ${expression} AND ${access.scope('read', target, 'r')}) THEN ${expression} END)`;
}

function recordOf(row: Record<string, unknown>, fields: readonly FieldModel[]): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  for (const field of fields) {
    record[field.key] = field.type.read ? field.type.read(row, field) : field.type.stored(row, field);
  }
  return record;
}
