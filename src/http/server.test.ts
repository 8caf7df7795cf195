import { connect } from 'node:net';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { issue, refusal } from '../core/errors/problem.ts';
import { operations } from '../operations/index.ts';
import { defineOperation } from '../operations/operation.ts';
import { testServer, type Answer, type TestServer } from './test-server.ts';

const echo = defineOperation({
  name: 'echo.say',
  summary: 'Echo',
  input: z.strictObject({
    text: z.string(),
    list: z.array(z.number()).optional(),
    more: z.unknown().optional(),
  }),
  output: z.object({ text: z.string() }),
  http: { method: 'POST', path: '/api/v1/bulk/echo' },
  run: async (_context, { text }) => ({ text }),
});
const bug = defineOperation({
  name: 'echo.bug',
  summary: 'Fails',
  input: z.strictObject({}),
  http: { method: 'GET', path: '/api/v1/bulk/bug' },
  run: async () => {
    throw new Error('the secret of ada@example.com at /home/ada');
  },
});
const query = defineOperation({
  name: 'echo.query',
  summary: 'Fails in the database',
  input: z.strictObject({ sql: z.string() }),
  http: { method: 'POST', path: '/api/v1/bulk/query' },
  run: async (context, { sql }) => {
    await context.pool.query(sql);
  },
});

let server: TestServer;
let key: string;
let web: string;
beforeAll(async () => {
  web = mkdtempSync(join(tmpdir(), 'groundwork-web-'));
  mkdirSync(join(web, 'assets'));
  writeFileSync(join(web, 'index.html'), '<!doctype html><title>app</title>');
  writeFileSync(join(web, 'assets/app-1a2b.js'), 'console.log(1)');
  writeFileSync(join(web, '.hidden'), 'no');
  server = await testServer({ operations: [...operations, echo, bug, query], webFolder: web });
  key = await server.key('administrator');
});
afterAll(async () => {
  await server.close();
  rmSync(web, { recursive: true });
});

const say = (body: unknown, headers?: Record<string, string>) =>
  server.call('POST', '/api/v1/bulk/echo', { key, body, headers });

/** A problem document as callers rely on it. */
function expectProblem(answer: Answer, status: number, code: string): void {
  expect([answer.status, answer.body.code]).toEqual([status, code]);
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(answer.body).toMatchObject({ status, title: expect.any(String), detail: expect.any(String) });
  expect(answer.body.instance).toBe(`urn:uuid:${answer.headers.get('x-request-id')}`);
  expect(answer.body.errors.length).toBeGreaterThan(0);
  for (const found of answer.body.errors) expect(found.fix.say).not.toBe('');
}

