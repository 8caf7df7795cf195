import { afterAll, beforeAll, expect, test } from 'vitest';
import { jobs } from '../operations/jobs.ts';
import { testServer, type TestServer } from './test-server.ts';

let server: TestServer;
/** Another app process on the same database, which does no jobs. */
let other: TestServer;
let admin: string;
beforeAll(async () => {
  server = await testServer({ jobs });
  other = await testServer({ beside: server });
  admin = await server.key('administrator');
});
afterAll(async () => {
  await other.close();
  await server.close();
});

const call = (method: string, path: string, body?: unknown, key = admin) =>
  server.call(method, path, { key, body });

function send(csv: string, fields: Record<string, string>, key = admin) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  body.set('file', new Blob([csv], { type: 'text/csv' }), 'rows.csv');
  return call('POST', '/api/v1/imports', body, key);
}

/** Rows that are made, and in their middle one that changes a record which somebody holds until he lets go. */
async function held(name: string): Promise<{ csv: string; rows: number; release(): Promise<void> }> {
  const { id } = (await call('POST', '/api/v1/accounts', { name: `${name} held` })).body;
  const client = await server.database.pool.connect();
  await client.query('BEGIN');
  await client.query('SELECT FROM crm.accounts WHERE id = $1 FOR UPDATE', [id]);
  const rows = Array.from({ length: 3_000 }, (_, at) => `${at === 1_500 ? id : ''},${name} ${at}`);
  return {
    csv: `id,name\n${rows.join('\n')}\n`,
    rows: rows.length,
    async release() {
      await client.query('COMMIT');
      client.release();
    },
  };
}

const count = async (name: string): Promise<number> =>
  (
    await call('POST', '/api/v1/accounts/query', {
      where: { name: { starts_with: name } },
      count: 'exact',
      limit: 1,
    })
  ).body.total;
const stateOf = async (batch: string): Promise<string> =>
  (await call('GET', `/api/v1/batches/${batch}`)).body.state;

type Told = { event: string; data: Record<string, any> };

/** All that is told of the batch until it ends, or until `enough`. */
async function watch(
  from: TestServer,
  batch: string,
  enough: (told: Told) => boolean = () => false,
): Promise<Told[]> {
  const gone = new AbortController();
  const response = await fetch(`${from.url}/api/v1/batches/${batch}/progress`, {
    headers: { authorization: `Bearer ${admin}` },
    signal: gone.signal,
  });
  const told: Told[] = [];
  let text = '';
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + piece).split('\n\n');
    text = blocks.pop()!;
    for (const block of blocks) {
      const event = /^event: (.*)$/m.exec(block)?.[1];
      if (!event) continue;
      told.push({ event, data: JSON.parse(/^data: (.*)$/m.exec(block)![1]!) as Told['data'] });
      if (!enough(told.at(-1)!)) continue;
      gone.abort();
      return told;
    }
  }
  return told;
}

test('an import in the background answers at once, tells how far it is at any app process, and ends', async () => {
  const { csv, release } = await held('Back');
  const answer = await send(csv, { object: 'accounts', background: 'true' });
  expect(answer.status).toBe(202);
  const { batch } = answer.body;
  await watch(server, batch, ({ data }) => data['reached'] > 0);
  const watched = watch(other, batch);
  expect(await stateOf(batch)).toBe('running');
  await release();
  const told = await watched;
  expect(told.at(-1)).toMatchObject({
    event: 'end',
    data: { state: 'done', total: 3_000, reached: 3_000, done: 3_000, refused: 0, seconds_left: null },
  });
  const reached = told.map(({ data }) => data['reached'] as number);
  expect(reached).toEqual(reached.toSorted((a, b) => a - b));
  expect(told[0]).toMatchObject({ event: 'progress' });
  expect(told.at(-1)!.data['rate']).toBeGreaterThan(0);
  expect(await count('Back ')).toBe(3_000);
  const signed = await server.database.pool.query(
    `SELECT DISTINCT actor_name, channel FROM platform.events WHERE batch = $1`,
    [batch],
  );
  expect(signed.rows).toEqual([{ actor_name: 'Test key', channel: 'import' }]);
}, 60_000);

