/**
 * What an apply leaves that was killed between its last step and the switch: a unique index that already
 * binds although no definition in force asks for it. Any running process takes it away.
 */
import type { Pool } from 'pg';
import type { Catalog } from '../../core/catalog/catalog.ts';
import { isProblem } from '../../core/errors/problem.ts';
import type { Queryable } from '../../core/sql/sql.ts';
import { desiredTables } from '../tables/desired.ts';
import { liveTables } from '../tables/introspect.ts';
import { planTables } from '../tables/plan.ts';
import { clearAway, dropTemporaryColumns } from '../tables/prepare.ts';
import { withDefinitionsLock } from './lock.ts';
import { catalogOf, readState } from './state.ts';

/** Clears away what is unfinished, unless somebody is just at it. One query where there is nothing. */
export async function sweepUnfinished(pool: Pool, catalog: Catalog): Promise<void> {
  if (!(await bindsUnasked(pool, catalog))) return;
  try {
    await withDefinitionsLock(
      pool,
      async (client) => {
        await dropTemporaryColumns(client);
        await clearAway(client, catalogOf(await readState(client), catalog.kinds));
      },
      0,
    );
  } catch (error) {
    if (!isProblem(error)) throw error; // an apply is under way: it is not unfinished yet
  }
}

async function bindsUnasked(on: Queryable, catalog: Catalog): Promise<boolean> {
  const live = await liveTables(on);
  return planTables(desiredTables(catalog), live).some(({ object, surplus }) =>
    surplus.indexes.some((name) => live.get(object)?.indexes.get(name)?.unique),
  );
}
