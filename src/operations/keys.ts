/** API keys, for programs. */
import { z } from 'zod';
import type { Context } from '../core/context/context.ts';
import { forbidden, notFound } from '../core/errors/problem.ts';
import { isUuid } from '../core/identity/uuid-v7.ts';
import { createKey, listKeys, revokeKey } from '../platform/auth/api-keys.ts';
import { defineOperation } from './operation.ts';
import { Email } from './session.ts';

const Key = z.object({
  id: z.string(),
  name: z.string(),
  prefix: z.string(),
  role: z.string(),
  user: z.string().nullable(),
  created_at: z.string(),
  last_used_at: z.string().nullable(),
  expires_at: z.string().nullable(),
  revoked_at: z.string().nullable(),
});

function requireRight(context: Context): void {
  if (!context.may('keys.manage')) throw forbidden('manage API keys');
}

export const keyOperations = [
  defineOperation({
    name: 'keys.list',
    summary: 'API keys',
    description: 'The newest thousand, living ones first. The secret parts are kept nowhere.',
    input: z.strictObject({}),
    output: z.object({ data: z.array(Key) }),
    http: { method: 'GET', path: '/api/v1/keys' },
    async run(context) {
      requireRight(context);
      return { data: await listKeys(context.pool) };
    },
  }),
  defineOperation({
    name: 'keys.create',
    summary: 'Make an API key',
    description: 'Its token is answered once and cannot be read again.',
    input: z.strictObject({
      name: z.string().trim().min(1).max(200),
      role: z.string().max(60),
      user: Email.optional().meta({
        description: 'E-mail of the user it acts as, with the key’s role alone',
      }),
      expires_at: z.iso.datetime({ offset: true }).optional(),
    }),
    output: Key.extend({ token: z.string() }),
    http: { method: 'POST', path: '/api/v1/keys', status: 201 },
    async run(context, input) {
      requireRight(context);
      const { key, token } = await createKey(
        { pool: context.pool, catalog: context.catalog, by: context.principal },
        { name: input.name, role: input.role, userEmail: input.user, expiresAt: input.expires_at },
      );
      return { ...key, token };
    },
  }),
  defineOperation({
    name: 'keys.revoke',
    summary: 'Revoke an API key',
    description: 'It stops working at once, everywhere.',
    input: z.strictObject({ id: z.string().max(60) }),
    http: { method: 'DELETE', path: '/api/v1/keys/{id}' },
    async run(context, { id }) {
      requireRight(context);
      if (!isUuid(id)) throw notFound('key');
      await revokeKey(context.pool, id);
    },
  }),
];
