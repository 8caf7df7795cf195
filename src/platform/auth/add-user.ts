/**
 * Brings a person in: their record, their roles, their password. The record is written by the engine, which
 * the caller hands in as `records`: this folder stands below the engine and never writes record tables.
 */
import type { Context } from '../../core/context/context.ts';
import { issue, refusal } from '../../core/errors/problem.ts';
import { row, sql, type Queryable } from '../../core/sql/sql.ts';
import { inTransaction } from '../database/transaction.ts';
import { checkPassword, hashed, setPassword } from './password.ts';
import { checkRole, setRoles } from './roles.ts';
import { rolesOf, userByEmail } from './user-record.ts';

/** What is asked of the engine. Both work as the context's principal and may refuse with a Problem. */
export type Records = {
  /** Creates one record and gives its id. `along` runs in the same transaction, before its commit. */
  create(
    context: Context,
    object: string,
    values: Record<string, unknown>,
    along?: (on: Queryable, id: string) => Promise<void>,
  ): Promise<string>;
  /** Id of the one living record whose field equals the value; undefined where there is none. */
  find(context: Context, object: string, field: string, value: string): Promise<string | undefined>;
};

export type NewUser = {
  email: string;
  /** Default: the part of the e-mail before the @. */
  name?: string;
  roles: readonly string[];
  /** Name of a team. One that does not exist is made, which `teamMade` then says. */
  team?: string;
  /** Without one the user cannot sign in until somebody sets one. */
  password?: string;
  /** Further fields of the record. */
  values?: Record<string, unknown>;
};

/**
 * Adds a user. A record with this e-mail that has neither role nor password (an imported colleague) is taken
 * over, as it stands; one that has is refused with 409.
 * @throws Problem 422 for an unknown role or a weak password, 409 for a user who is in already.
 */
export async function addUser(
  deps: { context: Context; records: Records },
  input: NewUser,
): Promise<{ id: string; teamMade: boolean; recordMade: boolean }> {
  const { context, records } = deps;
  const { pool, catalog } = context;
  for (const role of input.roles) checkRole(catalog, role);
  if (input.password !== undefined) checkPassword(input.password);
  const hash = input.password === undefined ? undefined : await hashed(input.password);

  const known = await userByEmail(pool, catalog, input.email);
  if (known && !known.archived) await refuseIfIn(context, known.id);
  const letIn = async (on: Queryable, user: string): Promise<void> => {
    await setRoles(on, { user, roles: input.roles, by: context.principal });
    if (hash !== undefined) await setPassword(on, { user, hash });
  };
  if (known && !known.archived) {
    await inTransaction(pool, (client) => letIn(client, known.id));
    return { id: known.id, teamMade: false, recordMade: false };
  }
  const team = input.team === undefined ? undefined : await teamNamed(context, records, input.team);
  const values = {
    ...input.values,
    email: input.email,
    name: input.name ?? input.email.replace(/@.*$/, ''),
    ...(team ? { team: team.id } : {}),
  };
  const id = await records.create(context, servingUsers(context), values, letIn);
  return { id, teamMade: team?.made ?? false, recordMade: true };
}

/** Key of the object that serves as users. @throws Problem 409 in a workspace that defines none. */
export function servingUsers(context: Context): string {
  const object = context.catalog.serving.user;
  if (object) return object;
  throw refusal(409, 'no_users_object', [
    issue(
      '',
      'no_users_object',
      'No object of this workspace serves as users.',
      'Give one object `serves: user` in its definition.',
    ),
  ]);
}

async function teamNamed(
  context: Context,
  records: Records,
  name: string,
): Promise<{ id: string; made: boolean }> {
  const object = context.catalog.serving.team;
  if (!object) {
    throw refusal(409, 'no_teams_object', [
      issue(
        'team',
        'no_teams_object',
        'No object of this workspace serves as teams.',
        'Leave the team out, or give one object `serves: team`.',
      ),
    ]);
  }
  const found = await records.find(context, object, 'name', name);
  return found
    ? { id: found, made: false }
    : { id: await records.create(context, object, { name }), made: true };
}

async function refuseIfIn(context: Context, user: string): Promise<void> {
  const [roles, password] = await Promise.all([
    rolesOf(context.pool, user),
    row(context.pool, sql`SELECT FROM auth.accounts WHERE user_id = ${user}::uuid`),
  ]);
  if (roles.length === 0 && !password) return;
  throw refusal(409, 'user_exists', [
    issue(
      'email',
      'user_exists',
      'This user is in already.',
      'Change the roles or the password of the user that exists, or use another e-mail.',
    ),
  ]);
}
