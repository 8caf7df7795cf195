/**
 * Two app processes behind a proxy, on a PostgreSQL server with a streaming standby for reads. Under load, one
 * app is killed and later stands again; then the other. No acknowledged write may be lost or done twice, on the
 * primary and on the standby, and every listener must come back and know the last version of every record. Then
 * the same load on one process and on two, turn about in the same run.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { ident, rows, sql } from '../../core/sql/sql.ts';
import { api, newKey, startServer, type Place, type ServerProcess } from '../server-process.ts';
import { startProxy, type SmallProxy } from '../small-proxy.ts';
import { inconsistencies } from './consistency.ts';
import { listen, type Listener } from './listener.ts';
import { keepWritingThrough, type RetriedLedger, type RetriedLoad } from './retried-load.ts';
import { withEngine } from './with-engine.ts';

type Rates = { readsPerSecond: number; writesPerSecond: number };

export type TwoFigures = {
  kills: number;
  acknowledged: number;
  /** Writes that were sent again with the same key, since an app died with the answer. */
  sentAgain: number;
  reads: number;
  /** Reads without an answer though asked twice. */
  failedReads: number;
  /** Sentences about what is not as the ledger says: lost, doubled, or another value. */
  wrong: string[];
  inconsistent: string[];
  listeners: { count: number; reconnected: number; readAnew: number; notTold: string[] };
  load: { cores: number; callers: number; one: Rates; two: Rates; reads: number; writes: number };
};

export type TwoSizes = {
  kills: number;
  /** How long all goes well between two kills. */
  calmMs: number;
  /** Turns of each, one process and two. */
  rounds: number;
  roundMs: number;
};

const listeners = 6;
const callers = 8;