test('what is wrong with the file as a whole is refused before a batch begins, in the background too', async () => {
  const answer = await send('x,y\n1,2', { object: 'accounts', background: 'true' });
  expect(answer).toMatchObject({ status: 422, body: { code: 'no_columns' } });
  expect((await send('name\nX', { object: 'accounts', background: 'true', dry_run: 'true' })).body.code).toBe(
    'invalid',
  );
});

test('an import pauses behind the rows in hand, is refused a second beginning, and goes on to the last row', async () => {
  const { csv, release } = await held('Pause');
  const { batch } = (await send(csv, { object: 'accounts', background: 'true' })).body;
  await watch(server, batch, ({ data }) => data['reached'] > 0);
  expect((await call('POST', `/api/v1/batches/${batch}/undo`)).body.code).toBe('still_running');
  expect((await call('POST', `/api/v1/batches/${batch}/resume`)).body.code).toBe('still_running');
  expect(await call('POST', `/api/v1/batches/${batch}/pause`)).toMatchObject({
    status: 200,
    body: { state: 'running', asked: 'pause' },
  });
  await release();
  const told = await watch(server, batch);
  expect(told.at(-1)).toMatchObject({ event: 'end', data: { state: 'paused' } });
  const { reached } = told.at(-1)!.data as { reached: number };
  expect(reached).toBeLessThan(3_000);
  // The record that was held is one of them.
  expect(await count('Pause ')).toBe(reached);

  const again = await send(csv, { object: 'accounts' });
  expect(again).toMatchObject({ status: 409, body: { code: 'unfinished_import', batch } });
  expect(await call('POST', `/api/v1/batches/${batch}/resume`)).toMatchObject({ status: 202 });
  expect((await watch(other, batch)).at(-1)).toMatchObject({ data: { state: 'done', done: 3_000 } });
  expect(await count('Pause ')).toBe(3_000);
  for (const verb of ['resume', 'pause'])
    expect((await call('POST', `/api/v1/batches/${batch}/${verb}`)).status).toBe(409);
}, 60_000);

test('a paused import is undone, and goes no further then', async () => {
  const { csv, release } = await held('Half');
  const { batch } = (await send(csv, { object: 'accounts', background: 'true' })).body;
  await watch(server, batch, ({ data }) => data['reached'] > 0);
  await call('POST', `/api/v1/batches/${batch}/pause`);
  await release();
  const { reached } = (await watch(server, batch)).at(-1)!.data as { reached: number };
  const undo = await call('POST', `/api/v1/batches/${batch}/undo`, { background: true });
  expect(undo.status).toBe(202);
  expect((await watch(server, undo.body.batch)).at(-1)).toMatchObject({
    event: 'end',
    data: { state: 'done', total: reached, done: reached, refused: 0 },
  });
  expect(await count('Half ')).toBe(1);
  expect(await stateOf(batch)).toBe('undone');
  expect((await call('POST', `/api/v1/batches/${batch}/resume`)).body.code).toBe('already_ended');
}, 60_000);

test('history over HTTP is for who may import history', async () => {
  const fields = { object: 'deals', history: 'true', mapping: 'constants: { pipeline: new_business }' };
  const csv = 'name,stage,closed_on\nLong ago,won,2017-03-01\n';
  expect((await send(csv, fields, await server.key('team_lead'))).status).toBe(403);
  expect((await send(csv, fields)).body).toMatchObject({ done: 1, refused_total: 0 });
  const found = await call('POST', '/api/v1/deals/query', { where: { name: 'Long ago' } });
  expect(found.body.data[0]).toMatchObject({ stage: 'won', closed_on: '2017-03-01' });
});

test('batches are listed page by page: one’s own, or all for who may undo any', async () => {
  const lead = await server.key('crm_owner');
  const rep = await server.key('sales_representative');
  const mine = await send('name\nListed\n', { object: 'accounts' }, lead);
  expect(mine.status).toBe(200);
  const pages: string[] = [];
  for (let cursor = ''; ;) {
    const page = await call('GET', `/api/v1/batches?limit=2&kind=import${cursor && `&cursor=${cursor}`}`);
    expect(page.status).toBe(200);
    pages.push(...page.body.data.map((one: { id: string }) => one.id));
    if (page.body.next_cursor === null) break;
    cursor = page.body.next_cursor;
  }
  expect(pages[0]).toBe(mine.body.batch);
  expect(pages.length).toBeGreaterThan(3);
  expect(new Set(pages).size).toBe(pages.length);
  expect((await call('GET', '/api/v1/batches', undefined, rep)).body).toEqual({
    data: [],
    next_cursor: null,
  });
  expect((await call('GET', '/api/v1/batches?cursor=x')).status).toBe(422);
});

