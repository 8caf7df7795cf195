/** SIGTERM while requests are under way, in a process of its own on a database of its own. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase, type TestDatabase } from '../testing/database.ts';
import { api, newKey, startServer, type Place, type ServerProcess } from '../testing/server-process.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'groundwork-stop-'));
let database: TestDatabase;
let place: Place;
let key: string;
const running = new Set<ServerProcess>();

beforeAll(async () => {
  database = await testDatabase();
  place = { dataDir, databaseUrl: database.url };
  key = await newKey(place, 'administrator');
}, 60_000);
afterAll(async () => {
  for (const server of running) await server.kill();
  await database.drop();
  rmSync(dataDir, { recursive: true, force: true });
});

async function started(settings: Record<string, string>): Promise<ServerProcess> {
  const server = await startServer({ ...place, settings });
  running.add(server);
  server.process.once('exit', () => running.delete(server));
  return server;
}

/** A deal that nobody can change until `release`. */
async function heldDeal(server: ServerProcess): Promise<{ id: string; release(): Promise<void> }> {
  const { body } = await api(server, key, 'POST', '/api/v1/deals', { name: 'Held' });
  const holder = new pg.Client(database.connection);
  await holder.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT 1 FROM crm.deals WHERE id = $1 FOR UPDATE', [body.id]);
  return {
    id: body.id,
    async release() {
      await holder.query('ROLLBACK');
      await holder.end();
    },
  };
}

/** Until the request waits for the holder's lock. */
async function isUnderWay(): Promise<void> {
  const waiting = async (): Promise<number> => {
    const { rows } = await database.pool.query(
      `SELECT count(*)::int AS waiting FROM pg_stat_activity
       WHERE wait_event_type = 'Lock' AND datname = current_database()`,
    );
    return rows[0].waiting;
  };
  await expect.poll(waiting).toBe(1);
}

async function rawAnswer(socket: Socket, path: string): Promise<string> {
  let text = '';
  const closed = once(socket, 'close');
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${key}\r\n\r\n`);
  await closed;
  return text;
}

test('a stop is announced first, then finishes what is under way, begins nothing new, and ends with 0', async () => {
  const server = await started({ STOP_NOTICE: '1', STOP_SECONDS: '30' });
  const deal = await heldDeal(server);
  const change = api(server, key, 'PATCH', `/api/v1/deals/${deal.id}`, { notes: 'In time' });
  await isUnderWay();
  const early = connect(server.port, '127.0.0.1');
  const unused = connect(server.port, '127.0.0.1');
  await Promise.all([once(early, 'connect'), once(unused, 'connect')]);
  const unusedEnded = once(unused, 'close');
  unused.on('error', () => {});
  const exit = once(server.process, 'exit');
  server.process.kill('SIGTERM');

  const ready = () => fetch(`${server.url}/readyz`);
  await expect.poll(async () => (await ready()).status, { interval: 10 }).toBe(503);
  expect(await (await ready()).json()).toMatchObject({ code: 'stopping', retry_after: 1 });
  const served = await rawAnswer(early, '/api/v1/deals');
  expect(served).toMatch(/^HTTP\/1\.1 200 /); // still served, and told to look elsewhere next time
  expect(served).toMatch(/\r\nconnection: close\r\n/i);

  await expect.poll(() => ready().catch(() => 'refused'), { timeout: 5_000 }).toBe('refused');
  await unusedEnded;
  await deal.release();
  expect((await change).status).toBe(200);
  expect(await exit).toEqual([0, null]);
  const { rows } = await database.pool.query('SELECT notes FROM crm.deals WHERE id = $1', [deal.id]);
  expect(rows).toEqual([{ notes: 'In time' }]);
}, 60_000);

test('what does not finish in the time it is given is cut, and the stop succeeds all the same', async () => {
  const server = await started({ STOP_SECONDS: '1' });
  const deal = await heldDeal(server);
  const change = api(server, key, 'PATCH', `/api/v1/deals/${deal.id}`, { notes: 'Never' }).then(
    () => 'answered',
    () => 'cut',
  );
  await isUnderWay();
  const exit = once(server.process, 'exit');
  server.process.kill('SIGTERM');
  expect(await change).toBe('cut');
  expect(await exit).toEqual([0, null]);
  await deal.release();
  const { rows } = await database.pool.query('SELECT notes FROM crm.deals WHERE id = $1', [deal.id]);
  expect(rows).toEqual([{ notes: null }]);
}, 60_000);
