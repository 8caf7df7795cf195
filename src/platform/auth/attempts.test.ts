import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase, type TestDatabase } from '../../testing/database.ts';
import { countAttempts, forgetOldAttempts, type Attempts } from './attempts.ts';

let database: TestDatabase;
/** As two app processes have them. */
let one: Attempts;
let two: Attempts;

beforeAll(async () => {
  database = await testDatabase();
  [one, two] = [1, 2].map(() => countAttempts({ pool: database.pool, seconds: 60 })) as [Attempts, Attempts];
});
afterAll(() => database.drop());

/** The seconds to wait, where it was refused. */
const refused = (run: Promise<void>): Promise<number | undefined> =>
  run.then(
    () => undefined,
    (error: { body?: { status: number; extra: { retry_after: number } } }) => {
      if (error.body?.status !== 429) throw error;
      return error.body.extra.retry_after;
    },
  );
const timePasses = (seconds: number) =>
  database.pool.query(`UPDATE platform.failed_attempts SET until = until - make_interval(secs => $1)`, [
    seconds,
  ]);

test('the last failure allowed is allowed, the next try is not, at no process, and time heals', async () => {
  const counted = [{ key: 'a', most: 3 }];
  for (const at of [one, two, one]) {
    await at.check(counted);
    await at.failed(counted);
  }
  for (const at of [one, two]) {
    const wait = await refused(at.check(counted));
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(60);
    expect(await refused(at.check([{ key: 'b', most: 3 }]))).toBeUndefined();
  }
  await timePasses(61);
  expect(await refused(two.check(counted))).toBeUndefined();
  await two.failed(counted);
  expect(await refused(one.check(counted))).toBeUndefined();
});

test('of many attempts at once, at both processes, no more begin than are allowed', async () => {
  const counted = [
    { key: 'pair', most: 10 },
    { key: 'email', most: 100 },
  ];
  const begun = Array.from({ length: 40 }, (_, n) => refused((n % 2 ? one : two).begin(counted)));
  const outcomes = await Promise.all(begun);
  expect(outcomes.filter((wait) => wait === undefined)).toHaveLength(10);
  // Those that were refused count for nothing: nobody can lock a colleague out with them.
  expect(await refused(one.begin([{ key: 'email', most: 11 }]))).toBeUndefined();
  expect(await refused(one.begin([{ key: 'email', most: 11 }]))).toBeGreaterThan(0);
});

test('a success forgets the failures before it', async () => {
  const counted = [{ key: 'c', most: 1 }];
  await one.begin(counted);
  await two.succeeded(counted);
  expect(await refused(one.begin(counted))).toBeUndefined();
});

test('what is counted is kept as a hash, and what counts no more is dropped', async () => {
  const counted = [{ key: 'email ada@example.com', most: 1 }];
  await one.failed(counted);
  const stored = async () =>
    (await database.pool.query<{ name: string }>('SELECT name FROM platform.failed_attempts')).rows;
  expect(JSON.stringify(await stored())).not.toContain('ada');
  await timePasses(30);
  await forgetOldAttempts(database.pool);
  expect(await refused(two.check(counted))).toBeGreaterThan(0);
  await timePasses(31);
  await forgetOldAttempts(database.pool);
  expect(await stored()).toEqual([]);
});