describe('a body that is no good', () => {
  const bytes = (...parts: (string | number[])[]): Uint8Array =>
    Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));

  test.for<
    [name: string, body: string | Uint8Array, status: number, code: string, headers?: Record<string, string>]
  >([
    ['malformed JSON', '{"text": "a",}', 400, 'malformed_json'],
    ['JSON that breaks off', '{"text": "a', 400, 'malformed_json'],
    ['broken UTF-8', bytes('{"text": "', [0xff, 0xfe], '"}'), 400, 'broken_utf8'],
    ['UTF-8 of half a surrogate', bytes('{"text": "', [0xed, 0xa0, 0x80], '"}'), 400, 'broken_utf8'],
    ['half a surrogate, escaped', '{"text": "\\ud800"}', 422, 'invalid'],
    ['a NUL byte', '{"text": "a\\u0000b"}', 422, 'invalid'],
    ['a NUL byte in a key', '{"te\\u0000xt": "a"}', 422, 'invalid'],
    ['__proto__', '{"text": "a", "__proto__": {"admin": true}}', 422, 'invalid'],
    ['constructor.prototype', '{"text": "a", "more": {"constructor": {"prototype": {}}}}', 422, 'invalid'],
    ['a number past every number', '{"text": "a", "list": [1e999]}', 422, 'invalid'],
    ['nesting 1,000 deep', `{"text": "a", "more": ${'['.repeat(1000)}${']'.repeat(1000)}}`, 422, 'invalid'],
    ['nesting 1,000,000 deep', `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`, 422, 'invalid'],
    ['a list for an object', '[1, 2]', 422, 'invalid'],
    ['text for an object', '"text"', 422, 'invalid'],
    ['null for an object', 'null', 422, 'invalid'],
    ['an unknown key', '{"text": "a", "txet": "b"}', 422, 'invalid'],
    ['a wrong type', '{"text": 7}', 422, 'invalid'],
    ['nothing where something is needed', '', 422, 'invalid'],
    [
      'a form',
      'text=a',
      415,
      'unsupported_media_type',
      { 'content-type': 'application/x-www-form-urlencoded' },
    ],
    ['plain text', 'text', 415, 'unsupported_media_type', { 'content-type': 'text/plain' }],
    [
      'another charset',
      '{"text": "a"}',
      415,
      'unsupported_encoding',
      { 'content-type': 'application/json; charset=iso-8859-1' },
    ],
    ['a packed body', '{"text": "a"}', 415, 'unsupported_encoding', { 'content-encoding': 'gzip' }],
    ['more than 5 MB', JSON.stringify({ text: 'a'.repeat(5 * 1024 * 1024) }), 413, 'body_too_large'],
  ])('%s', async ([, body, status, code, headers]) => {
    expectProblem(await say(body, headers), status, code);
  });

  test('says where, what, and what to do', async () => {
    const answer = await say('{"list": ["x"], "more": 1, "txet": "b"}');
    expect(answer.body.errors).toEqual([
      { path: 'text', code: 'required', message: 'This is required.', fix: { say: 'Send text.' } },
      {
        path: 'list.0',
        code: 'invalid_type',
        message: 'This must be a number.',
        fix: { say: 'Send a number.' },
      },
      {
        path: 'txet',
        code: 'unknown_key',
        message: 'There is no “txet” here.',
        fix: { say: 'Leave it out, or check how it is written.' },
      },
    ]);
  });

  test('and what looks odd but is not is taken', async () => {
    for (const text of ['😀', 'Ω≈ç√', "'; DROP TABLE", '\u202e', ' '.repeat(1000), 'constructor']) {
      expect((await say({ text })).body).toEqual({ text });
    }
    expect((await say('\ufeff{"text": "with a mark"}')).body).toEqual({ text: 'with a mark' });
    expect((await say({ text: 'a' }, { 'content-type': 'application/json; charset=UTF-8' })).status).toBe(
      200,
    );
  });
});

describe('an address that is no good', () => {
  test.for<[name: string, method: string, path: string, status: number, code: string]>([
    ['nothing there', 'GET', '/api/v1/no/such/thing/at/all', 404, 'not_found'],
    ['nothing there outside the API', 'POST', '/nowhere', 404, 'not_found'],
    ['broken percent signs', 'GET', '/api/v1/accounts/%zz', 400, 'malformed_address'],
    ['broken UTF-8', 'GET', '/api/v1/accounts/%ff', 400, 'malformed_address'],
    ['a NUL byte', 'GET', '/api/v1/accounts/a%00b', 422, 'invalid'],
    ['a NUL byte in the query', 'GET', '/api/v1/accounts?q=a%00b', 422, 'invalid'],
    ['an unknown query key', 'GET', '/api/v1/me?verbose=1', 422, 'invalid'],
    ['a query where none belongs', 'POST', '/api/v1/bulk/echo?dry=1', 422, 'invalid'],
    ['__proto__ as query key', 'GET', '/api/v1/me?__proto__=1', 422, 'invalid'],
    ['an unknown object', 'GET', '/api/v1/unicorns', 404, 'unknown_object'],
    ['__proto__ as object', 'GET', '/api/v1/__proto__', 404, 'unknown_object'],
    ['constructor as object', 'GET', '/api/v1/constructor/x', 404, 'unknown_object'],
    ['an id that is none', 'GET', "/api/v1/accounts/'%20OR%201=1", 404, 'not_found'],
  ])('%s', async ([, method, path, status, code]) => {
    expectProblem(
      await server.call(method, path, { key, body: method === 'POST' ? { text: 'a' } : undefined }),
      status,
      code,
    );
  });

  test('another method is told which ones there are', async () => {
    const answer = await server.call('PUT', '/api/v1/accounts/x', { key, body: {} });
    expectProblem(answer, 405, 'method_not_allowed');
    expect(answer.headers.get('allow')).toBe('DELETE, GET, PATCH');
  });

  test('one of 20,000 characters is read or refused, one of 100,000 is refused', async () => {
    const long = (length: number) => server.call('GET', `/api/v1/accounts?q=${'a'.repeat(length)}`, { key });
    expect((await long(20_000)).status).toBe(422);
    const answer = await long(100_000);
    expect([answer.status, answer.body.code]).toEqual([431, 'head_too_long']);
    expect((await server.call('GET', `/api/v1/accounts/${'a'.repeat(5_000)}`, { key })).body.code).toBe(
      'address_too_long',
    );
  });

  test('what is not HTTP at all gets a problem and a closed line', async () => {
    const { port } = new URL(server.url);
    const text = await new Promise<string>((resolve) => {
      let heard = '';
      const socket = connect(Number(port), '127.0.0.1', () => socket.write('EHLO crm\r\n\r\n'));
      socket.on('data', (chunk) => (heard += chunk.toString()));
      socket.on('close', () => resolve(heard));
    });
    expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(text).toContain('"code":"malformed_request"');
  });
});

