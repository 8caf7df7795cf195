import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Context } from '../../core/context/context.ts';
import { findings, refused } from '../../testing/refused.ts';
import { testWorkspace, type TestWorkspace } from '../../testing/workspace.ts';
import { history } from '../events/history.ts';
import { get } from '../read/get.ts';
import { list } from '../read/list.ts';
import { summarise } from '../read/summarise.ts';
import { write } from './write.ts';

let workspace: TestWorkspace;
let admin: Context;
let account: string;
let contact: string;
const on = (day: string): Context => ({ ...admin, now: new Date(`${day}T12:00:00Z`) });

beforeAll(async () => {
  workspace = await testWorkspace();
  admin = workspace.admin;
  account = await workspace.create('accounts', { name: 'Tarn Valley' });
  contact = await workspace.create('contacts', { last_name: 'Berg', account });
  for (const [currency, valid_from, rate] of [
    ['USD', '2026-01-01', 0.9],
    ['USD', '2026-02-01', 0.95],
    ['USD', '2026-03-01', 0.8],
    ['JPY', '2026-01-01', 0.00617],
    ['KWD', '2026-01-01', 2.9855],
  ] as const)
    await workspace.create('exchange_rates', { currency, valid_from, rate });
});
afterAll(() => workspace.close());

const deal = async (day: string, set: Record<string, unknown>): Promise<string> => {
  const { id } = await workspace.change(on(day), {
    create: 'deals',
    set: { name: 'Gauges', account, contact, ...set },
  });
  return id;
};
const reported = async (id: string, field = 'amount_reporting') =>
  (await get(admin, { object: 'deals', id }))[field];
const change = (day: string, id: string, set: Record<string, unknown>) =>
  workspace.change(on(day), { update: 'deals', id, set });
const usd = (amount: number | string) => ({ amount, currency: 'USD' });
/** Past its checkpoints, which are not the matter here. */
const close = (day: string, id: string, to: string, set: Record<string, unknown> = {}) =>
  workspace.change(on(day), {
    advance: 'deals',
    id,
    to,
    set,
    override_reason: 'Signed on paper.',
    reason: 'Signed on paper.',
  });

test('an amount is worth what the rate of the day of writing says, and stays so when rates change', async () => {
  const id = await deal('2026-01-20', { amount: usd(1000) });
  expect(await reported(id)).toBe(900);
  await workspace.create('exchange_rates', { currency: 'USD', valid_from: '2026-01-15', rate: 0.5 });
  expect(await reported(id)).toBe(900);
  await change('2026-02-10', id, { name: 'Gauges for two' });
  await change('2026-02-10', id, { amount: usd('1000.00') });
  expect(await reported(id)).toBe(900);
  await change('2026-02-10', id, { amount: usd(2000) });
  expect(await reported(id)).toBe(1900);
  expect((await get(admin, { object: 'deals', id }))['amount']).toEqual({
    amount: '2000.00',
    currency: 'USD',
  });
});

test('a deal that closes is worth the rate of its closing day, for good; reopened it takes the day’s again', async () => {
  const id = await deal('2026-02-10', { amount: usd(1000) });
  expect(await reported(id)).toBe(950);
  await close('2026-03-05', id, 'won', { closed_on: '2026-02-20' });
  expect(await reported(id)).toBe(950);
  const other = await deal('2026-02-10', { amount: usd(1000) });
  await close('2026-03-05', other, 'lost', { loss_reason: 'price' });
  expect(await reported(other)).toBe(800);
  await workspace.change(on('2026-03-20'), { revalue: 'deals', id });
  await change('2026-03-20', id, { closed_on: '2026-03-10' });
  expect(await reported(id)).toBe(950);
  // A corrected amount takes the rate of the closing day, not of the day of the correction.
  await change('2026-01-03', other, { amount: usd(2000) });
  expect(await reported(other)).toBe(1600);
  await close('2026-03-21', id, 'negotiation');
  expect(await reported(id)).toBe(800);
});

test('history carries the worth of before, so that undo puts back the very same', async () => {
  const id = await deal('2026-02-10', { amount: usd(1000) });
  await change('2026-03-10', id, { amount: usd(10) });
  const { data } = await history(admin, { object: 'deals', id });
  expect(data[0]!.changes['amount']).toEqual({
    from: { amount: '1000.00', currency: 'USD' },
    to: { amount: '10.00', currency: 'USD' },
  });
  await workspace.change(on('2026-03-11'), {
    putBack: 'deals',
    id,
    values: { amount: { amount: '1000.00', currency: 'USD', reporting: '950.00' } },
  });
  expect(await reported(id)).toBe(950);
});

