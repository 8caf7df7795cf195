/** The first run: the one-time link makes the first administrator and names the workspace. */
import type { Context, Principal, Workspace } from '../../core/context/context.ts';
import { inTransaction } from '../database/transaction.ts';
import { finishSetup } from '../config/workspace.ts';
import { servingUsers, type Records } from './add-user.ts';
import { checkPassword, hashed, setPassword } from './password.ts';
import { checkRole, setRoles } from './roles.ts';
import { takeSetupToken } from './setup-link.ts';
import { userByEmail } from './user-record.ts';

/** The role of whoever sets the workspace up. */
export const firstRole = 'administrator';

/** Who signs what happens before anybody has signed in. */
export const setUpPrincipal: Principal = {
  kind: 'system',
  id: 'setup',
  name: 'Set-up',
  user: null,
  teams: [],
  roles: [firstRole],
};

/**
 * All or nothing but for the user's record, which the engine writes in a transaction of its own; should the
 * rest fail, the link still holds and takes that record over.
 * @throws Problem 404 for a link that holds no longer, 422 for input that does not do.
 */
export async function setUp(
  deps: { context: Context; records: Records },
  input: { token: string; name: string; email: string; password: string; workspace: Workspace },
): Promise<{ user: string }> {
  const context: Context = { ...deps.context, principal: setUpPrincipal };
  const { pool, catalog } = context;
  checkPassword(input.password);
  checkRole(catalog, firstRole);
  const hash = await hashed(input.password);
  return inTransaction(pool, async (client) => {
    await takeSetupToken(client, input.token);
    const known = await userByEmail(pool, catalog, input.email);
    const user =
      known && !known.archived
        ? known.id
        : await deps.records.create(context, servingUsers(context), { email: input.email, name: input.name });
    await setRoles(client, { user, roles: [firstRole], by: setUpPrincipal });
    await setPassword(client, { user, hash });
    await finishSetup(client, input.workspace);
    return { user };
  });
}
