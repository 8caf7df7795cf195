/**
 * What the caller may see and do, compiled into the one read path and the one write path. Record scopes
 * become SQL, field rights decide what is selected, filtered, sorted, grouped and written; what may leak
 * sideways (a rollup over records one may not read, a computed field over a hidden one) is hidden here.
 */
import type { Catalog, FieldModel, ObjectModel } from '../../core/catalog/catalog.ts';
import type { Context } from '../../core/context/context.ts';
import type { ParseEnv } from '../../core/kinds/field-type.ts';
import type { Verb } from '../../core/definitions/role.ts';
import { checkComputed, checkCondition } from '../../core/conditions/check.ts';
import type { ScopeValues, Visibility } from '../../core/conditions/scope.ts';
import { conditionToSqlOrNothing } from '../../core/conditions/to-sql.ts';
import { and, ident, or, raw, sql, type Sql } from '../../core/sql/sql.ts';
import { grantsOf, type FieldRight, type Grants, type Scopes } from './grants.ts';

export type Access = {
  /** Whether the verb is granted on the object in any scope. */
  may(verb: Verb, object: string): boolean;
  /** Boolean SQL over the alias: the records the verb is granted on. */
  scope(verb: Verb, object: string, alias: string): Sql;
  /** Granted on every record. */
  all(verb: Verb, object: string): boolean;
  field(object: string, field: string): FieldRight;
  visibility: Visibility;
  /** The object, called only by those of its name fields that may be seen. */
  named(object: ObjectModel): ObjectModel;
  /** The catalog with all its objects so called: what reads the names of linked records. */
  seen: Catalog;
};

type OfRoles = { grants: Grants; rights: Map<string, FieldRight>; seen?: Catalog };
const memo = new WeakMap<Catalog, Map<string, OfRoles>>();

function ofRoles(catalog: Catalog, roles: readonly string[]): OfRoles {
  let byRoles = memo.get(catalog);
  if (!byRoles) memo.set(catalog, (byRoles = new Map()));
  const id = [...roles].sort().join(' ');
  let known = byRoles.get(id);
  if (!known) byRoles.set(id, (known = { grants: grantsOf(catalog, roles), rights: new Map() }));
  return known;
}

export const parseEnvOf = (context: Context): ParseEnv => ({
  catalog: context.catalog,
  now: context.now ?? new Date(),
  timeZone: context.workspace.timeZone,
  currency: context.workspace.currency,
  country: context.workspace.country,
});

export const scopeValuesOf = (context: Context): ScopeValues => ({
  me: context.principal.user,
  teams: context.principal.teams,
  ...(context.now ? { now: context.now } : {}),
});

export function accessOf(context: Context): Access {
  const { catalog } = context;
  const known = ofRoles(catalog, context.principal.roles);
  const { grants, rights } = known;
  const values = scopeValuesOf(context);
  let parse: ParseEnv | undefined;

  const condition = (source: unknown, object: string, alias: string): Sql =>
    conditionToSqlOrNothing(source, {
      catalog,
      object,
      alias,
      place: 'role',
      scope: values,
      parse: (parse ??= parseEnvOf(context)),
    });

  const one = (word: Scopes[number], verb: Verb, object: string, alias: string): Sql => {
    if (typeof word !== 'string') return condition(word, object, alias);
    const model = catalog.objects.get(object);
    if (!model) return raw('false');
    if (word === 'all') return raw('true');
    if (word === 'linked') return linked(verb, object, alias);
    if (!model.ownerField || values.me === null) return raw('false');
    return word === 'own'
      ? condition({ [model.ownerField]: '$me' }, object, alias)
      : condition({ [`${model.ownerField}.team`]: { in: '$my_team' } }, object, alias);
  };

  /** The first filled of the object's `follows` links decides, by the scope of the record it points to. */
  const linked = (verb: Verb, object: string, alias: string): Sql => {
    const model = catalog.objects.get(object)!;
    const parts: Sql[] = [];
    const before: Sql[] = [];
    for (const [at, key] of (model.definition.follows ?? []).entries()) {
      const field = model.fields.get(key);
      const target = field?.type.linkTo?.(field);
      if (!field || !target || target === object) continue;
      const column = ident(alias, key);
      // Short, for PostgreSQL cuts names at 63 bytes and two cut alike would be one.
      const inner = `${alias}_l${at}`;
      parts.push(
        and([
          ...before,
          sql`EXISTS (SELECT 1 FROM ${ident('crm', target)} ${ident(inner)} WHERE ${ident(inner, 'id')} = ${column} AND ${scope(verb, target, inner)})`,
        ]),
      );
      before.push(sql`${column} IS NULL`);
    }
    return or(parts);
  };

  const scope = (verb: Verb, object: string, alias: string): Sql =>
    or(grants.scopes(verb, object).map((word) => one(word, verb, object, alias)));

  const all = (verb: Verb, object: string): boolean => grants.scopes(verb, object)[0] === 'all';

  const field = (object: string, key: string): FieldRight => {
    const id = `${object}.${key}`;
    let right = rights.get(id);
    if (right === undefined) {
      const model = catalog.objects.get(object)?.fields.get(key);
      rights.set(id, 'hidden'); // a computed field that names itself stays hidden
      right = model ? rightOf(model) : 'hidden';
      rights.set(id, right);
    }
    return right;
  };

  const rightOf = (model: FieldModel): FieldRight => {
    const stated = model.system
      ? grants.scopes('read', model.object).length > 0
        ? 'read'
        : 'hidden'
      : grants.field(model.object, model.key);
    if (stated === 'hidden') return 'hidden';
    if (model.type.rollup && !rollupVisible(model)) return 'hidden';
    if (model.type.computed && !computedVisible(model)) return 'hidden';
    return model.maintained ? 'read' : stated;
  };

  /** A rollup shows where every child that it counts can be read: scope all, or linked by the link it is counted over. */
  const rollupVisible = (model: FieldModel): boolean =>
    model.type.rollup!(model).sources.every((source) => {
      const child = catalog.objects.get(source.of);
      if (!child) return false;
      const scopes = grants.scopes('read', source.of);
      const readable =
        scopes[0] === 'all' || (scopes.includes('linked') && child.definition.follows?.[0] === source.by);
      return (
        readable &&
        (source.field === undefined || field(source.of, source.field) !== 'hidden') &&
        (source.where === undefined || seesCondition(source.where, source.of))
      );
    });

  const computedVisible = (model: FieldModel): boolean =>
    checkComputed(model, { catalog, may: visibility }).length === 0;

  const seesCondition = (source: unknown, object: string): boolean =>
    checkCondition(source, { catalog, object, place: 'rollup', may: visibility }).length === 0;

  const visibility: Visibility = {
    field: (object, key) => field(object, key) !== 'hidden',
    readable: (object, alias) => (all('read', object) ? null : scope('read', object, alias)),
    object: (object) => grants.scopes('read', object).length > 0,
  };

  const named = (object: ObjectModel): ObjectModel => {
    const nameFields = object.nameFields.filter((key) => field(object.key, key) !== 'hidden');
    return nameFields.length === object.nameFields.length ? object : { ...object, nameFields };
  };
  const seen = (): Catalog => {
    const objects = new Map([...catalog.objects].map(([key, object]) => [key, named(object)]));
    const same = [...objects].every(([key, object]) => object === catalog.objects.get(key));
    return same ? catalog : { ...catalog, objects };
  };

  return {
    may: (verb, object) => grants.scopes(verb, object).length > 0,
    scope,
    all,
    field,
    visibility,
    named,
    get seen() {
      return (known.seen ??= seen());
    },
  };
}
