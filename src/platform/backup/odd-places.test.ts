import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { contentsOf } from '../../testing/backup-place.ts';
import { testDatabase } from '../../testing/database.ts';
import { migrationsFolder as migrations } from '../config/product.ts';
import { openFileStore } from '../files/file-store.ts';
import { backupToFile } from './backup-file.ts';
import { checkBackup } from './read-backup.ts';
import { restoreBackup } from './restore-backup.ts';
import { refuseWithoutRoom } from './room.ts';

const folder = mkdtempSync(join(tmpdir(), 'groundwork-odd-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const take = async (connection: Awaited<ReturnType<typeof testDatabase>>['connection'], name: string) =>
  backupToFile(
    { connection, files: await openFileStore(join(folder, 'files')), product: '0.1.0', withKey: false },
    join(folder, name),
  );

test('text that repeats itself without end, and types of every spelling, come back equal', async () => {
  const [from, to] = [await testDatabase(), await testDatabase({ empty: true })];
  await from.pool.query(
    `CREATE TABLE crm.odd (id integer PRIMARY KEY, body text, short "char", hundreds numeric(5,-2), "At" timestamp(3) with time zone[],
       span interval day to second(2), named pg_catalog."char"[]) WITH (autovacuum_vacuum_insert_threshold = -1)`,
  );
  await from.pool.query(
    `INSERT INTO crm.odd SELECT n, repeat('the same words ', 70000), 'x', 12300, ARRAY[now()], '1 day 2.25 s', '{a,b}'
     FROM generate_series(1, 200) n`,
  );
  const made = await take(from.connection, 'odd.backup');
  const bytes = made.contents.tables.reduce((sum, table) => sum + table.bytes, 0);
  expect(bytes / made.bytes).toBeGreaterThan(2_000);
  await checkBackup(made.path);
  await restoreBackup({ path: made.path, connection: to.connection, migrations });
  expect(await contentsOf(to.connection)).toEqual(await contentsOf(from.connection));
  await from.drop();
  await to.drop();
}, 120_000);

test('where there is too little room, a backup is refused before it begins, in words', async () => {
  const from = await testDatabase();
  await from.pool.query(
    `INSERT INTO platform.files (id, name, size, mime, sha256, stored_as, created_by)
     VALUES (gen_random_uuid(), 'huge.bin', 100000000000000000, 'application/octet-stream', '\\x00', 'nowhere', 'test')`,
  );
  await expect(take(from.connection, 'huge.backup')).rejects.toThrow(
    /huge\.backup takes at least 50000\.\d TB, and .* has [\d.]+ .B free\. Make room there, or choose another place\./,
  );
  expect(existsSync(join(folder, 'huge.backup.partial'))).toBe(false);
  await expect(refuseWithoutRoom('This restore', join(folder, 'not', 'there yet'), 1e18)).rejects.toThrow(
    /This restore takes at least 1000000\.0 TB/,
  );
  await refuseWithoutRoom('This restore', folder, 1);
  await from.drop();
}, 60_000);
