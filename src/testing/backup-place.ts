/** For tests of backups: an engine on any database, and what must be equal of two of them. */
import type pg from 'pg';
import type { Context, Principal } from '../core/context/context.ts';
import { catalogStore } from '../engine/definitions/store.ts';
import { kinds } from '../kinds/index.ts';
import { nameOf } from '../platform/backup/manifest.ts';
import { rowDigest } from '../platform/backup/row-digest.ts';
import { describeTables } from '../platform/backup/describe-tables.ts';
import { copied } from '../platform/backup/write-backup.ts';
import { withLongSession } from '../platform/backup/session.ts';
import { createPool } from '../platform/database/connection.ts';

const silent = { info() {}, warn() {}, error() {} };
const principal: Principal = {
  kind: 'system',
  id: 'test',
  name: 'Test',
  user: null,
  teams: [],
  roles: ['administrator'],
};

/** Rows of every table and how each is made, apart from what a backup leaves out. */
export const contentsOf = (connection: pg.ClientConfig): Promise<Record<string, unknown>> =>
  withLongSession(connection, async (client) => {
    const found: Record<string, unknown> = {};
    for (const table of await describeTables(client, { withKey: false })) {
      if (table.left_out) continue;
      const digest = rowDigest();
      for await (const chunk of copied(client, table)) digest.add(chunk);
      found[nameOf(table)] = {
        rows: digest.rows(),
        sum: digest.hex(),
        columns: table.columns,
        made: table.made,
      };
    }
    return found;
  });

/** An engine that acts as an administrator on a database that has been migrated. */
export async function engineOn(
  connection: pg.ClientConfig,
): Promise<{ context: Context; close(): Promise<void> }> {
  const pool = createPool(connection, { maxConnections: 6 });
  const definitions = await catalogStore({ pool, kinds, log: silent });
  return {
    context: {
      pool,
      get catalog() {
        return definitions.current();
      },
      principal,
      workspace: { name: 'Test', timeZone: 'UTC', currency: 'EUR', country: 'DE' },
      channel: 'test',
      log: silent,
      currentCatalog: () => definitions.refresh(),
      may: () => true,
    },
    async close() {
      await definitions.close();
      await pool.end();
    },
  };
}
