/** The first run: the one-time link makes the first administrator and names the workspace. */
import type { Queryable } from '../../core/sql/sql.ts';
import type { Context, Principal, Workspace } from '../../core/context/context.ts';
import { inTransaction } from '../database/transaction.ts';
import { finishSetup } from '../config/workspace.ts';
import { servingUsers, type Records } from './add-user.ts';
import { checkPassword, hashed, setPassword } from './password.ts';
import { checkRole, setRoles } from './roles.ts';
import { checkSetupToken, takeSetupToken } from './setup-link.ts';
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
 * All or nothing, in one transaction. A record with this e-mail (an imported colleague) is taken over.
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
  await checkSetupToken(pool, input.token);
  const hash = await hashed(input.password);
  const finish = async (on: Queryable, user: string): Promise<void> => {
    await takeSetupToken(on, input.token);
    await setRoles(on, { user, roles: [firstRole], by: setUpPrincipal });
    await setPassword(on, { user, hash });
    await finishSetup(on, input.workspace);
  };
  const known = await userByEmail(pool, catalog, input.email);
  if (known && !known.archived) {
    await inTransaction(pool, (client) => finish(client, known.id));
    return { user: known.id };
  }
  const values = { email: input.email, name: input.name };
  return { user: await deps.records.create(context, servingUsers(context), values, finish) };
}
