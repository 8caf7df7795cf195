/** An import in the background, and the death of the app process that works on it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase, type TestDatabase } from '../testing/database.ts';
import { api, newKey, startServer, type Place, type ServerProcess } from '../testing/server-process.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'groundwork-takeover-'));
const servers: ServerProcess[] = [];
let database: TestDatabase;
let place: Place;
let key: string;

beforeAll(async () => {
  database = await testDatabase();
  place = { dataDir, databaseUrl: database.url };
  servers.push(await startServer(place));
  key = await newKey(place, 'administrator');
}, 120_000);
afterAll(async () => {
  await Promise.all(servers.map((server) => server.kill()));
  await database.drop();
  rmSync(dataDir, { recursive: true, force: true });
});

const rows = 3_000;
const half = 1_500;

/** Rows that are made, and in their middle one that changes a record, which the test holds for as long as it likes. */
async function begin(server: ServerProcess, held: string): Promise<string> {
  const form = new FormData();
  form.set('object', 'accounts');
  form.set('background', 'true');
  const lines = Array.from({ length: rows }, (_, at) => `${at === half ? held : ''},Company ${at}`);
  form.set('file', new Blob([`id,name\n${lines.join('\n')}\n`]), 'companies.csv');
  const answer = await fetch(`${server.url}/api/v1/imports`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: form,
  });
  expect(answer.status).toBe(202);
  return ((await answer.json()) as { batch: string }).batch;
}

test('when its process is killed another one goes on exactly where it stopped: nothing twice, nothing missing', async () => {
  const [one] = servers as [ServerProcess];
  const held = (await api(one, key, 'POST', '/api/v1/accounts', { name: 'Held' })).body.id as string;
  const holder = await database.pool.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT FROM crm.accounts WHERE id = $1 FOR UPDATE', [held]);
  const batch = await begin(one, held);
  const look = async (server: ServerProcess) =>
    (await api(server, key, 'GET', `/api/v1/batches/${batch}`)).body;
  await expect
    .poll(async () => (await look(one)).reached, { timeout: 60_000, interval: 50 })
    .toBeGreaterThanOrEqual(half - 500);
  const two = await startServer(place);
  servers.push(two);
  await one.kill();
  const { reached: atDeath } = await look(two);
  const before = await database.pool.query<{ id: string }>('SELECT id FROM crm.accounts');
  await holder.query('COMMIT');
  holder.release();

  const seen: number[] = [];
  await expect
    .poll(
      async () => {
        const { state, reached } = await look(two);
        seen.push(reached);
        return state;
      },
      { timeout: 60_000, interval: 100 },
    )
    .toBe('done');
  expect(await look(two)).toMatchObject({ total: rows, reached: rows, done: rows, refused: 0 });
  expect(Math.min(...seen)).toBe(atDeath);

  const after = await database.pool.query<{ id: string; name: string; told: number }>(
    'SELECT a.id, a.name, (SELECT count(*)::integer FROM platform.events e WHERE e.record = a.id) AS told FROM crm.accounts a',
  );
  const names = after.rows.map(({ name }) => name).sort();
  expect(names).toEqual(Array.from({ length: rows }, (_, at) => `Company ${at}`).sort());
  expect(after.rows.filter(({ id, told }) => told !== (id === held ? 2 : 1))).toEqual([]);
  const ids = new Set(after.rows.map(({ id }) => id));
  expect(before.rows.filter(({ id }) => !ids.has(id))).toEqual([]);
}, 240_000);
