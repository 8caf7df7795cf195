import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { inTransaction } from '../platform/database/transaction.ts';
import type { Context } from '../core/context/context.ts';
import { testServer, type TestServer } from '../http/test-server.ts';
import { jobs as shipped } from '../operations/jobs.ts';
import { defineJob } from '../operations/job.ts';
import { openJobQueue, type OpenJobQueue } from '../platform/jobs/job-queue.ts';
import { startWorker } from './worker.ts';

let server: TestServer;
let queue: OpenJobQueue;
const seen: { mark: string; by: string; channel: string }[] = [];
let failures = 0;
const held = new Map<string, () => void>();

const Mark = z.object({ mark: z.string() });
const note = (mark: string, context: Context) =>
  seen.push({ mark, by: context.principal.id, channel: context.channel });
const of = (mark: string) => seen.filter((one) => one.mark === mark);

const jobs = [
  ...shipped,
  defineJob({
    name: 'test.note',
    input: Mark,
    tries: 1,
    run: async (context, { mark }) => void note(mark, context),
  }),
  defineJob({
    name: 'test.fail_once',
    input: Mark,
    tries: 3,
    async run(context, { mark }) {
      if (failures++ === 0) throw new Error('not the first time');
      note(mark, context);
    },
  }),
  defineJob({
    name: 'test.hold',
    input: Mark,
    tries: 3,
    atOnce: 2,
    async run(context, { mark }) {
      note(mark, context);
      const stopped = new Promise<'again'>((resolve) =>
        context.signal!.addEventListener('abort', () => resolve('again')),
      );
      const released = new Promise<void>((resolve) => held.set(mark, resolve));
      return Promise.race([stopped, released]);
    },
  }),
];

beforeAll(async () => {
  server = await testServer({ jobs });
  queue = await openJobQueue({ connection: server.database.connection, log: server.context.log });
  for (const { name } of jobs) await queue.prepare(name);
});
afterAll(async () => {
  for (const release of held.values()) release();
  await queue.close({ graceMs: 1_000 });
  await server.close();
});

describe('work for later', () => {
  it('is done once, by the worker, signed as the system', async () => {
    const mark = randomUUID();
    await queue.add('test.note', { mark });
    await expect.poll(() => of(mark), { timeout: 10_000 }).toHaveLength(1);
    expect(of(mark)[0]).toEqual({ mark, by: 'worker', channel: 'worker' });
  });

  it('is there if and only if its transaction is', async () => {
    const [kept, dropped] = [randomUUID(), randomUUID()];
    await inTransaction(server.database.pool, (on) => queue.add('test.note', { mark: kept }, { on }));
    await inTransaction(server.database.pool, async (on) => {
      await queue.add('test.note', { mark: dropped }, { on });
      throw new Error('no');
    }).catch(() => {});
    await expect.poll(() => of(kept), { timeout: 10_000 }).toHaveLength(1);
    expect(of(dropped)).toHaveLength(0);
  });

  it('is begun again after a failure', async () => {
    const mark = randomUUID();
    await queue.add('test.fail_once', { mark });
    await expect.poll(() => of(mark), { timeout: 30_000 }).toHaveLength(1);
    expect(server.logged.some((line) => line['msg'] === 'a job failed')).toBe(true);
  });

  it('stands in line once under its key, while it waits or runs', async () => {
    const mark = randomUUID();
    await queue.add('test.hold', { mark }, { once: mark });
    await expect.poll(() => of(mark), { timeout: 10_000 }).toHaveLength(1);
    await queue.add('test.hold', { mark }, { once: mark });
    await queue.add('test.hold', { mark: `${mark} other` });
    await expect.poll(() => of(`${mark} other`), { timeout: 10_000 }).toHaveLength(1);
    expect(of(mark)).toHaveLength(1);
  });

  it('goes to another process when its own one stops at a safe point', async () => {
    const own = await openJobQueue({ connection: server.database.connection, log: server.context.log });
    const moving = defineJob({
      name: 'test.move',
      input: Mark,
      tries: 9,
      async run(context: Context, { mark }: { mark: string }) {
        note(mark, context);
        if (of(mark).length > 1) return undefined;
        await new Promise((resolve) => context.signal!.addEventListener('abort', resolve));
        return 'again' as const;
      },
    });
    const nowhere = () => Promise.reject(new Error());
    const deps = {
      jobs: [moving],
      pool: server.database.pool,
      definitions: { current: () => server.catalog, refresh: async () => server.catalog },
      workspace: { current: () => server.context.workspace },
      files: { keep: nowhere, open: nowhere, onDisk: nowhere },
      log: server.context.log,
    };
    const first = await startWorker({ ...deps, queue: own });
    const mark = randomUUID();
    await own.add('test.move', { mark });
    await expect.poll(() => of(mark), { timeout: 10_000 }).toHaveLength(1);
    await first.stop();
    await own.close({ graceMs: 5_000 });
    const second = await startWorker({ ...deps, queue });
    await expect.poll(() => of(mark), { timeout: 30_000 }).toHaveLength(2);
    await second.stop();
  });

  it('is planned once for all processes', async () => {
    const { rows } = await server.database.pool.query('SELECT name, cron, timezone FROM jobs.schedule');
    expect(rows.filter(({ name }) => name === 'housekeeping.forget_old_keys')).toEqual([
      { name: 'housekeeping.forget_old_keys', cron: '17 * * * *', timezone: 'UTC' },
    ]);
  });
});
