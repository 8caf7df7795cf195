/** Coming in and going out with a browser, and who one is. */
import { z } from 'zod';
import type { Context } from '../core/context/context.ts';
import { permissions } from '../core/definitions/role.ts';
import { forbidden, invalid, issue, refusal } from '../core/errors/problem.ts';
import { checkPassword, hashed, isPasswordOf, setPassword } from '../platform/auth/password.ts';
import { inTransaction } from '../platform/database/transaction.ts';
import { defineOperation } from './operation.ts';

export const Email = z.string().min(3).max(320);
export const Password = z.string().max(1000);

const browserOf = (context: Context): NonNullable<Context['browser']> => {
  if (context.browser) return context.browser;
  throw refusal(409, 'no_browser', [
    issue('', 'no_browser', 'Nobody can sign in through this door.', 'Use the web app, or an API key.'),
  ]);
};

const Me = z.object({
  id: z.string(),
  kind: z.enum(['user', 'key', 'system']),
  name: z.string(),
  user: z.string().nullable(),
  teams: z.array(z.string()),
  roles: z.array(z.string()),
  permissions: z.array(z.string()),
});

export const sessionOperations = [
  defineOperation({
    name: 'session.start',
    summary: 'Sign in',
    description: 'Sets the cookie that the web app uses. Programs send an API key instead.',
    input: z.strictObject({ email: Email, password: Password }),
    output: z.object({ user: z.string() }),
    http: { method: 'POST', path: '/api/v1/session', open: true },
    run: (context, input) => browserOf(context).signIn(input),
  }),
  defineOperation({
    name: 'session.end',
    summary: 'Sign out',
    input: z.strictObject({}),
    http: { method: 'DELETE', path: '/api/v1/session', open: true },
    run: (context) => browserOf(context).signOut(),
  }),
  defineOperation({
    name: 'me.get',
    summary: 'Who you are',
    input: z.strictObject({}),
    output: Me,
    http: { method: 'GET', path: '/api/v1/me' },
    async run(context) {
      const { id, kind, name, user, teams, roles } = context.principal;
      return {
        id,
        kind,
        name,
        user,
        teams: [...teams],
        roles: [...roles],
        permissions: permissions.filter((permission) => context.may(permission)),
      };
    },
  }),
  defineOperation({
    name: 'me.set_password',
    summary: 'Change your password',
    description: 'Ends all your sessions, this one included.',
    input: z.strictObject({ current: Password, password: Password }),
    http: { method: 'POST', path: '/api/v1/me/password' },
    async run(context, { current, password }) {
      const { kind, user } = context.principal;
      if (kind !== 'user' || user === null) throw forbidden('change a password with an API key');
      checkPassword(password);
      if (!(await isPasswordOf(context.pool, user, current))) {
        throw invalid([
          issue(
            'current',
            'wrong_password',
            'This is not your present password.',
            'Type the password you signed in with.',
          ),
        ]);
      }
      const hash = await hashed(password);
      await inTransaction(context.pool, (client) => setPassword(client, { user, hash }));
    },
  }),
];
