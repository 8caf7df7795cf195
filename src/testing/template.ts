/** What is in a test database before its test begins. Built once per test run, then copied. */
import { join } from 'node:path';
import type { Pool } from 'pg';
import { migrate } from '../platform/database/migrate.ts';

export async function prepareTemplate(pool: Pool): Promise<void> {
  await migrate(pool, join(import.meta.dirname, '../../migrations'));
}
