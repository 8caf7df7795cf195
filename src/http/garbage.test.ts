/** Every operation under random input: whatever comes, the answer is the caller's to understand, never a 5xx. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { operations } from '../operations/index.ts';
import { testServer, type TestServer } from './test-server.ts';

let server: TestServer;
let key: string;
let objects: string[];
beforeAll(async () => {
  server = await testServer();
  key = await server.key('administrator');
  objects = [...server.catalog.objects.keys()];
});
afterAll(() => server.close());

/** More of them finds more: GARBAGE_RUNS=5000 for a night. */
const shapedRuns = Number(process.env['GARBAGE_RUNS'] ?? 200);

const nasty = fc.constantFrom(
  '',
  ' ',
  '\u0000',
  '\ud800',
  '__proto__',
  'constructor',
  'toString',
  '$me',
  '$now-14d',
  '$$',
  '1e400',
  '-0',
  'NaN',
  'null',
  '9'.repeat(400),
  '2026-02-30',
  '0000-00-00',
  '275760-09-13',
  "'; --",
  '%',
  '\\',
  '*',
  '{}',
  '[]',
  '😀'.repeat(50),
  '-1',
  '0.1',
  '00000000-0000-0000-0000-000000000000',
  'name',
  'stage',
  'amount',
  'account.industry',
  'owner.team',
  'id',
  '-id',
  'won',
);
const scalar = fc.oneof(
  nasty,
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
);
const operators = fc.constantFrom(
  'eq',
  'ne',
  'in',
  'not_in',
  'gt',
  'gte',
  'lt',
  'lte',
  'between',
  'contains',
  'starts_with',
  'missing',
  'within',
  'all',
  'any',
  'not',
  'some',
  'none',
  'count',
  'where',
);
const tree = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(nasty, operators), tie('value'), { maxKeys: 4 }),
  ),
})).value;

/** Inputs named as the operation names them, with anything in them. */
const inputFor = (names: readonly string[]) =>
  fc.oneof(
    tree,
    fc.dictionary(
      fc.constantFrom(...names, 'name', 'email', 'amount', 'stage', 'owner', 'account', 'due_at', 'where'),
      tree,
      { maxKeys: 6 },
    ),
  );

const namesOf = (input: unknown): string[] => Object.keys((input as { shape?: object }).shape ?? {});

const safeHeader = fc.string({ unit: 'grapheme-ascii', maxLength: 60 }).map((text) => text.trim());
const headers = fc.record(
  {
    'if-match': safeHeader,
    'idempotency-key': safeHeader,
    accept: safeHeader,
    cookie: safeHeader,
    'content-type': fc.oneof(fc.constant('application/json'), safeHeader),
  },
  { requiredKeys: [] },
);

const encoded = (text: string): string => encodeURIComponent(text.toWellFormed());

async function send(
  method: string,
  path: string,
  body: string | undefined,
  more: Record<string, string>,
  endless = false,
): Promise<number> {
  if (endless) return listened(method, path, body, more);
  const answer = await server.call(method, path, {
    key,
    body,
    headers: { 'content-type': 'application/json', ...more },
  });
  if (answer.status >= 500) {
    const line = server.logged.findLast((each) => each['level'] === 'error');
    throw new Error(`${method} ${path} ${body} → ${answer.status} ${JSON.stringify(line?.['err'])}`);
  }
  if (answer.status >= 400) {
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    if (answer.status === 409 || answer.status === 422) expect(answer.body.errors.length).toBeGreaterThan(0);
  }
  return answer.status;
}

/** A stream that begins is taken, and left at once. */
async function listened(
  method: string,
  path: string,
  body: string | undefined,
  more: Record<string, string>,
): Promise<number> {
  const answer = await fetch(server.url + path, {
    method,
    body,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...more },
  });
  const begun = answer.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
  if (begun) await answer.body?.cancel();
  else expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(answer.status).toBeLessThan(500);
  return answer.status;
}

test.for(operations.map((operation) => [operation.name, operation] as const))('%s', async ([, operation]) => {
  const { method, path } = operation.http;
  const reads = method === 'GET' || method === 'DELETE';
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...objects, 'unicorns'),
      fc.oneof(nasty, fc.uuid()),
      inputFor(namesOf(operation.input)),
      fc.dictionary(
        fc.oneof(
          nasty,
          fc.constantFrom('where', 'sort', 'limit', 'cursor', 'fields', 'q', 'count', 'archived'),
        ),
        fc.oneof(
          nasty,
          tree.map((value) => JSON.stringify(value) ?? ''),
        ),
        { maxKeys: 3 },
      ),
      headers,
      async (object, id, input, query, extra) => {
        const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
          name === 'object' ? object : encoded(id) || 'x',
        );
        const search = new URLSearchParams(
          Object.entries(query).map(([name, value]) => [name.toWellFormed(), value.toWellFormed()]),
        );
        const body = reads ? undefined : JSON.stringify(input);
        await send(
          method,
          `${filled}${reads && search.size > 0 ? `?${search}` : ''}`,
          body,
          reads ? { ...extra, 'content-type': 'application/json' } : extra,
          operation.http.events,
        );
      },
    ),
    { numRuns: 60 },
  );
});

