import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { testDatabase, type TestDatabase } from '../../testing/database.ts';
import { inTransaction } from './transaction.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase({ empty: true, maxConnections: 3 });
  await database.pool.query('CREATE TABLE public.counter (id integer PRIMARY KEY, value integer)');
});
beforeEach(async () => {
  await database.pool.query('TRUNCATE public.counter');
  await database.pool.query('INSERT INTO public.counter VALUES (1, 0), (2, 0)');
});
afterAll(() => database.drop());

async function values(): Promise<number[]> {
  const { rows } = await database.pool.query('SELECT value FROM public.counter ORDER BY id');
  return rows.map((row) => row.value);
}

test('what the work returns is returned, and what it wrote is there', async () => {
  const answer = await inTransaction(database.pool, async (client) => {
    await client.query('UPDATE public.counter SET value = 7 WHERE id = 1');
    return 'done';
  });
  expect(answer).toBe('done');
  expect(await values()).toEqual([7, 0]);
});

test('work that throws leaves nothing behind, and its error arrives', async () => {
  const work = inTransaction(database.pool, async (client) => {
    await client.query('UPDATE public.counter SET value = 7');
    throw new Error('changed my mind');
  });
  await expect(work).rejects.toThrow('changed my mind');
  expect(await values()).toEqual([0, 0]);
});

test('a swallowed failure inside cannot look like a commit', async () => {
  const work = inTransaction(database.pool, async (client) => {
    await client.query('UPDATE public.counter SET value = 7');
    await client.query('SELECT 1/0').catch(() => {});
  });
  await expect(work).rejects.toThrow('rolled back');
  expect(await values()).toEqual([0, 0]);
});

test('a broken session is thrown away, and the pool works on', async () => {
  for (let round = 0; round < 5; round++) {
    const work = inTransaction(database.pool, async (client) => {
      const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
      await database.pool.query('SELECT pg_terminate_backend($1)', [rows[0].pid]);
      await client.query('UPDATE public.counter SET value = 7');
    });
    await expect(work).rejects.toThrow();
  }
  expect(await values()).toEqual([0, 0]);
  expect(database.pool.totalCount).toBeLessThanOrEqual(1);
});

test('a session that breaks while its holder does something else ends no process', async () => {
  const work = inTransaction(database.pool, async (client) => {
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
    await database.pool.query('SELECT pg_terminate_backend($1)', [rows[0].pid]);
    await new Promise((resolve) => setTimeout(resolve, 100));
  });
  await expect(work).rejects.toThrow();
});

/** Two transactions that take the same two rows in opposite order: PostgreSQL must end one of them. */
function crossing(retryable: boolean): Promise<PromiseSettledResult<number>[]> {
  let met = 0;
  const add = (first: number, second: number) => {
    let runs = 0;
    const work = inTransaction(
      database.pool,
      async (client) => {
        runs++;
        await client.query('UPDATE public.counter SET value = value + 1 WHERE id = $1', [first]);
        met++;
        while (met < 2) await new Promise((resolve) => setTimeout(resolve, 5));
        await client.query('UPDATE public.counter SET value = value + 1 WHERE id = $1', [second]);
      },
      { retryable },
    );
    return work.then(() => runs);
  };
  return Promise.allSettled([add(1, 2), add(2, 1)]);
}

test('the victim of a deadlock runs again if it may', async () => {
  const outcomes = await crossing(true);
  expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'fulfilled']);
  expect(await values()).toEqual([2, 2]);
});

test('the victim of a deadlock fails if it may not run again', async () => {
  const outcomes = await crossing(false);
  expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(await values()).toEqual([1, 1]);
});

test('a transaction that is always the victim gives up after three retries', async () => {
  let runs = 0;
  const work = inTransaction(
    database.pool,
    async (client) => {
      runs++;
      await client.query(`DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$`);
    },
    { retryable: true, isolation: 'serializable' },
  );
  await expect(work).rejects.toMatchObject({ code: '40001' });
  expect(runs).toBe(4);
});

test('a read-only transaction cannot write', async () => {
  const work = inTransaction(database.pool, (client) => client.query('TRUNCATE public.counter'), {
    readOnly: true,
  });
  await expect(work).rejects.toMatchObject({ code: '25006' });
});
