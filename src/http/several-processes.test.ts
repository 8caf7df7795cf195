/** Several app processes on one database hold no state of their own that the others would miss. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase, type TestDatabase } from '../testing/database.ts';
import { api, newKey, startServer, type Place, type ServerProcess } from '../testing/server-process.ts';

const folders = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'groundwork-several-')));
let database: TestDatabase;
let places: Place[];
let servers: ServerProcess[] = [];

beforeAll(async () => {
  database = await testDatabase({ empty: true });
  places = folders.map((dataDir) => ({ dataDir, databaseUrl: database.url }));
  servers = await Promise.all(places.map((place) => startServer(place)));
}, 120_000);
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await database.drop();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const linkOf = (server: ServerProcess): string | undefined => /\/setup\?token=(\S+)/.exec(server.said())?.[1];
const person = { email: 'ada@example.com', password: 'correct horse battery' };
const post = (server: ServerProcess, path: string, body: unknown) =>
  fetch(server.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

test('two that start at once on an empty database make one workspace, with one set-up link', async () => {
  const [one, two] = servers as [ServerProcess, ServerProcess];
  await expect.poll(() => [linkOf(one), linkOf(two)]).toEqual([linkOf(one) ?? 'none', linkOf(one) ?? 'none']);
  const { rows } = await database.pool.query(
    'SELECT (SELECT count(*)::int FROM platform.definition_versions) AS versions, version FROM platform.definition_state',
  );
  expect(rows).toEqual([{ versions: 1, version: 1 }]);
  const workspace = { name: 'Acme', timeZone: 'Europe/Berlin', currency: 'CHF', country: '' };
  const made = await post(two, '/api/v1/setup', { token: linkOf(one), name: 'Ada', ...person, workspace });
  expect(made.status).toBe(201);
  const again = await post(one, '/api/v1/setup', { token: linkOf(one), name: 'Eve', ...person, workspace });
  expect(again.status).toBe(404);
});

test('who signs in at one is known to the other, which has the new settings of the workspace too', async () => {
  const [one, two] = servers as [ServerProcess, ServerProcess];
  const signedIn = await post(one, '/api/v1/session', person);
  const cookie = signedIn.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');
  const catalog = await fetch(`${two.url}/api/v1/catalog`, { headers: { cookie } });
  expect(await catalog.json()).toMatchObject({ workspace: { currency: 'CHF' } });
});

test('who guesses a password gets ten tries at all processes together, however many at once', async () => {
  const guess = (n: number) =>
    post(servers[n % 2]!, '/api/v1/session', { ...person, password: `guess number ${n}` });
  const answers = await Promise.all(Array.from({ length: 16 }, (_, n) => guess(n)));
  const statuses = answers.map(({ status }) => status).sort();
  expect(statuses).toEqual([...Array<number>(10).fill(401), ...Array<number>(6).fill(429)]);
  for (const server of servers) expect((await post(server, '/api/v1/session', person)).status).toBe(429);
});

test('an Idempotency-Key is kept whichever process is asked, also by both at once', async () => {
  const key = await newKey(places[0]!, 'administrator');
  const create = (server: ServerProcess) =>
    api(server, key, 'POST', '/api/v1/accounts', { name: 'Once' }, { 'idempotency-key': 'same-for-both' });
  const answers = await Promise.all(servers.map(create));
  const later = await create(servers[1]!);
  expect(later.status).toBe(201);
  for (const { status, body } of answers) {
    if (status === 409) expect(body.code).toBe('still_running');
    else expect(body).toEqual(later.body);
  }
  const found = await api(servers[0]!, key, 'GET', '/api/v1/accounts?count=exact');
  expect(found.body.total).toBe(1);
});

test('a key taken back at one is refused by the other at once', async () => {
  const admin = await newKey(places[0]!, 'administrator');
  const made = await api(servers[0]!, admin, 'POST', '/api/v1/keys', {
    role: 'administrator',
    name: 'Short',
  });
  expect(made.status).toBe(201);
  const use = () => api(servers[1]!, made.body.token, 'GET', '/api/v1/me');
  expect((await use()).status).toBe(200);
  await api(servers[0]!, admin, 'DELETE', `/api/v1/keys/${made.body.id}`);
  await expect.poll(async () => (await use()).status, { interval: 20, timeout: 2_000 }).toBe(401);
});