test('problems come as a file that is mended and fed again: rows are loaded, records completed, nothing twice', async () => {
  const csv =
    'Firma;Info;employees;opened on;notes\n' +
    'Good;;1;;\n' +
    ';"no ""name""; =1+1";2;;@home\n' +
    '"Left\nempty";x;many;;\'quoted\n' +
    'Too;many;cells;in;this;row\n';
  const mapping = 'columns: { Firma: name, Info: street }';
  const { body } = await send(csv, { object: 'accounts', mapping });
  expect(body).toMatchObject({ done: 2, refused_total: 2, left_total: 1 });
  const file = await call('GET', `/api/v1/batches/${body.batch}/problems.csv`);
  expect(file.headers.get('content-disposition')).toContain('rows problems.csv');
  const lines = (file.body as string).replace(/^\ufeff/, '').split('\r\n');
  expect(lines[0]).toBe(
    'Firma;Info;employees;opened on;notes;groundwork batch;groundwork id;groundwork line;groundwork field;groundwork reason;groundwork fix',
  );
  expect(lines[1]).toMatch(/^Too.*many.*cells/);
  expect(lines[2]).toMatch(/^;"no ""name""; =1\+1";2;;'@home;[-0-9a-f]{36};;3;name;/);
  expect(lines[3]).toMatch(/^;;many;;;[-0-9a-f]{36};[-0-9a-f]{36};4;employees;/);

  const mended = [lines[0], `Now named${lines[2]}`, lines[3]!.replace('many', '7')].join('\r\n');
  const again = await send(mended, { object: 'accounts', mapping });
  expect(again.body).toMatchObject({ done: 2, created: 1, changed: 1, refused_total: 0, left_total: 0 });
  const read = async (name: string) =>
    (await call('POST', '/api/v1/accounts/query', { where: { name } })).body.data;
  expect(await read('Now named')).toMatchObject([
    { street: 'no "name"; =1+1', notes: '@home', employees: 2 },
  ]);
  expect(await read('Left\nempty')).toMatchObject([{ employees: 7, notes: "'quoted" }]);
});

test('a mended file is read as the whole file was, though its few rows do not tell how', async () => {
  const csv = 'name,opened_on\nFirst,25/12/2024\nSecond,04/03/2024 or so\n';
  const { body } = await send(csv, { object: 'deals' });
  expect(body).toMatchObject({ done: 2, left_total: 1 });
  const workspace = { ...server.context.workspace };
  expect(workspace.country).not.toBe('US');
  const file = (await call('GET', `/api/v1/batches/${body.batch}/problems.csv`)).body as string;
  const again = await send(file.replace(' or so', ''), { object: 'deals' });
  expect(again.body).toMatchObject({ changed: 1, left_total: 0, notes: [] });
  const [second] = (await call('POST', '/api/v1/deals/query', { where: { name: 'Second' } })).body.data;
  expect(second.opened_on).toBe('2024-03-04');
});

test('what an undo kept is listed with names, what stands there now, and who did it', async () => {
  const { batch } = (await send('name,city\nKeeper,Rome\n', { object: 'accounts' })).body;
  const [record] = (await call('POST', '/api/v1/accounts/query', { where: { name: 'Keeper' } })).body.data;
  const edit = (await send('name,city\nKeeper,Milan\n', { object: 'accounts', mapping: 'key: name' })).body;
  await call('PATCH', `/api/v1/accounts/${record.id}`, { city: 'Oslo' });
  const undone = (await call('POST', `/api/v1/batches/${edit.batch}/undo`)).body;
  const kept = await call('GET', `/api/v1/batches/${undone.batch}/kept`);
  expect(kept.body).toMatchObject({
    data: [
      {
        object: 'accounts',
        id: record.id,
        name: 'Keeper',
        field: 'city',
        label: 'City',
        present: 'Oslo',
        why: 'It was changed since.',
        by: 'Test key',
      },
    ],
    next_cursor: null,
  });
  expect(await stateOf(batch)).toBe('done');
});
