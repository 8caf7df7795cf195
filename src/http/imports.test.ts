import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testServer, type TestServer } from './test-server.ts';

let server: TestServer;
let admin: string;
beforeAll(async () => {
  server = await testServer();
  admin = await server.key('administrator');
});
afterAll(() => server.close());

function form(csv: string | Uint8Array, fields: Record<string, string>): FormData {
  const body = new FormData();
  for (const [key, value] of Object.entries(fields)) body.set(key, value);
  body.set('file', new Blob([csv as BlobPart], { type: 'text/csv' }), 'rows.csv');
  return body;
}
const send = (
  csv: string | Uint8Array,
  fields: Record<string, string>,
  key = admin,
  headers?: Record<string, string>,
) => server.call('POST', '/api/v1/imports', { key, body: form(csv, fields), headers });

test('a file is imported, its refusals are listed, read again page by page, and all of it undone', async () => {
  const rows = Array.from({ length: 30 }, (_, at) => (at % 10 === 9 ? `,${at}` : `Api ${at},${at}`)).join(
    '\n',
  );
  const answer = await send(`name,employees\n${rows}\nLast,many\n`, { object: 'accounts' });
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({ total: 31, done: 28, refused_total: 3, left_total: 1, stopped: false });
  expect(answer.body.refused).toMatchObject([
    { row: 10, line: 11, errors: [{ path: 'name', code: 'required', fix: { set: ['name'] } }] },
    { row: 20 },
    { row: 30 },
  ]);
  const { batch } = answer.body;

  expect((await server.call('GET', `/api/v1/batches/${batch}`, { key: admin })).body).toMatchObject({
    id: batch,
    kind: 'import',
    object: 'accounts',
    state: 'done',
    total: 31,
    done: 28,
    refused: 3,
    details: { file: 'rows.csv' },
  });
  const seen: { row: number; refused: boolean }[] = [];
  for (let cursor = ''; ;) {
    const page = await server.call(
      'GET',
      `/api/v1/batches/${batch}/problems?limit=2${cursor && `&cursor=${cursor}`}`,
      { key: admin },
    );
    expect(page.status).toBe(200);
    expect(page.body.data.length).toBeLessThanOrEqual(2);
    seen.push(...page.body.data);
    if (page.body.next_cursor === null) break;
    cursor = page.body.next_cursor;
  }
  expect(seen.map(({ row, refused }) => [row, refused])).toEqual([
    [10, true],
    [20, true],
    [30, true],
    [31, false],
  ]);

  const undone = await server.call('POST', `/api/v1/batches/${batch}/undo`, { key: admin });
  expect(undone).toMatchObject({ status: 200, body: { done: 28, kept: [] } });
  expect((await server.call('GET', '/api/v1/accounts?count=exact', { key: admin })).body.total).toBe(0);
  expect((await server.call('POST', `/api/v1/batches/${batch}/undo`, { key: admin })).status).toBe(409);
});

test('mapping, key, strict and dry run come as fields of the form', async () => {
  const mapping = 'columns: { Firma: name, Ort: city }';
  const dry = await send('Firma;Ort\nForm;Bern\n', { object: 'accounts', mapping, dry_run: 'true' });
  expect(dry.body).toMatchObject({ batch: null, done: 1 });
  expect((await server.call('GET', '/api/v1/accounts?count=exact', { key: admin })).body.total).toBe(0);
  await send('Firma;Ort\nForm;Bern\n', { object: 'accounts', mapping });
  const second = await send('Firma;Ort\nForm;Rome\n', {
    object: 'accounts',
    mapping: JSON.stringify({ columns: { Firma: 'name', Ort: 'city' }, key: 'name' }),
  });
  expect(second.body).toMatchObject({ created: 0, changed: 1 });
  expect(
    (await send('name,employees\nStrict,many\n', { object: 'accounts', strict: 'true' })).body,
  ).toMatchObject({ done: 0, refused_total: 1 });
});

test('a draft of a mapping says what stands in each column, and the import takes it as it is', async () => {
  const csv = 'Firma;Branche;Intern\nDraft one;sofware;x\nDraft two;agriculture;\n';
  const draft = (key = admin) =>
    server.call('POST', '/api/v1/imports/draft', { key, body: form(csv, { object: 'accounts' }) });
  const { status, body } = await draft();
  expect(status).toBe(200);
  expect(body).toMatchObject({ object: 'accounts', rows: 2, whole: true, unfilled: [], questions: [] });
  expect(body.columns).toMatchObject([
    { header: 'Firma', target: 'name', confidence: 0.95, filled: 2, distinct: 2, unique: true },
    { header: 'Branche', target: 'industry' },
    { header: 'Intern', target: null, confidence: 0, filled: 1 },
  ]);
  expect(body.values).toMatchObject([{ field: 'industry', from: 'sofware', to: 'software', rows: 1 }]);
  expect((await send(csv, { mapping: body.mapping, dry_run: 'true' })).body).toMatchObject({
    done: 2,
    left_total: 0,
  });
  expect((await send(csv, { mapping: body.mapping, object: 'deals' })).body).toMatchObject({
    code: 'bad_mapping',
  });
  expect((await draft(await server.key('read_only'))).status).toBe(403);
});

