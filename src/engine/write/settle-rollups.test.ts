import { afterAll, beforeAll, expect, test } from 'vitest';
import { testWorkspace, type TestWorkspace } from '../../testing/workspace.ts';
import { staleRollups } from '../doctor/stale-rollups.ts';
import { get } from '../read/get.ts';
import { list } from '../read/list.ts';
import { settleRollups } from './settle-rollups.ts';

let workspace: TestWorkspace;
beforeAll(async () => {
  workspace = await testWorkspace();
});
afterAll(() => workspace.close());

test('counts and sums that were never reckoned are recounted, and nothing else is touched', async () => {
  const { admin, database } = workspace;
  const lonely = await workspace.create('accounts', { name: 'Nobody buys' });
  const busy = await workspace.create('accounts', { name: 'Buys' });
  for (const amount of [1, 2]) await workspace.create('deals', { name: 'Gauges', account: busy, amount });
  // As the versions left them that set a count only when the first child came.
  await database.pool.query('UPDATE crm.accounts SET open_deals = NULL, won_amount = NULL');
  const before = await get(admin, { object: 'accounts', id: busy });

  expect(await settleRollups(admin)).toBe(2);
  expect(await get(admin, { object: 'accounts', id: busy })).toMatchObject({
    open_deals: 2,
    version: before.version,
    updated_at: before['updated_at'],
  });
  const none = await list(admin, { object: 'accounts', where: { open_deals: 0 }, fields: ['id'] });
  expect(none.data.map(({ id }) => id)).toEqual([lonely]);
  expect(await staleRollups(database.pool, admin)).toEqual([]);
  expect(await settleRollups(admin)).toBe(0);
});
