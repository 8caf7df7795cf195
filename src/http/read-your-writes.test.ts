import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { postgresMissing, startPostgres, type PostgresServer } from '../testing/postgres-server.ts';
import { api, newKey, startServer, type Place, type ServerProcess } from '../testing/server-process.ts';

if (postgresMissing) console.log(postgresMissing);

describe.skipIf(postgresMissing)('reads from a standby (skipped where PostgreSQL 15 is missing)', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'groundwork-reads-'));
  let primary: PostgresServer;
  let standby: PostgresServer;
  let server: ServerProcess;
  let key: string;
  let toStandby: pg.Client;

  beforeAll(async () => {
    primary = await startPostgres();
    standby = await primary.standby();
    const settings = { DATABASE_READ_URL: standby.url, DATABASE_READ_MAX_LAG: '600', LOG_LEVEL: 'info' };
    const place: Place = { dataDir, databaseUrl: primary.url, settings };
    server = await startServer(place);
    key = await newKey(place, 'administrator');
    toStandby = new pg.Client({ connectionString: standby.url });
    await toStandby.connect();
  }, 120_000);
  afterAll(async () => {
    await toStandby?.end();
    await server?.stop();
    await standby?.close();
    await primary?.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const create = (name: string) => api(server, key, 'POST', '/api/v1/deals', { name });

  /** A total, a count and the hits of a search, as this caller gets them. */
  async function counts(headers: Record<string, string> = {}): Promise<number[]> {
    const ask = async (method: string, path: string, body?: unknown) => {
      const answer = await api(server, key, method, path, body, headers);
      expect(answer.status).toBe(200);
      return answer.body;
    };
    return [
      (await ask('GET', '/api/v1/deals?limit=1&count=exact')).total,
      (await ask('POST', '/api/v1/deals/summary', {})).data[0].count,
      (await ask('GET', '/api/v1/search?q=e&objects=deals')).data.length,
    ];
  }

  test('sums, counts and search may be behind; lists and records never are', async () => {
    await create('Before');
    await expect.poll(() => counts(), { timeout: 20_000 }).toEqual([1, 1, 1]);
    await toStandby.query('SELECT pg_wal_replay_pause()');
    const { body } = await create('After');
    expect(await counts()).toEqual([1, 1, 1]);
    const list = await api(server, key, 'GET', '/api/v1/deals');
    expect(list.body.data).toHaveLength(2);
    expect((await api(server, key, 'GET', `/api/v1/deals/${body.id}`)).status).toBe(200);
  });

  test('a browser that has just written reads what it wrote, from any process', async () => {
    expect(await counts({ cookie: 'groundwork_wrote=1' })).toEqual([2, 2, 2]);
    expect(await counts({ cookie: 'another=1' })).toEqual([1, 1, 1]);
  });

  test('once the standby has caught up, it answers alike', async () => {
    await toStandby.query('SELECT pg_wal_replay_resume()');
    await expect.poll(() => counts(), { timeout: 20_000 }).toEqual([2, 2, 2]);
  });
});
