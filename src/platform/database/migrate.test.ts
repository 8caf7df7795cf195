import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { testDatabase, type TestDatabase } from '../../testing/database.ts';
import { createPool } from './connection.ts';
import { migrate } from './migrate.ts';

let database: TestDatabase;
let folder: string;
beforeEach(async () => {
  database = await testDatabase({ empty: true });
  folder = mkdtempSync(join(tmpdir(), 'groundwork-migrations-'));
});
afterEach(async () => {
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

function put(files: Record<string, string>): void {
  for (const [name, sql] of Object.entries(files)) writeFileSync(join(folder, name), sql);
}

const tables = {
  '0001_things.sql': `CREATE TABLE platform.things (id integer);\nCREATE INDEX things_id ON platform.things (id);\n`,
  '0002_more.sql': `INSERT INTO platform.things VALUES (1);\n`,
};

async function applied(): Promise<string[]> {
  const { rows } = await database.pool.query('SELECT name FROM platform.migrations ORDER BY number');
  return rows.map((row) => row.name);
}

test('an empty folder needs nothing but the bookkeeping', async () => {
  expect(await migrate(database.pool, folder)).toEqual({ applied: [] });
  expect(await applied()).toEqual([]);
});

test('files are applied in order, once', async () => {
  put(tables);
  expect(await migrate(database.pool, folder)).toEqual({ applied: ['0001_things.sql', '0002_more.sql'] });
  expect(await migrate(database.pool, folder)).toEqual({ applied: [] });
  put({ '0003_last.sql': 'INSERT INTO platform.things VALUES (2);' });
  expect(await migrate(database.pool, folder)).toEqual({ applied: ['0003_last.sql'] });
  expect((await database.pool.query('SELECT id FROM platform.things ORDER BY id')).rows).toEqual([
    { id: 1 },
    { id: 2 },
  ]);
});

test('processes that migrate at the same moment apply each file once', async () => {
  put(tables);
  const pools = Array.from({ length: 4 }, () => createPool(database.connection, { maxConnections: 1 }));
  const answers = await Promise.all(pools.map((pool) => migrate(pool, folder)));
  await Promise.all(pools.map((pool) => pool.end()));
  expect(answers.flatMap((answer) => answer.applied)).toEqual(['0001_things.sql', '0002_more.sql']);
  expect((await database.pool.query('SELECT count(*) AS rows FROM platform.things')).rows).toEqual([
    { rows: 1 },
  ]);
});

test('a file that fails leaves nothing of itself and says where it failed', async () => {
  put({ ...tables, '0003_wrong.sql': 'CREATE TABLE platform.other (id integer);\n\nSELECT nonsense;\n' });
  await expect(migrate(database.pool, folder)).rejects.toMatchObject({
    code: 'migration_failed',
    message: 'The migration 0003_wrong.sql failed at line 3: column "nonsense" does not exist',
  });
  expect(await applied()).toEqual(['0001_things.sql', '0002_more.sql']);
  const { rows } = await database.pool.query(`SELECT to_regclass('platform.other') AS other`);
  expect(rows).toEqual([{ other: null }]);
});

test('a file that commits by itself is refused', async () => {
  put({
    '0001_things.sql':
      'CREATE TABLE public.things (id integer); COMMIT; CREATE TABLE public.more (id integer);',
  });
  await expect(migrate(database.pool, folder)).rejects.toMatchObject({
    code: 'migration_failed',
    message: expect.stringContaining('may not commit or roll back'),
  });
});

test('a changed file is refused, but not for its line ends', async () => {
  put(tables);
  await migrate(database.pool, folder);
  put({ '0001_things.sql': tables['0001_things.sql'].replaceAll('\n', '\r\n') });
  expect(await migrate(database.pool, folder)).toEqual({ applied: [] });
  put({ '0001_things.sql': `${tables['0001_things.sql']}-- one more thought\n` });
  await expect(migrate(database.pool, folder)).rejects.toMatchObject({
    code: 'migration_changed',
    message: expect.stringContaining('0001_things.sql has changed since it was applied'),
  });
});

test('a database of a newer Groundwork is refused', async () => {
  put(tables);
  await migrate(database.pool, folder);
  rmSync(join(folder, '0002_more.sql'));
  await expect(migrate(database.pool, folder)).rejects.toMatchObject({
    code: 'migration_newer',
    message: expect.stringContaining('newer Groundwork (it has 0002_more.sql'),
  });
});

test.each([
  [['0001_a.sql', '0003_c.sql'], 'The migration 0002_… is missing before 0003_c.sql.'],
  [['0002_a.sql'], 'The migration 0001_… is missing before 0002_a.sql.'],
  [
    ['0001_a.sql', '0001_b.sql'],
    'The migrations 0001_a.sql and 0001_b.sql have the same number; each needs its own.',
  ],
  [
    ['1_a.sql'],
    'The migration 1_a.sql is not named like 0001_first_tables.sql (four digits, then small letters).',
  ],
])('%j is refused', async (names, sentence) => {
  put(Object.fromEntries(names.map((name) => [name, 'SELECT 1'])));
  await expect(migrate(database.pool, folder)).rejects.toMatchObject({
    code: 'migration_name',
    message: sentence,
  });
});
