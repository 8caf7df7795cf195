/** Users and what they may: a record of the users object, its roles and its password. */
import { z } from 'zod';
import type { Context } from '../core/context/context.ts';
import { forbidden, invalid, issue, notFound, refusal } from '../core/errors/problem.ts';
import { isUuid } from '../core/identity/uuid-v7.ts';
import { row, sql, type Queryable } from '../core/sql/sql.ts';
import { get } from '../engine/read/get.ts';
import { writeAnswering } from '../engine/write/write.ts';
import { servingUsers } from '../platform/auth/add-user.ts';
import { checkPassword, hashed, setPassword } from '../platform/auth/password.ts';
import { checkRole, permitted, setRoles } from '../platform/auth/roles.ts';
import { endSessionsOf } from '../platform/auth/sign-in.ts';
import { rolesOf, userById } from '../platform/auth/user-record.ts';
import { inTransaction } from '../platform/database/transaction.ts';
import { defineOperation } from './operation.ts';
import { Password } from './session.ts';

const Roles = z.array(z.string().max(60)).max(50);

const AccessInput = {
  roles: Roles.optional().meta({ description: 'Keys of roles; grants add up' }),
  password: Password.optional().meta({ description: 'Without one the user cannot sign in' }),
};

const Access = z.object({ roles: z.array(z.string()), can_sign_in: z.boolean() });

function requireRight(context: Context): void {
  if (!context.may('users.manage')) throw forbidden('give or take access');
}

/** Checks the access that is asked for, and gives what writes it for a user within a transaction. */
async function accessWriter(context: Context, input: { roles?: readonly string[]; password?: string }) {
  input.roles?.forEach((role, index) => checkRole(context.catalog, role, `roles.${index}`));
  if (input.password !== undefined) checkPassword(input.password);
  const hash = input.password === undefined ? undefined : await hashed(input.password);
  return async (on: Queryable, user: string): Promise<void> => {
    if (input.roles) await setRoles(on, { user, roles: input.roles, by: context.principal });
    if (hash !== undefined) await setPassword(on, { user, hash });
  };
}

async function existingUser(context: Context, id: string): Promise<void> {
  const user = isUuid(id) ? await userById(context.pool, context.catalog, id) : undefined;
  if (!user) throw notFound('user');
}

const accessOfUser = async (on: Queryable, id: string): Promise<z.infer<typeof Access>> => {
  const roles = await rolesOf(on, id);
  const password = await row(on, sql`SELECT FROM auth.accounts WHERE user_id = ${id}::uuid`);
  return { roles, can_sign_in: roles.length > 0 && password !== undefined };
};

/** @throws Problem 409 when nobody else could give access any more. */
async function keepSomebodyInCharge(
  context: Context,
  on: Queryable,
  id: string,
  roles: readonly string[],
): Promise<void> {
  if (permitted(context.catalog, roles, 'users.manage')) return;
  const inCharge = [...context.catalog.roles.keys()].filter((role) =>
    permitted(context.catalog, [role], 'users.manage'),
  );
  const found = await row<{ self: boolean; others: boolean }>(
    on,
    sql`SELECT coalesce(bool_or(user_id = ${id}::uuid), false) AS self, coalesce(bool_or(user_id <> ${id}::uuid), false) AS others
        FROM platform.user_roles WHERE role = ANY(${inCharge}::text[])
          AND user_id IN (SELECT user_id FROM auth.accounts)`,
  );
  if (!found!.self || found!.others) return;
  throw refusal(409, 'last_in_charge', [
    issue(
      'roles',
      'last_in_charge',
      'Nobody else could manage users any more.',
      'Give another user that role first.',
    ),
  ]);
}

const oneUser = '/api/v1/users/{id}';

export const usersAccessOperations = [
  defineOperation({
    name: 'users.create',
    summary: 'Add a user',
    description: 'The fields of the record, and with the right to manage users: roles and a password.',
    input: z.object({ ...AccessInput, role: z.string().max(60).optional() }).catchall(z.unknown()),
    http: { method: 'POST', path: '/api/v1/users', status: 201, idempotent: true },
    async run(context, { roles, role, password, ...values }) {
      const given = role === undefined ? roles : [...(roles ?? []), role];
      if (given || password !== undefined) requireRight(context);
      const letIn = await accessWriter(context, { roles: given, password });
      const object = servingUsers(context);
      const { answer } = await writeAnswering(context, {
        changes: [{ create: object, set: values }],
        mode: 'all',
        async respond(on, [made], current) {
          if (!made?.ok) return { status: 201, body: null };
          await letIn(on, made.id);
          return { status: 201, body: await get(current, { object, id: made.id }, on) };
        },
      });
      return answer?.body;
    },
  }),
  defineOperation({
    name: 'users.access',
    summary: 'What a user may',
    input: z.strictObject({ id: z.string().max(60) }),
    output: Access,
    http: { method: 'GET', path: `${oneUser}/access` },
    async run(context, { id }) {
      requireRight(context);
      await existingUser(context, id);
      return accessOfUser(context.pool, id);
    },
  }),
  defineOperation({
    name: 'users.set_access',
    summary: 'Give a user roles or a password',
    description:
      'The roles sent become the user’s roles, and no others. A new password ends the user’s sessions.',
    input: z.strictObject({ id: z.string().max(60), ...AccessInput }),
    output: Access,
    http: { method: 'PATCH', path: `${oneUser}/access` },
    async run(context, { id, roles, password }) {
      requireRight(context);
      await existingUser(context, id);
      if (!roles && password === undefined) {
        throw invalid([
          issue(
            '',
            'nothing_to_do',
            'Neither roles nor a password were sent.',
            'Send roles, a password, or both.',
          ),
        ]);
      }
      const write = await accessWriter(context, { roles, password });
      return inTransaction(context.pool, async (client) => {
        if (roles) await keepSomebodyInCharge(context, client, id, roles);
        await write(client, id);
        return accessOfUser(client, id);
      });
    },
  }),
  defineOperation({
    name: 'users.end_sessions',
    summary: 'Sign a user out everywhere',
    input: z.strictObject({ id: z.string().max(60) }),
    http: { method: 'DELETE', path: `${oneUser}/sessions` },
    async run(context, { id }) {
      if (context.principal.user !== id) requireRight(context);
      await existingUser(context, id);
      await endSessionsOf(context.pool, id);
    },
  }),
];
