import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testServer, type TestServer } from './test-server.ts';

let server: TestServer;
let beside: TestServer;
let admin: string;

beforeAll(async () => {
  server = await testServer();
  beside = await testServer({ beside: server });
  admin = await server.key('administrator');
});
afterAll(async () => {
  await beside.close();
  await server.close();
});

type Heard = { event: string; data: any; id?: string };

/** Listens and reads what comes, until closed or ended. */
function hear(at: TestServer, key: string, body: object) {
  const closing = new AbortController();
  const heard: Heard[] = [];
  const done = (async () => {
    const response = await fetch(`${at.url}/api/v1/live`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: closing.signal,
    });
    let text = '';
    for await (const bytes of response.body!) {
      text += Buffer.from(bytes).toString();
      const parts = text.split('\n\n');
      text = parts.pop()!;
      for (const part of parts) {
        const line = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1];
        if (line('event'))
          heard.push({ event: line('event')!, data: JSON.parse(line('data')!), id: line('id') });
      }
    }
  })().catch((error: unknown) => {
    if (!closing.signal.aborted) throw error;
  });
  return {
    heard,
    done,
    async until(found: (one: Heard) => boolean): Promise<Heard> {
      for (let n = 0; n < 1500; n++) {
        const one = heard.find(found);
        if (one) return one;
        await sleep(10);
      }
      throw new Error(`Not heard. What was: ${JSON.stringify(heard)}`);
    },
    async close() {
      closing.abort();
      await done;
    },
  };
}

/**
 * Listens until it stands: a server that has just begun to hear of access changes asks everybody to come again, also
 * right behind `ready`. It stands when a change was heard.
 */
async function standing(at: TestServer, key: string, body: object): Promise<ReturnType<typeof hear>> {
  for (;;) {
    const one = hear(at, key, body);
    const first = await one.until(({ event }) => event === 'ready' || event === 'access');
    if (first.event === 'ready') {
      const probe = tells(await create(server, 'Probe'));
      await one.until((heard) => heard.event === 'access' || probe(heard));
      if (one.heard.some(probe)) return one;
    }
    await one.done;
  }
}

const create = async (at: TestServer, name: string): Promise<string> =>
  (await at.call('POST', '/api/v1/accounts', { key: admin, body: { name } })).body.id;
const watch = [{ name: 'all', object: 'accounts' }];
const tells = (id: string) => (one: Heard) =>
  one.event === 'changes' && one.data.records?.some((record: { id: string }) => record.id === id);

it('a change made at one process is heard at another, and coming back to a third misses nothing', async () => {
  const first = await standing(beside, admin, { watch });
  const id = await create(server, 'Heard');
  const told = await first.until(tells(id));
  expect(told.data).toMatchObject({ watch: 'all' });
  expect(told.data.records.find((record: { id: string }) => record.id === id)).toEqual({
    id,
    kind: 'entered',
    version: 1,
  });
  await first.close();
  const missed = await create(server, 'Missed');
  const second = await standing(server, admin, { watch, since: told.id });
  await second.until(tells(missed));
  expect(second.heard.some(tells(id))).toBe(false);
  await second.close();
});

it('a key that is revoked hears the end, and does not come in again', async () => {
  const made = await server.call('POST', '/api/v1/keys', {
    key: admin,
    body: { name: 'Short', role: 'read_only' },
  });
  expect(made.status).toBe(201);
  const { id, key: token = made.body.token } = made.body;
  const one = await standing(server, token, { watch });
  expect((await server.call('DELETE', `/api/v1/keys/${id}`, { key: admin })).status).toBeLessThan(300);
  await one.until(({ event }) => event === 'access');
  await one.done;
  expect((await server.call('POST', '/api/v1/live', { key: token, body: { watch } })).status).toBe(401);
});

it('what may not be watched is refused with the watch’s place; an address takes watches as JSON', async () => {
  const bad = await server.call(
    'GET',
    `/api/v1/live?watch=${encodeURIComponent('[{"name":"a","object":"nope"}]')}`,
    {
      key: admin,
    },
  );
  expect(bad.status).toBe(404);
  expect(bad.body.errors[0].path).toBe('watch.0.object');
  for (const query of ['watch=1', 'watch={', 'since=x', 'nope=1', `watch=${'['.repeat(3000)}`]) {
    const answer = await server.call('GET', `/api/v1/live?${query}`, { key: admin });
    expect([query.slice(0, 20), answer.status >= 400 && answer.status < 500]).toEqual([
      query.slice(0, 20),
      true,
    ]);
  }
  const twice = await server.call('POST', '/api/v1/live', {
    key: admin,
    body: { watch: [...watch, ...watch] },
  });
  expect(twice.status).toBe(422);
});