/** Well-formed in the large, garbage in the small: this reaches the database. */
const shaped = () => {
  const fields = objects.flatMap((object) =>
    [...server.catalog.objects.get(object)!.fields.keys()].map((field) => [object, field] as const),
  );
  return fc.constantFrom(...fields).chain(([object, field]) => {
    const model = server.catalog.objects.get(object)!;
    const value = fc.oneof(
      scalar,
      fc.array(scalar, { maxLength: 3 }),
      fc.constant({ amount: '1e9', currency: 'XXX' }),
      fc.constant({ match: { name: 'x' } }),
      tree,
    );
    const test = fc.oneof(
      value,
      fc.dictionary(fc.constantFrom(...Object.keys(server.catalog.kinds.operators)), value, {
        minKeys: 1,
        maxKeys: 2,
      }),
    );
    const links = [...model.reverse.keys()];
    const condition = fc.oneof(
      test.map((each) => ({ [field]: each })),
      test.map((each) => ({ any: [{ not: { [field]: each } }, { all: [] }] })),
      fc.constantFrom(field, ...links).map((name) => ({ [name]: { some: {}, count: { gte: 1 } } })),
      test.map((each) => ({ [`${field}.name`]: each })),
    );
    return fc.record({
      object: fc.constant(object),
      field: fc.constant(field),
      value,
      condition,
      sort: fc.constantFrom(field, `-${field}`, `${field},-id`),
    });
  });
};

test('conditions, sorts and sums over every field with values that do not belong', async () => {
  await fc.assert(
    fc.asyncProperty(shaped(), nasty, async ({ object, field, condition, sort }, text) => {
      await send(
        'POST',
        `/api/v1/${object}/query`,
        JSON.stringify({ where: condition, sort, fields: [field], count: 'exact' }),
        {},
      );
      await send(
        'GET',
        `/api/v1/${object}?${new URLSearchParams({ q: text.toWellFormed(), sort, limit: '1' })}`,
        undefined,
        {},
      );
      await send(
        'POST',
        `/api/v1/${object}/summary`,
        JSON.stringify({
          where: condition,
          by: [field],
          measures: [
            { fn: 'sum', field },
            { fn: 'max', field },
          ],
        }),
        {},
      );
    }),
    { numRuns: shapedRuns },
  );
});

test('records whose every field is written with values that do not belong', async () => {
  const made = new Map<string, string>();
  for (const object of objects) {
    const model = server.catalog.objects.get(object)!;
    const required = [...model.fields.values()].filter((field) => field.required && !field.maintained);
    const answer = await server.call('POST', `/api/v1/${object}`, {
      key,
      body: Object.fromEntries(required.map((field) => [field.key, 'sample@example.com'])),
    });
    if (answer.status === 201) made.set(object, answer.body.id);
  }
  expect(made.size).toBeGreaterThan(3);
  await fc.assert(
    fc.asyncProperty(shaped(), nasty, async ({ object, field, value }, text) => {
      const id = made.get(object) ?? 'none';
      const set = JSON.stringify({ [field]: value });
      await send('PATCH', `/api/v1/${object}/${id}`, set, { 'if-match': encoded(text) });
      await send(
        'POST',
        `/api/v1/${object}`,
        JSON.stringify({ name: `n${Math.random()}`, [field]: value }),
        {},
      );
      await send(
        'POST',
        `/api/v1/${object}/${id}/advance`,
        JSON.stringify({ to: text, set: { [field]: value }, activity: { [field]: value } }),
        {},
      );
      await send(
        'POST',
        '/api/v1/bulk',
        JSON.stringify({ object, ids: [id, text], set: { [field]: value } }),
        {},
      );
      await send('GET', `/api/v1/${object}/${id}/history?cursor=${encoded(text)}`, undefined, {});
    }),
    { numRuns: shapedRuns },
  );
});

test('addresses and methods that nobody thought of', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'),
      fc.array(
        fc.oneof(
          nasty.map(encoded),
          fc.constantFrom('api', 'v1', 'deals', 'docs', '..', '.', '%', '%2e%2e', '%ff', '*'),
          fc.string({ maxLength: 20 }).map(encoded),
        ),
        { maxLength: 6 },
      ),
      async (method, parts) => {
        const path = `/${parts.join('/')}`;
        const answer = await fetch(server.url + path, {
          method,
          headers: { authorization: `Bearer ${key}` },
          redirect: 'manual',
        });
        await answer.arrayBuffer();
        expect([path, answer.status < 500]).toEqual([path, true]);
      },
    ),
    { numRuns: 300 },
  );
});

test('bytes instead of JSON', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      const answer = await server.call('POST', '/api/v1/accounts', { key, body: bytes });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
    }),
    { numRuns: 200 },
  );
});
