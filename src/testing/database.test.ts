import { afterAll, expect, test } from 'vitest';
import { testDatabase } from './database.ts';

const drops: (() => Promise<void>)[] = [];
afterAll(() => Promise.all(drops.map((drop) => drop())));

test('each test database is a copy of its own', async () => {
  const one = await testDatabase();
  const two = await testDatabase();
  drops.push(one.drop, two.drop);
  await one.pool.query('CREATE TABLE public.only_here (id integer)');
  const { rows } = await two.pool.query(`SELECT to_regclass('public.only_here') AS found`);
  expect(rows).toEqual([{ found: null }]);
});

test('a test database is migrated, an empty one is not', async () => {
  const [migrated, empty] = await Promise.all([testDatabase(), testDatabase({ empty: true })]);
  drops.push(migrated.drop, empty.drop);
  const sql = `SELECT to_regclass('platform.migrations') IS NOT NULL AS migrated`;
  expect((await migrated.pool.query(sql)).rows).toEqual([{ migrated: true }]);
  expect((await empty.pool.query(sql)).rows).toEqual([{ migrated: false }]);
});