test('a batch is seen and undone by who made it, or who may undo any', async () => {
  const { body } = await send('name\nMine\n', { object: 'accounts' });
  const other = await server.key('read_only');
  for (const [method, path] of [
    ['GET', ''],
    ['GET', '/problems'],
    ['POST', '/undo'],
  ] as const) {
    expect((await server.call(method, `/api/v1/batches/${body.batch}${path}`, { key: other })).status).toBe(
      404,
    );
  }
  expect((await send('name\nX\n', { object: 'accounts' }, other)).status).toBe(403);
});

test.each<[string, string | Uint8Array, Record<string, string>, number, string]>([
  ['an unknown object', 'name\nX', { object: 'nothing' }, 404, 'unknown_object'],
  ['no object', 'name\nX', {}, 422, 'which_object'],
  ['an unknown field of the form', 'name\nX', { object: 'accounts', histroy: '1' }, 422, 'invalid'],
  ['an empty file', '', { object: 'accounts' }, 422, 'empty_file'],
  ['a broken workbook', new Uint8Array([0x50, 0x4b, 3, 4]), { object: 'accounts' }, 422, 'broken_workbook'],
  ['an old workbook', Buffer.from('d0cf11e0a1b11ae1', 'hex'), { object: 'accounts' }, 415, 'not_csv'],
  ['a header that fits nothing', 'x,y\n1,2', { object: 'accounts' }, 422, 'no_columns'],
  ['a broken mapping', 'name\nX', { object: 'accounts', mapping: 'columns: [' }, 422, 'bad_mapping'],
  ['an unknown encoding', 'name\nX', { object: 'accounts', encoding: 'klingon' }, 422, 'unknown_encoding'],
  ['a delimiter of two signs', 'name\nX', { object: 'accounts', delimiter: '::' }, 422, 'bad_delimiter'],
  ['a key that is no field', 'name\nX', { object: 'accounts', key: 'nope' }, 422, 'bad_mapping'],
])('%s is refused with what to do about it', async (_, csv, fields, status, code) => {
  const answer = await send(csv, fields);
  expect(answer).toMatchObject({ status, body: { code } });
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(answer.body.errors.length).toBeGreaterThan(0);
});

test('a form without a file, and bad cursors and ids, are refused', async () => {
  const body = new FormData();
  body.set('object', 'accounts');
  expect((await server.call('POST', '/api/v1/imports', { key: admin, body })).status).toBe(422);
  expect(
    (await server.call('POST', '/api/v1/imports', { key: admin, body: { object: 'accounts' } })).status,
  ).toBe(415);
  const { body: made } = await send('name\nCursor\n', { object: 'accounts' });
  for (const cursor of ['x', 'cDE', 'cDF4', '%00', 'p1']) {
    const answer = await server.call('GET', `/api/v1/batches/${made.batch}/problems?cursor=${cursor}`, {
      key: admin,
    });
    if (cursor !== 'cDE') expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
  }
  expect(
    (await server.call('GET', `/api/v1/batches/${made.batch}/problems?limit=0`, { key: admin })).status,
  ).toBe(422);
  expect((await server.call('GET', '/api/v1/batches/no-id', { key: admin })).status).toBe(404);
});

test('the same file under the same Idempotency-Key is imported once', async () => {
  const headers = { 'idempotency-key': 'import-1' };
  const first = await send('name\nOnce\n', { object: 'accounts' }, admin, headers);
  const again = await send('name\nOnce\n', { object: 'accounts' }, admin, headers);
  expect(again).toMatchObject({ status: 200, body: first.body });
  expect((await send('name\nOther\n', { object: 'accounts' }, admin, headers)).status).toBe(422);
  const found = await server.call('GET', '/api/v1/accounts?q=once&count=exact', { key: admin });
  expect(found.body.total).toBe(1);
});

test('the API reference describes the form', async () => {
  const { body } = await server.call('GET', '/api/openapi.json', { key: admin });
  const form = body.paths['/api/v1/imports'].post.requestBody.content['multipart/form-data'].schema;
  expect(Object.keys(form.properties)).toEqual(
    expect.arrayContaining(['file', 'object', 'mapping', 'dry_run']),
  );
});

test('no file and no mapping makes the server fail', async () => {
  const junk = fc.uint8Array({ maxLength: 300 });
  const text = fc
    .array(
      fc.constantFrom(
        'name',
        'email',
        ',',
        ';',
        '\n',
        '"',
        '\0',
        'é',
        '{',
        'columns:',
        ' ',
        '\r',
        '1',
        '$me',
        '__proto__',
        'id',
      ),
      { maxLength: 40 },
    )
    .map((parts) => parts.join(''));
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(junk, text),
      fc.oneof(fc.constant(''), text),
      fc.constantFrom('accounts', 'contacts', 'deals', 'users'),
      async (csv, mapping, object) => {
        const answer = await send(csv, { object, mapping, dry_run: 'true' });
        expect([answer.status, answer.status < 500]).toEqual([answer.status, true]);
        if (answer.status >= 400) expect(answer.body.errors.length).toBeGreaterThan(0);
      },
    ),
    { numRuns: 150 },
  );
}, 120_000);