export async function twoProcesses(
  servers: { primary: string; standby: string },
  sizes: TwoSizes,
): Promise<TwoFigures> {
  const folders = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'groundwork-two-')));
  const places = folders.map((dataDir): Place => ({
    dataDir,
    databaseUrl: servers.primary,
    settings: { DATABASE_READ_URL: servers.standby, TRUST_PROXY: '127.0.0.1' },
  }));
  const apps: ServerProcess[] = [];
  let proxy: SmallProxy | undefined;
  try {
    for (const place of places) apps.push(await startServer(place));
    proxy = await startProxy(apps.map(({ url }) => url));
    const key = await newKey(places[0]!, 'administrator');
    const owner = await api(proxy, key, 'POST', '/api/v1/users', { name: 'Owner of deals' });
    const under = await underLoad({ servers, places, apps, proxy, key, owner: owner.body.id }, sizes);
    return { ...under, load: await compared({ apps, proxy, key, owner: owner.body.id }, sizes) };
  } finally {
    await proxy?.close();
    await Promise.all(apps.map((app) => app.stop()));
    for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

type Scene = { apps: ServerProcess[]; proxy: SmallProxy; key: string; owner: string };

async function underLoad(
  scene: Scene & { servers: { primary: string; standby: string }; places: Place[] },
  { kills, calmMs }: TwoSizes,
): Promise<Omit<TwoFigures, 'load'>> {
  const { servers, places, apps, proxy, key } = scene;
  const ledger: RetriedLedger = new Map();
  const hearing = Array.from({ length: listeners }, () => listen(proxy, key, 'deals'));
  const load = keepWritingThrough(proxy, key, ledger, { owner: scene.owner, callers });
  const reading = keepReading(proxy, key, 4);
  try {
    for (let kill = 0; kill < kills; kill++) {
      await sleep(calmMs);
      const victim = kill % apps.length;
      await apps[victim]!.kill();
      await sleep(calmMs / 2); // the other one alone
      apps[victim] = await startServer(places[victim]!);
      await proxy.use(apps.map(({ url }) => url));
    }
    await sleep(calmMs);
  } finally {
    await Promise.all([load.stop(), reading.stop()]);
  }
  const notTold = await untold(hearing, ledger);
  await Promise.all(hearing.map((one) => one.close()));
  await caughtUp(servers);
  return {
    kills,
    acknowledged: load.acknowledged(),
    sentAgain: load.sentAgain(),
    reads: reading.done(),
    failedReads: reading.failed(),
    wrong: [
      ...(await differences(servers.primary, 'the primary', ledger)),
      ...(await differences(servers.standby, 'the standby', ledger)),
      ...(await otherValues(apps, key, ledger)),
    ],
    inconsistent: await withEngine(places[0]!, inconsistencies),
    listeners: {
      count: hearing.length,
      reconnected: hearing.reduce((sum, one) => sum + one.reconnected(), 0),
      readAnew: hearing.reduce((sum, one) => sum + one.readAnew(), 0),
      notTold,
    },
  };
}

/** Waits some seconds for what is on its way; then says which deals a listener does not know as they stand. */
async function untold(hearing: readonly Listener[], ledger: RetriedLedger): Promise<string[]> {
  const deals = [...ledger].filter(([, { object }]) => object === 'deals');
  const missing = () =>
    hearing.flatMap(({ known }, at) =>
      deals
        .filter(([id, { version }]) => (known.get(id) ?? 0) < version)
        .map(([id, { version }]) => `listener ${at}: deal ${id} at ${known.get(id) ?? 'none'} of ${version}`),
    );
  for (let n = 0; n < 150 && missing().length > 0; n++) await sleep(100);
  return missing().slice(0, 20);
}

/** Waits until the standby has replayed all that the primary has written. */
async function caughtUp({ primary, standby }: { primary: string; standby: string }): Promise<void> {
  await withClient(primary, async (on) => {
    const [now] = await rows<{ lsn: string }>(on, sql`SELECT pg_current_wal_lsn()::text AS lsn`);
    await withClient(standby, async (behind) => {
      for (let n = 0; n < 600; n++) {
        const [at] = await rows<{ there: boolean }>(
          behind,
          sql`SELECT pg_last_wal_replay_lsn() >= ${now!.lsn}::pg_lsn AS there`,
        );
        if (at!.there) return;
        await sleep(50);
      }
      throw new Error('The standby did not catch up.');
    });
  });
}

async function withClient<T>(url: string, work: (on: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Records of the server that are not as the ledger says: there must be these, at these versions, and no others. */
async function differences(url: string, name: string, ledger: RetriedLedger): Promise<string[]> {
  const found: string[] = [];
  await withClient(url, async (on) => {
    for (const object of ['accounts', 'deals', 'tasks']) {
      const stored = await rows<{ id: string; version: string }>(
        on,
        sql`SELECT t.id, t.version FROM ${ident('crm', object)} t`,
      );
      const versions = new Map(stored.map(({ id, version }) => [id, Number(version)]));
      for (const [id, told] of ledger) {
        if (told.object !== object) continue;
        const version = versions.get(id);
        if (version === undefined) found.push(`${name} lost ${object} ${id}`);
        else if (version !== told.version)
          found.push(`${name}: ${object} ${id} stands at ${version}, ${told.version} writes were answered`);
      }
      for (const id of versions.keys())
        if (!ledger.has(id)) found.push(`${name} has ${object} ${id} twice or from nobody`);
    }
  });
  return found.slice(0, 20);
}

/** A sample of the last records read at each app; reads by id are never the standby's. */
async function otherValues(
  apps: readonly ServerProcess[],
  key: string,
  ledger: RetriedLedger,
): Promise<string[]> {
  const found: string[] = [];
  const sample = [...ledger].filter(([, { object }]) => object === 'deals').slice(-200);
  for (const app of apps) {
    for (const [id, { object, values }] of sample) {
      const { body } = await api(app, key, 'GET', `/api/v1/${object}/${id}`);
      const same = body.name === values['name'] && Number(body.amount?.amount) === values['amount'];
      if (!same) found.push(`${object} ${id} at ${app.url}: ${JSON.stringify(body).slice(0, 200)}`);
    }
  }
  return found.slice(0, 20);
}

type Reading = { done(): number; failed(): number; stop(): Promise<void> };

function keepReading(proxy: { url: string }, key: string, readers: number): Reading {
  let going = true;
  let done = 0;
  let failed = 0;
  const paths = [
    '/api/v1/deals?limit=50&sort=-created_at',
    '/api/v1/accounts?limit=50&sort=name',
    '/api/v1/search?q=round',
  ];
  const loops = Array.from({ length: readers }, async (_, reader) => {
    for (let n = reader; going; n++) {
      const ask = () => api(proxy, key, 'GET', paths[n % paths.length]!).catch(() => undefined);
      // An answer that was cut in the middle is asked for again, as a browser does.
      const answer = (await ask()) ?? (await ask());
      if (answer?.status === 200) done += 1;
      else failed += 1;
    }
  });
  return {
    done: () => done,
    failed: () => failed,
    async stop() {
      going = false;
      await Promise.all(loops);
    },
  };
}

/** Reads, then writes, on one process and on two, turn about; the mean of the turns of each. */
async function compared(
  { apps, proxy, key, owner }: Scene,
  { rounds, roundMs }: TwoSizes,
): Promise<TwoFigures['load']> {
  const sums = { one: { reads: 0, writes: 0 }, two: { reads: 0, writes: 0 } };
  const ledger: RetriedLedger = new Map();
  for (let turn = 0; turn < rounds * 2; turn++) {
    const side = turn % 2 === 0 ? 'one' : 'two';
    await proxy.use(apps.slice(0, side === 'one' ? 1 : 2).map(({ url }) => url));
    const reading = keepReading(proxy, key, callers * 2);
    await sleep(roundMs);
    await reading.stop();
    sums[side].reads += reading.done();
    const load: RetriedLoad = keepWritingThrough(proxy, key, ledger, { owner, callers: callers * 2 });
    await sleep(roundMs);
    await load.stop();
    sums[side].writes += load.acknowledged();
  }
  const seconds = (rounds * roundMs) / 1000;
  const rates = ({ reads, writes }: { reads: number; writes: number }): Rates => ({
    readsPerSecond: Math.round(reads / seconds),
    writesPerSecond: Math.round(writes / seconds),
  });
  const ratio = (two: number, one: number): number => Math.round((two / one) * 100) / 100;
  return {
    cores: availableParallelism(),
    callers: callers * 2,
    one: rates(sums.one),
    two: rates(sums.two),
    reads: ratio(sums.two.reads, sums.one.reads),
    writes: ratio(sums.two.writes, sums.one.writes),
  };
}
