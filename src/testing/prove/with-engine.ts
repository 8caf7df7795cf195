/** The engine in this process, on the database of a running server: for checks that no API offers. */
import { join } from 'node:path';
import type { Context, Principal } from '../../core/context/context.ts';
import { catalogStore } from '../../engine/definitions/store.ts';
import { kinds } from '../../kinds/index.ts';
import { permitted } from '../../platform/auth/roles.ts';
import { readWorkspace } from '../../platform/config/workspace.ts';
import { openDatabase } from '../../platform/database/open-database.ts';
import type { Place } from '../server-process.ts';

const silent = { info() {}, warn() {}, error() {} };
const principal: Principal = {
  kind: 'system',
  id: 'prove',
  name: 'Proof',
  user: null,
  teams: [],
  roles: ['administrator'],
};

export async function withEngine<T>(place: Place, work: (context: Context) => Promise<T>): Promise<T> {
  const database = await openDatabase({
    dataDir: join(place.dataDir),
    databaseUrl: place.databaseUrl,
    role: 'cli',
    maxConnections: 4,
  });
  try {
    const definitions = await catalogStore({ pool: database.pool, kinds, log: silent });
    try {
      return await work({
        pool: database.pool,
        catalog: definitions.current(),
        principal,
        workspace: await readWorkspace(database.pool),
        channel: 'cli',
        log: silent,
        currentCatalog: () => definitions.refresh(),
        may: (permission) => permitted(definitions.current(), principal.roles, permission),
      });
    } finally {
      await definitions.close();
    }
  } finally {
    await database.close();
  }
}
