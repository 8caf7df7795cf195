/** A workspace for tests: a database of its own with the shipped packs in force, and contexts to act in it. */
import type { Context, Principal } from '../core/context/context.ts';
import { catalogStore, type CatalogStore } from '../engine/definitions/store.ts';
import { write, type Change } from '../engine/write/write.ts';
import { kinds } from '../kinds/index.ts';
import { permitted } from '../platform/auth/roles.ts';
import { testDatabase, type TestDatabase } from './database.ts';

export type TestWorkspace = {
  database: TestDatabase;
  definitions: CatalogStore;
  /** Acts without a user, with the roles. */
  as(...roles: string[]): Context;
  /** Acts as the user. */
  user(user: { id: string; name: string; teams?: readonly string[] }, ...roles: string[]): Context;
  /** As an administrator's key without user. */
  admin: Context;
  /** Creates a record as administrator, past no rule, and gives its id. */
  create(object: string, set: Record<string, unknown>): Promise<string>;
  /** One change, all or nothing; throws its Problem. */
  change(context: Context, change: Change): Promise<{ id: string; version: number; done: string }>;
  close(): Promise<void>;
};

const silent = { info() {}, warn() {}, error() {} };

export async function testWorkspace(): Promise<TestWorkspace> {
  const database = await testDatabase();
  const definitions = await catalogStore({ pool: database.pool, kinds, log: silent });
  const contextOf = (principal: Principal): Context => ({
    pool: database.pool,
    get catalog() {
      return definitions.current();
    },
    principal,
    workspace: { name: 'Test', timeZone: 'UTC', currency: 'EUR', country: 'DE' },
    channel: 'test',
    log: silent,
    currentCatalog: () => definitions.refresh(),
    may: (permission) => permitted(definitions.current(), principal.roles, permission),
  });
  const as = (...roles: string[]): Context =>
    contextOf({
      kind: 'key',
      id: roles.join('+'),
      name: `Key of ${roles.join(' and ')}`,
      user: null,
      teams: [],
      roles,
    });
  const admin = as('administrator');
  const change = async (context: Context, one: Change) => {
    const [outcome] = await write(context, { changes: [one], mode: 'all' });
    if (!outcome?.ok) throw new Error('A write of one change answered nothing.');
    return outcome;
  };
  return {
    database,
    definitions,
    as,
    admin,
    user: ({ id, name, teams = [] }, ...roles) =>
      contextOf({ kind: 'user', id, name, user: id, teams, roles }),
    create: async (object, set) => (await change(admin, { create: object, set })).id,
    change,
    async close() {
      await definitions.close();
      await database.drop();
    },
  };
}
