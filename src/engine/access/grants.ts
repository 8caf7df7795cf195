/** Roles of a principal merged into one answer per object: grants add up, what nobody grants is refused. */
import type { Catalog } from '../../core/catalog/catalog.ts';
import type { Grant, ScopeWord, Verb } from '../../core/definitions/role.ts';

/** Any one of these suffices; empty is none. */
export type Scopes = readonly (ScopeWord | Record<string, unknown>)[];
export type FieldRight = 'hidden' | 'read' | 'edit';

export type Grants = {
  scopes(verb: Verb, object: string): Scopes;
  /** The right as the roles state it, before what rollups and computed fields add. */
  field(object: string, field: string): FieldRight;
};

const order: Record<FieldRight, number> = { hidden: 0, read: 1, edit: 2 };

const scopesOf = (grant: Grant | undefined, verb: Verb): Scopes => {
  const scope = grant?.[verb];
  if (scope === undefined) return [];
  return (Array.isArray(scope) ? scope : [scope]).filter((one) => one !== 'none') as Scopes;
};

export function grantsOf(catalog: Catalog, roleKeys: readonly string[]): Grants {
  const roles = roleKeys.map((key) => catalog.roles.get(key)).filter((role) => role !== undefined);
  const scopeMemo = new Map<string, Scopes>();
  const fieldMemo = new Map<string, FieldRight>();
  return {
    scopes(verb, object) {
      const id = `${verb} ${object}`;
      let known = scopeMemo.get(id);
      if (!known) {
        const all = roles.flatMap((role) => scopesOf(role.grants[object] ?? role.grants['*'], verb));
        known = all.includes('all') ? ['all'] : all;
        scopeMemo.set(id, known);
      }
      return known;
    },
    field(object, field) {
      const id = `${object}.${field}`;
      let known = fieldMemo.get(id);
      if (!known) {
        known = 'hidden';
        for (const role of roles) {
          const grant = role.grants[object] ?? role.grants['*'];
          const right: FieldRight =
            grant?.fields?.[field] ??
            (scopesOf(grant, 'edit').length > 0 || scopesOf(grant, 'create').length > 0
              ? 'edit'
              : scopesOf(grant, 'read').length > 0
                ? 'read'
                : 'hidden');
          if (order[right] > order[known]) known = right;
        }
        fieldMemo.set(id, known);
      }
      return known;
    },
  };
}