describe('what goes wrong inside', () => {
  test('a bug is a 500 that tells nothing, and a log line that tells all but the database’s values', async () => {
    const answer = await server.call('GET', '/api/v1/bulk/bug', { key });
    expectProblem(answer, 500, 'internal');
    expect(JSON.stringify(answer.body)).not.toMatch(/secret|ada|stack|at .*\.ts/);
    const line = server.logged.find(
      (each) => each['request'] === answer.headers.get('x-request-id') && each['level'] === 'error',
    );
    expect(JSON.stringify(line)).toContain('server.test.ts');
  });

  test.for<[sql: string, status: number, code: string]>([
    [`SELECT 'x'::uuid`, 422, 'invalid_value'],
    [`SELECT 1e30::numeric(5, 2)`, 422, 'number_too_large'],
    [`SELECT '2026-02-30'::date`, 422, 'invalid_date'],
    [`SELECT repeat('(', 200000)::jsonb`, 422, 'invalid_value'],
    [`SET LOCAL statement_timeout = 20; SELECT pg_sleep(2)`, 503, 'took_too_long'],
    [`DO $$ BEGIN RAISE unique_violation; END $$`, 409, 'already_exists'],
    [`DO $$ BEGIN RAISE statement_too_complex; END $$`, 422, 'too_complex'],
    [`DO $$ BEGIN RAISE too_many_connections; END $$`, 503, 'database_busy'],
    [`DO $$ BEGIN RAISE serialization_failure; END $$`, 503, 'database_busy'],
    [`SELECT pg_terminate_backend(pg_backend_pid())`, 503, 'database_unavailable'],
    [`SELECT nonsense FROM nowhere`, 500, 'internal'],
  ])('the database’s %s', async ([sql, status, code]) => {
    const answer = await server.call('POST', '/api/v1/bulk/query', { key, body: { sql } });
    expectProblem(answer, status, code);
    expect(JSON.stringify(answer.body)).not.toContain('x\\"');
    expect(answer.headers.has('retry-after')).toBe(status === 503);
  });
});

