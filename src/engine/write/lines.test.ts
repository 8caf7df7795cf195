import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Context } from '../../core/context/context.ts';
import { findings, refused } from '../../testing/refused.ts';
import { testWorkspace, type TestWorkspace } from '../../testing/workspace.ts';
import { finishBatch, startBatch } from '../batches/batches.ts';
import { undoBatch } from '../batches/undo.ts';
import { history } from '../events/history.ts';
import { get } from '../read/get.ts';
import { list } from '../read/list.ts';
import { write, type Change } from './write.ts';

let workspace: TestWorkspace;
let admin: Context;
let meter: string;
let sensor: string;

beforeAll(async () => {
  workspace = await testWorkspace();
  admin = workspace.admin;
  meter = await workspace.create('products', { name: 'Meter', list_price: 740 });
  sensor = await workspace.create('products', {
    name: 'Sensor',
    list_price: { amount: '99.99', currency: 'USD' },
  });
});
afterAll(() => workspace.close());

const deal = (set: Record<string, unknown> = {}) => workspace.create('deals', { name: 'Gauges', ...set });
const line = (of: string, set: Record<string, unknown>) =>
  workspace.create('line_items', { deal: of, ...set });
const amount = async (id: string) => (await get(admin, { object: 'deals', id }))['amount'];
const eur = (value: string) => ({ amount: value, currency: 'EUR' });
const change = (one: Change, context = admin) => workspace.change(context, one);

test('a line is worth quantity times price less its discount, rounded to the coins of its currency', async () => {
  const of = await deal();
  const totals: unknown[] = [];
  for (const [quantity, unit_price, discount] of [
    [3, eur('33.35'), 10],
    [1, eur('0.05'), 50],
    [0.333, eur('0.10'), null],
    [7, eur('0.0125'), 12.5],
  ] as const) {
    const id = await line(of, { quantity, unit_price, discount });
    totals.push((await get(admin, { object: 'line_items', id }))['total']);
  }
  expect(totals).toEqual([eur('90.05'), eur('0.03'), eur('0.03'), eur('0.08')]);
  expect(await amount(of)).toEqual(eur('90.19'));
  const yen = await deal();
  await line(yen, { quantity: 3, unit_price: { amount: 333, currency: 'JPY' }, discount: 50 });
  expect(await amount(yen)).toEqual({ amount: '500', currency: 'JPY' });
  const dinar = await deal();
  await line(dinar, { quantity: 1, unit_price: { amount: '1.0005', currency: 'KWD' } });
  expect(await amount(dinar)).toEqual({ amount: '1.001', currency: 'KWD' });
});

test('the amount follows its lines as they are made, changed, moved, archived and brought back', async () => {
  const of = await deal();
  const first = await line(of, { product: meter, quantity: 10 });
  const second = await line(of, { name: 'Travel', unit_price: 200 });
  expect(await amount(of)).toEqual(eur('7600.00'));
  await change({ update: 'line_items', id: first, set: { quantity: 5, discount: 10 } });
  expect(await amount(of)).toEqual(eur('3530.00'));
  await change({ archive: 'line_items', id: second });
  expect(await amount(of)).toEqual(eur('3330.00'));
  await change({ restore: 'line_items', id: second });
  expect(await amount(of)).toEqual(eur('3530.00'));
  const other = await deal();
  await change({ update: 'line_items', id: second, set: { deal: other } });
  expect([await amount(of), await amount(other)]).toEqual([eur('3330.00'), eur('200.00')]);
  const { data } = await history(admin, { object: 'deals', id: of });
  expect(data[0]!.changes['amount']).toEqual({ from: eur('3530.00'), to: eur('3330.00') });
});

test('an amount is written by hand only where there are no lines, and the last one that goes leaves it', async () => {
  const of = await deal({ amount: 500 });
  const only = await line(of, { product: meter });
  expect(await amount(of)).toEqual(eur('740.00'));
  const error = await refused(change({ update: 'deals', id: of, set: { amount: 900 } }));
  expect([error.status, error.code, findings(error)]).toEqual([422, 'sum_of_lines', ['amount sum_of_lines']]);
  expect(error.errors[0]!.fix.say).toBe('Change the line items, or remove them.');
  await change({ update: 'deals', id: of, set: { amount: 740, name: 'The same' } });
  await change({ archive: 'line_items', id: only });
  expect(await amount(of)).toEqual(eur('740.00'));
  await change({ update: 'deals', id: of, set: { amount: 900 } });
  expect(await amount(of)).toEqual(eur('900.00'));
});

