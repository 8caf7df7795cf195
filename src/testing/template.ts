/** What is in a test database before its test begins. Built once per test run, then copied. */
import { join } from 'node:path';
import type { Pool } from 'pg';
import { installDefinitions } from '../engine/definitions/start.ts';
import { kinds } from '../kinds/index.ts';
import { migrate } from '../platform/database/migrate.ts';

const root = join(import.meta.dirname, '../..');

/** Migrations done, shipped packs in force: a workspace as it is before its set-up. */
export async function prepareTemplate(pool: Pool): Promise<void> {
  await migrate(pool, join(root, 'migrations'));
  await installDefinitions(pool, {
    packsDir: join(root, 'packs'),
    kinds,
    workspace: { name: 'Test', timeZone: 'UTC', currency: 'EUR', country: 'DE' },
    log: { info() {}, warn() {}, error() {} },
  });
}