test('old records take the rate of their own dates', async () => {
  const ids = await write(on('2026-03-25'), {
    mode: 'all',
    history: true,
    changes: [
      {
        create: 'deals',
        set: {
          name: 'Old and won',
          stage: 'won',
          opened_on: '2026-01-05',
          closed_on: '2026-02-15',
          amount: usd(100),
        },
      },
      {
        create: 'deals',
        set: { name: 'Old and open', stage: 'qualified', opened_on: '2026-01-05', amount: usd(100) },
      },
      {
        create: 'deals',
        set: {
          name: 'Before any rate',
          stage: 'won',
          opened_on: '2020-01-05',
          closed_on: '2020-02-15',
          amount: usd(100),
        },
      },
    ],
  });
  const worth = await Promise.all(ids.flatMap((one) => (one.ok ? [reported(one.id)] : [])));
  expect(worth).toEqual([95, 90, null]);
});

test('each currency rounds to its own coins, half up, and nothing is lost on the way', async () => {
  const yen = await deal('2026-01-20', { amount: { amount: '8103727', currency: 'JPY' } });
  expect(await reported(yen)).toBe(50_000); // 49,999.99559
  const dinar = await deal('2026-01-20', { amount: { amount: '0.335', currency: 'KWD' } });
  expect(await reported(dinar)).toBe(1); // 1.0001425
  expect((await get(admin, { object: 'deals', id: dinar }))['amount']).toEqual({
    amount: '0.335',
    currency: 'KWD',
  });
  await workspace.create('exchange_rates', { currency: 'SEK', valid_from: '2026-01-01', rate: 0.5 });
  const half = await deal('2026-01-20', { amount: { amount: '0.01', currency: 'SEK' } });
  expect(await reported(half)).toBe(0.01); // 0.005
  const back = await deal('2026-01-20', { amount: { amount: '-0.01', currency: 'SEK' } });
  expect(await reported(back)).toBe(-0.01);
});

test('without a rate the write succeeds, the record is listed as without one, and sums say how many they leave out', async () => {
  const id = await deal('2026-01-20', { name: 'No rate', amount: { amount: 70, currency: 'NOK' } });
  expect(await reported(id)).toBeNull();
  const where = { all: [{ amount: { missing: false } }, { amount_reporting: { missing: true } }] };
  expect((await list(admin, { object: 'deals', where, q: 'No rate' })).data.map((row) => row['id'])).toEqual([
    id,
  ]);
  const counted = await summarise(admin, {
    object: 'deals',
    q: 'No rate',
    measures: [{ fn: 'sum', field: 'amount' }],
  });
  expect(counted.data).toEqual([{ count: 1, sum_amount: null, without_rate_amount: 1 }]);
  await workspace.create('exchange_rates', { currency: 'NOK', valid_from: '2026-01-01', rate: 0.1 });
  expect(await reported(id)).toBeNull();
  await workspace.change(on('2026-01-21'), { revalue: 'deals', id });
  expect(await reported(id)).toBe(7);
});

test('a second rate of a currency from the same day is refused, and an archived one counts no more', async () => {
  const error = await refused(
    workspace.change(admin, {
      create: 'exchange_rates',
      set: { currency: 'usd', valid_from: '2026-03-01', rate: 0.7 },
    }),
  );
  expect(error.status).toBe(409);
  const { id } = await workspace.change(admin, {
    create: 'exchange_rates',
    set: { currency: 'USD', valid_from: '2026-04-01', rate: 0.7 },
  });
  await workspace.change(admin, { archive: 'exchange_rates', id });
  const late = await deal('2026-04-02', { amount: usd(100) });
  expect(await reported(late)).toBe(80);
  expect(
    findings(
      await refused(
        workspace.change(admin, {
          create: 'exchange_rates',
          set: { currency: 'USD', valid_from: '2026-05-01', rate: 0 },
        }),
      ),
    ),
  ).toHaveLength(1);
});

test('a sales representative reads rates and does not write them', async () => {
  const rep = workspace.as('sales_representative');
  expect((await list(rep, { object: 'exchange_rates' })).data.length).toBeGreaterThan(3);
  const error = await refused(
    workspace.change(rep, {
      create: 'exchange_rates',
      set: { currency: 'CHF', valid_from: '2026-05-01', rate: 1 },
    }),
  );
  expect(error.status).toBe(403);
});
