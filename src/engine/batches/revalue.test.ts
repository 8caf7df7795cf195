import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Context } from '../../core/context/context.ts';
import { refused } from '../../testing/refused.ts';
import { testWorkspace, type TestWorkspace } from '../../testing/workspace.ts';
import { get } from '../read/get.ts';
import { write } from '../write/write.ts';
import { revalue } from './revalue.ts';
import { undoBatch } from './undo.ts';

let workspace: TestWorkspace;
let admin: Context;

beforeAll(async () => {
  workspace = await testWorkspace();
  admin = workspace.admin;
});
afterAll(() => workspace.close());

const worth = async (id: string) => (await get(admin, { object: 'deals', id }))['amount_reporting'];
const usd = { amount: 100, currency: 'USD' };

test('a revaluation gives open deals today’s rate, fills those without one, leaves closed ones, and is undone', async () => {
  const [lost] = await write(admin, {
    mode: 'all',
    history: true,
    changes: [
      {
        create: 'deals',
        set: { name: 'Lost', stage: 'lost', closed_on: '2026-01-10', loss_reason: 'price', amount: usd },
      },
    ],
  });
  const without = await workspace.create('deals', { name: 'Without a rate', amount: usd });
  await workspace.create('exchange_rates', { currency: 'USD', valid_from: '2020-01-01', rate: 0.8 });
  const open = await workspace.create('deals', { name: 'Open', amount: usd });
  const own = await workspace.create('deals', { name: 'In euros', amount: 100 });
  const closed = lost!.ok ? lost!.id : '';
  await workspace.create('exchange_rates', { currency: 'USD', valid_from: '2020-01-02', rate: 0.9 });
  const worths = () => Promise.all([without, open, own, closed].map(worth));
  expect(await worths()).toEqual([null, 80, 100, null]);

  const tried = await revalue(admin, { object: 'deals', dryRun: true });
  expect(tried).toEqual({ batch: null, looked_at: 2, changed: 2, refused: [], refused_total: 0 });
  expect(await worths()).toEqual([null, 80, 100, null]);

  const done = await revalue(admin, { object: 'deals' });
  expect(done).toMatchObject({ looked_at: 2, changed: 2, refused_total: 0 });
  expect(await worths()).toEqual([90, 90, 100, null]);
  expect(await revalue(admin, { object: 'deals' })).toMatchObject({ looked_at: 2, changed: 0 });

  expect(await undoBatch(admin, done.batch!)).toMatchObject({ done: 2, kept: [] });
  expect(await worths()).toEqual([null, 80, 100, null]);
});

test('revaluing needs its own right, and an object that holds money', async () => {
  const lead = workspace.as('team_lead');
  expect((await refused(revalue(lead, { object: 'deals' }))).status).toBe(403);
  expect((await refused(revalue(admin, { object: 'contacts' }))).code).toBe('invalid');
});
