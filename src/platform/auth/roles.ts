/** Roles that users hold: which exist, who has which, and the rights that are not about one object. */
import type { Catalog } from '../../core/catalog/catalog.ts';
import type { Principal } from '../../core/context/context.ts';
import type { Permission } from '../../core/definitions/role.ts';
import { invalid, issue } from '../../core/errors/problem.ts';
import { rows, sql, type Queryable } from '../../core/sql/sql.ts';

/** @throws Problem 422 at `path` when the role is not defined or retired. */
export function checkRole(catalog: Catalog, role: string, path = 'role'): void {
  if (catalog.roles.has(role)) return;
  throw invalid([
    issue(path, 'unknown_role', 'There is no role “{role}”.', 'Use one of: {roles}.', {
      role,
      roles: [...catalog.roles.keys()].join(', '),
    }),
  ]);
}

/** Makes these the user's roles, and no others. Roles must have been checked. */
export async function setRoles(
  on: Queryable,
  input: { user: string; roles: readonly string[]; by: Pick<Principal, 'kind' | 'id'> },
): Promise<void> {
  const by = `${input.by.kind}:${input.by.id}`;
  await rows(
    on,
    sql`DELETE FROM platform.user_roles WHERE user_id = ${input.user}::uuid AND role <> ALL(${input.roles}::text[])`,
  );
  await rows(
    on,
    sql`INSERT INTO platform.user_roles (user_id, role, granted_by)
        SELECT ${input.user}::uuid, role, ${by} FROM unnest(${input.roles}::text[]) AS role
        ON CONFLICT DO NOTHING`,
  );
}

/** Whether any of the roles gives the right; a role that is not defined gives none. */
export const permitted = (catalog: Catalog, roles: readonly string[], permission: Permission): boolean =>
  roles.some((role) => catalog.roles.get(role)?.permissions?.includes(permission) ?? false);