describe('around the API', () => {
  test('alive, ready, and metrics for this machine alone', async () => {
    expect((await server.call('GET', '/healthz')).body).toEqual({ status: 'alive' });
    expect((await server.call('GET', '/readyz')).body).toEqual({
      status: 'ready',
      epoch: server.catalog.epoch,
    });
    const metrics = await server.call('GET', '/metrics');
    expect(metrics.body).toMatch(
      /groundwork_http_request_seconds_count\{operation="echo.say",status="200"\} \d+/,
    );
    expect(
      (await server.call('GET', '/metrics', { headers: { 'x-forwarded-for': '10.0.0.1' } })).status,
    ).toBe(404);
    const guarded = await testServer({ beside: server, config: { metricsToken: 'a long enough token' } });
    expect((await guarded.call('GET', '/metrics')).status).toBe(404);
    expect((await guarded.call('GET', '/metrics', { key: 'a long enough token' })).status).toBe(200);
    await guarded.close();
  });

  test('metrics tell how backups, batches and definitions stand', async () => {
    const { pool } = server.database;
    await pool.query(
      `INSERT INTO platform.backups (id, name, host, state, moment, with_key, checked_at, check_state)
       VALUES (gen_random_uuid(), 'x', 'h', 'done', '2026-11-25T00:00:00Z', false, now(), 'failed');
       INSERT INTO platform.batches (id, kind, object, state, actor, actor_name)
       VALUES (gen_random_uuid(), 'import', 'accounts', 'paused', 'user:x', 'X')`,
    );
    const text = (await server.call('GET', '/metrics')).body as string;
    expect(text).toContain('groundwork_last_backup_timestamp_seconds 1795564800');
    expect(text).toContain('groundwork_last_backup_check 0');
    expect(text).toContain('groundwork_batches{kind="import",state="paused"} 1');
    expect(text).toContain(`groundwork_definition_epoch ${server.catalog.epoch}`);
    expect(text).toMatch(/groundwork_build_info\{version="\d[^"]*",node="\d[^"]*"\} 1/);
  });

  test('pages run only scripts of their own and stay out of frames', async () => {
    const { headers } = await server.call('GET', '/', { headers: { accept: 'text/html' } });
    const policy = headers.get('content-security-policy')!;
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('strict-transport-security')).toBeNull();
  });

  test('the web app: every page of it, its files for ever, nothing hidden', async () => {
    const page = (path: string) => server.call('GET', path, { headers: { accept: 'text/html' } });
    for (const path of ['/', '/deals', '/deals/0190a5b2?tab=history', '/set-up']) {
      const answer = await page(path);
      expect([answer.status, answer.body, answer.headers.get('cache-control')]).toEqual([
        200,
        '<!doctype html><title>app</title>',
        'no-cache',
      ]);
    }
    const asset = await server.call('GET', '/assets/app-1a2b.js');
    expect(asset.headers.get('cache-control')).toContain('immutable');
    expect((await server.call('GET', '/assets/app-gone.js')).status).toBe(404);
    expect((await server.call('GET', '/.hidden')).status).toBe(404);
    expect((await server.call('GET', '/..%2f..%2fpackage.json')).status).not.toBe(200);
    expect((await page('/api/nothing')).status).toBe(404);
  });

  test('answers of the API are kept by nobody', async () => {
    expect((await say({ text: 'a' })).headers.get('cache-control')).toBe('no-store');
  });

  test('a record’s answer carries its version', async () => {
    const made = await server.call('POST', '/api/v1/accounts', { key, body: { name: 'Etag' } });
    expect([made.status, made.headers.get('etag')]).toEqual([201, '"1"']);
  });
});

describe('definitions that change meanwhile', () => {
  test('a request that an old catalog refuses is run once more with the new one', async () => {
    const { epoch } = server.catalog;
    const runs: number[] = [];
    const needsNew = defineOperation({
      name: 'echo.new',
      summary: 'Needs the new catalog',
      input: z.strictObject({}),
      http: { method: 'GET', path: '/api/v1/bulk/new' },
      run: async (context) => {
        runs.push(context.catalog.epoch);
        if (context.catalog.epoch === server.catalog.epoch)
          throw refusal(422, 'invalid', [issue('x', 'unknown_field', 'There is no x.', 'Leave it out.')]);
        return { ok: true };
      },
    });
    let inForce = server.catalog;
    const definitions = { current: () => server.catalog, refresh: async () => inForce };
    const other = await testServer({ beside: server, operations: [needsNew], definitions });
    const again = await other.call('GET', '/api/v1/bulk/new', { key });
    expect([again.status, runs]).toEqual([422, [epoch]]);
    inForce = { ...server.catalog, epoch: server.catalog.epoch + 1 };
    expect([(await other.call('GET', '/api/v1/bulk/new', { key })).status, runs]).toEqual([
      200,
      [epoch, epoch, epoch + 1],
    ]);
    await other.close();
  });
});