test('lines of two currencies do not meet on one deal', async () => {
  const of = await deal({ amount: { amount: 100, currency: 'USD' } });
  const error = await refused(change({ create: 'line_items', set: { deal: of, unit_price: 5 } }));
  expect(findings(error)).toEqual(['unit_price mixed_currencies']);
  expect(error.errors[0]!.message).toContain('EUR and USD');
  const id = await line(of, { product: sensor, quantity: 2 });
  expect(await amount(of)).toEqual({ amount: '199.98', currency: 'USD' });
  // All of them may change together.
  await change({ update: 'line_items', id, set: { unit_price: 90 } });
  expect(await amount(of)).toEqual(eur('180.00'));
  expect(
    findings(await refused(change({ create: 'line_items', set: { deal: of, product: sensor } }))),
  ).toEqual(['unit_price no_rate']);
  await workspace.create('exchange_rates', { currency: 'USD', valid_from: '2020-01-01', rate: 0.9 });
  const converted = await line(of, { product: sensor });
  expect((await get(admin, { object: 'line_items', id: converted }))['unit_price']).toEqual(eur('89.99'));
});

test('who may not change the deal may not change it by its lines', async () => {
  const anna = await workspace.create('users', { name: 'Anna Berg' });
  const ben = await workspace.create('users', { name: 'Ben Koch' });
  const context = workspace.user({ id: anna, name: 'Anna Berg' }, 'sales_representative');
  const [own, other] = [await deal({ owner: anna }), await deal({ owner: ben })];
  await change({ create: 'line_items', set: { deal: own, product: meter } }, context);
  expect(await amount(own)).toEqual(eur('740.00'));
  const theirs = await line(other, { product: meter });
  expect(
    (await refused(change({ update: 'line_items', id: theirs, set: { quantity: 2 } }, context))).status,
  ).toBe(404);
  expect(
    (await refused(change({ create: 'line_items', set: { deal: other, product: meter } }, context))).status,
  ).toBe(422);
  expect((await list(context, { object: 'line_items' })).data).toHaveLength(1);
});

test('a deal that its stage asks an amount of keeps it when a line would empty it', async () => {
  const account = await workspace.create('accounts', { name: 'Tarn Valley' });
  const contact = await workspace.create('contacts', { last_name: 'Berg', account });
  const of = await deal({ account, contact });
  const id = await line(of, { product: meter });
  await change({ advance: 'deals', id: of, to: 'qualified', override_reason: 'Known for years.' });
  const error = await refused(change({ update: 'line_items', id, set: { unit_price: null } }));
  expect(error.code).toBe('checkpoint');
  expect(await amount(of)).toEqual(eur('740.00'));
});

test('two who add lines at once are both counted', async () => {
  const of = await deal();
  await Promise.all(
    Array.from({ length: 8 }, (_, at) =>
      change({ create: 'line_items', set: { deal: of, unit_price: at + 1 } }),
    ),
  );
  expect(await amount(of)).toEqual(eur('36.00'));
});

test('many lines in one call come to one change of the deal, and a bad one costs no other', async () => {
  const of = await deal();
  const other = await deal({ amount: { amount: 1, currency: 'USD' } });
  const outcomes = await write(admin, {
    mode: 'each',
    changes: [
      ...Array.from({ length: 300 }, () => ({ create: 'line_items', set: { deal: of, unit_price: '1.10' } })),
      { create: 'line_items', set: { deal: other, unit_price: 1 } },
    ],
  });
  expect(outcomes.filter((one) => one.ok)).toHaveLength(300);
  expect(await amount(of)).toEqual(eur('330.00'));
  expect((await history(admin, { object: 'deals', id: of })).data).toHaveLength(2);
});

test('undo of a batch of lines puts the amount back, and keeps the lines that others added since', async () => {
  const of = await deal({ amount: 500 });
  const touched = await deal({ amount: 500 });
  const batch = await startBatch(admin, { kind: 'import', object: 'line_items' });
  await write(admin, {
    mode: 'all',
    batch,
    changes: [of, touched].map((id) => ({ create: 'line_items', set: { deal: id, product: meter } })),
  });
  await finishBatch(admin, batch, { state: 'done', done: 2, refused: 0 });
  await line(touched, { unit_price: 10 });
  expect([await amount(of), await amount(touched)]).toEqual([eur('740.00'), eur('750.00')]);
  const undone = await undoBatch(admin, batch);
  expect([await amount(of), await amount(touched)]).toEqual([eur('500.00'), eur('10.00')]);
  expect(undone.kept).toMatchObject([
    { object: 'deals', id: touched, field: 'amount', why: 'It was changed since.' },
  ]);
});

test('a checkpoint and a filter can ask whether a deal has products', async () => {
  const [with_, without] = [await deal({ name: 'With lines' }), await deal({ name: 'Without lines' })];
  await line(with_, { product: meter });
  const found = await list(admin, {
    object: 'deals',
    where: { all: [{ name: { in: ['With lines', 'Without lines'] } }, { line_items: { none: {} } }] },
  });
  expect(found.data.map((row) => row['id'])).toEqual([without]);
});
