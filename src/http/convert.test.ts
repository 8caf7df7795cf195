import { afterAll, beforeAll, expect, test } from 'vitest';
import { testServer, type TestServer } from './test-server.ts';

let server: TestServer;
let key: string;
beforeAll(async () => {
  server = await testServer();
  key = await server.key('administrator');
});
afterAll(() => server.close());

const post = (path: string, body?: unknown, headers?: Record<string, string>) =>
  server.call('POST', `/api/v1/${path}`, { key, body, headers });

test('a lead is previewed, converted once under its key, and put back by undo', async () => {
  const lead = (
    await post('leads', { name: 'Mara Lind', company: 'Lindholm Dairy', email: 'mara@lindholm.example' })
  ).body;
  const at = `leads/${lead.id}/convert`;
  const preview = await post(`${at}/preview`, { deal: { name: 'Gauges', amount: 900 } });
  expect(preview.status).toBe(200);
  expect(preview.body).toMatchObject({
    to: 'qualified',
    parts: [
      { key: 'account', action: 'create', values: { name: 'Lindholm Dairy', domain: 'lindholm.example' } },
      { key: 'contact', action: 'create', values: { first_name: 'Mara', last_name: 'Lind' } },
      { key: 'deal', action: 'create', values: { name: 'Gauges', amount: 900 } },
    ],
  });
  expect(preview.body.missing.map((one: { item: string }) => one.item)).toEqual([
    'new.owner',
    'qualified.spoke',
  ]);
  const refused = await post(at);
  expect([refused.status, refused.body.code]).toEqual([422, 'checkpoint']);

  const user =
    (await server.call('GET', '/api/v1/users', { key })).body.data[0] ??
    (await post('users', { name: 'Anna' })).body;
  const body = {
    deal: { name: 'Gauges', amount: 900 },
    set: { owner: user.id },
    activity: { type: 'call', occurred_at: '2026-03-01T10:00:00Z', result: 'reached' },
  };
  const done = await post(at, body, { 'idempotency-key': 'mara' });
  expect(done.status).toBe(200);
  expect(done.body).toMatchObject({ record: { stage: 'qualified' }, deal: { name: 'Gauges', made: true } });
  expect((await post(at, body, { 'idempotency-key': 'mara' })).body).toEqual(done.body);
  const again = await post(at, body);
  expect([again.status, again.body.code]).toEqual([409, 'already_converted']);
  expect(again.body.deal).toEqual({ id: done.body.deal.id, name: 'Gauges' });
  const undone = await post(`batches/${done.body.batch}/undo`);
  expect([undone.status, undone.body.kept]).toEqual([200, []]);
  expect((await server.call('GET', `/api/v1/leads/${lead.id}`, { key })).body.stage).toBe('new');
});

test('bad input of a conversion is refused in words, never a failure', async () => {
  const lead = (await post('leads', { name: 'Ole Falk', company: 'Falk', email: 'ole@falk.example' })).body;
  for (const body of [
    { account: 7 },
    { account: { id: 'x' } },
    { deal: { create: 'all' } },
    { deal: [] },
    { set: 1 },
    { activity: [] },
    { duplicates: 'no' },
    { nothing: {} },
    { contact: { create: { email: '\0' } } },
    [],
  ]) {
    const answer = await post(`leads/${lead.id}/convert`, body);
    expect(answer.status, JSON.stringify(body)).toBeGreaterThanOrEqual(400);
    expect(answer.status, JSON.stringify(body)).toBeLessThan(500);
    expect(answer.body.errors.length).toBeGreaterThan(0);
  }
  expect((await post('deals/0/convert')).status).toBe(422);
  expect((await post('leads/0/convert')).status).toBe(404);
});

test('line items are created and listed like any record, and the deal answers their sum', async () => {
  const product = (await post('products', { name: 'Meter', list_price: 740 })).body;
  const deal = (await post('deals', { name: 'Gauges' })).body;
  const line = await post('line_items', {
    deal: deal.id,
    product: { match: { name: 'Meter' } },
    quantity: 2,
    discount: 10,
  });
  expect(line.status).toBe(201);
  expect(line.body).toMatchObject({
    unit_price: { amount: '740.00' },
    total: { amount: '1332.00', currency: 'EUR' },
  });
  expect(line.body.product.id).toBe(product.id);
  const listed = await post('line_items/query', { where: { deal: deal.id } });
  expect(listed.body.data).toHaveLength(1);
  expect((await server.call('GET', `/api/v1/deals/${deal.id}`, { key })).body.amount).toEqual({
    amount: '1332.00',
    currency: 'EUR',
  });
  const refused = await server.call('PATCH', `/api/v1/deals/${deal.id}`, { key, body: { amount: 5 } });
  expect([refused.status, refused.body.code]).toEqual([422, 'sum_of_lines']);
});
