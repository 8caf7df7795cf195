import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testServer, type TestServer } from './test-server.ts';

let server: TestServer;
let admin: string;

beforeAll(async () => {
  server = await testServer();
  admin = await server.key('administrator');
  for (const name of ['Acme', '+Plus'])
    await server.call('POST', '/api/v1/accounts', { key: admin, body: { name } });
});
afterAll(() => server.close());

const post = (body: object, key = admin) => server.call('POST', '/api/v1/exports', { key, body });

it('answers with the file as a download', async () => {
  const answer = await post({
    object: 'accounts',
    fields: ['name'],
    sort: 'name',
    reason: 'Audit',
    bom: true,
  });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="accounts \d{4}-/);
  expect(answer.body).toMatch(/^\ufeff?name\r\n'\+Plus\r\nAcme\r\n$/);
  const xlsx = await post({ object: 'accounts', format: 'xlsx' });
  expect(xlsx.headers.get('content-type')).toContain('spreadsheetml');
  const log = await server.call('GET', '/api/v1/exports?limit=1', { key: admin });
  expect(log.body.data[0]).toMatchObject({ object: 'accounts', format: 'xlsx', count: 2, channel: 'http' });
  const next = await server.call('GET', `/api/v1/exports?cursor=${log.body.next_cursor}`, { key: admin });
  expect(next.body).toMatchObject({ data: [{ reason: 'Audit', state: 'done' }], next_cursor: null });
  const own = await server.call('GET', '/api/v1/exports', { key: await server.key('read_only') });
  expect(own.body.data).toEqual([]);
});

it('refuses with a sentence and never with a 5xx', async () => {
  const reader = await server.key('read_only');
  expect((await post({ object: 'accounts' }, reader)).status).toBe(403);
  for (const body of [
    {},
    { object: 'nope' },
    { object: 'accounts', fields: [] },
    { object: 'accounts', fields: ['nope'] },
    { object: 'accounts', sort: 'nope' },
    { object: 'accounts', format: 'pdf' },
    { object: 'accounts', where: 'x' },
    { object: 'accounts', reason: '' },
    { object: 'accounts', where: { name: '\0' } },
    { object: 'accounts', more: 1 },
  ]) {
    const answer = await post(body);
    expect([answer.status >= 400 && answer.status < 500, typeof answer.body.detail]).toEqual([
      true,
      'string',
    ]);
  }
  expect((await server.call('GET', '/api/v1/exports?cursor=x', { key: admin })).status).toBe(422);
});

it('a caller who hangs up halfway leaves a line with the count that was sent', async () => {
  const changes = Array.from({ length: 3000 }, (_, n) => `Many ${n} ${'x'.repeat(200)}`);
  const form = new FormData();
  form.append('object', 'accounts');
  form.append('file', new Blob([`name\n${changes.join('\n')}\n`]), 'many.csv');
  expect((await server.call('POST', '/api/v1/imports', { key: admin, body: form })).status).toBeLessThan(300);
  const closing = new AbortController();
  const response = await fetch(`${server.url}/api/v1/exports`, {
    method: 'POST',
    headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
    body: JSON.stringify({ object: 'accounts', reason: 'Halfway' }),
    signal: closing.signal,
  });
  await response.body!.getReader().read();
  closing.abort();
  for (let n = 0; ; n++) {
    const { data } = (await server.call('GET', '/api/v1/exports', { key: admin })).body;
    const [last] = data;
    expect(last.reason).toBe('Halfway');
    if (last.state !== 'running') {
      expect(last.state).toBe('stopped');
      expect(last.count).toBeGreaterThan(0);
      return;
    }
    if (n > 500) throw new Error('It goes on.');
    await sleep(10);
  }
});
