/**
 * Who a user is, read from the record tables of the objects that serve as users and teams. Sign-in comes
 * before any principal exists, so it cannot use the read path; these are the only reads beside it.
 */
import type { Catalog, FieldModel, ObjectModel } from '../../core/catalog/catalog.ts';
import { ident, join, raw, row, rows, sql, type Queryable, type Sql } from '../../core/sql/sql.ts';

export type UserRecord = {
  id: string;
  name: string;
  archived: boolean;
};

/** Keys of the fields that sign-in needs, fixed by the API's contract. */
const emailField = 'email';
const teamField = 'team';
const parentField = 'parent';

const usersOf = (catalog: Catalog): ObjectModel | undefined =>
  catalog.objects.get(catalog.serving.user ?? '');

/** The living user with this e-mail, else an archived one; however its letters' case. */
export async function userByEmail(
  on: Queryable,
  catalog: Catalog,
  email: string,
): Promise<UserRecord | undefined> {
  const users = usersOf(catalog);
  const field = users?.fields.get(emailField);
  if (!users || !field) return undefined;
  const literal = field.type.literal(email, field, {
    catalog,
    now: new Date(),
    timeZone: 'UTC',
    currency: 'EUR',
    country: '',
  });
  if (!literal.ok) return undefined;
  const left = field.type.operand?.(field, 't') ?? firstColumn(field);
  return row<UserRecord>(
    on,
    sql`SELECT ${userColumns(users)} FROM ${ident('crm', users.key)} AS t
        WHERE ${left} = ${literal.value}::${raw(field.type.operandType(field))}
        ORDER BY t.archived_at IS NOT NULL, t.id LIMIT 1`,
  );
}

export async function userById(on: Queryable, catalog: Catalog, id: string): Promise<UserRecord | undefined> {
  const users = usersOf(catalog);
  if (!users) return undefined;
  return row<UserRecord>(
    on,
    sql`SELECT ${userColumns(users)} FROM ${ident('crm', users.key)} AS t WHERE t.id = ${id}::uuid`,
  );
}

/** The user's team and all below it; none where users have no team. */
export async function teamsOf(on: Queryable, catalog: Catalog, user: string): Promise<string[]> {
  const users = usersOf(catalog);
  const team = users?.fields.get(teamField);
  const teams = catalog.objects.get(catalog.serving.team ?? '');
  if (!users || !team || !teams) return [];
  const parent = teams.fields.get(parentField);
  const below = parent
    ? sql` UNION SELECT c.id FROM ${ident('crm', teams.key)} AS c JOIN below AS b ON ${ident('c', parent.key)} = b.id`
    : raw('');
  const found = await rows<{ id: string }>(
    on,
    // UNION, not UNION ALL: teams that are each other's parent end instead of running for ever.
    sql`WITH RECURSIVE below (id) AS (
          SELECT ${ident('t', team.key)} FROM ${ident('crm', users.key)} AS t
          WHERE t.id = ${user}::uuid AND ${ident('t', team.key)} IS NOT NULL${below}
        ) SELECT id FROM below`,
  );
  return found.map((each) => each.id);
}

export async function rolesOf(on: Queryable, user: string): Promise<string[]> {
  const found = await rows<{ role: string }>(
    on,
    sql`SELECT role FROM platform.user_roles WHERE user_id = ${user}::uuid ORDER BY role`,
  );
  return found.map((each) => each.role);
}

const firstColumn = (field: FieldModel): Sql => ident('t', field.type.columns(field)[0]?.name ?? field.key);

/** A record is called by its name fields; only those with a column can be read here. */
function userColumns(users: ObjectModel): Sql {
  const parts = users.nameFields
    .map((key) => users.fields.get(key))
    .filter((field) => field !== undefined && field.type.columns(field).length > 0)
    .map((field) => sql`${firstColumn(field!)}::text`);
  const name = parts.length > 0 ? sql`concat_ws(' ', ${join(parts)})` : raw(`''`);
  return sql`t.id, ${name} AS name, t.archived_at IS NOT NULL AS archived`;
}
