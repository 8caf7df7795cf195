/**
 * Work for later, in the database: whichever app process is free does it, once. The only place that knows the
 * queue library (pg-boss). Its tables lie in a schema of their own, which no backup holds.
 */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { PgBoss, type Db } from 'pg-boss';
import type { JobQueue, Log } from '../../core/context/context.ts';
import type { Queryable } from '../../core/sql/sql.ts';

/** A job as it is taken from the line. */
export type TakenJob = {
  input: unknown;
  /** How often it was begun before, for whatever reason. */
  begunBefore: number;
};

/** done: never again. again: soon, after a pause that grows with each time. failed: never again, kept to be looked at. */
export type JobEnd = 'done' | 'again' | 'failed';

export type OpenJobQueue = JobQueue & {
  /** Makes the line of a job, before anything is put into it. */
  prepare(job: string): Promise<void>;
  /** Takes jobs of that name from now on, `atOnce` at the same time. */
  work(job: string, options: { atOnce: number }, handle: (job: TakenJob) => Promise<JobEnd>): Promise<void>;
  /** Puts the job in line by a cron line in that time zone, by one process of all; null takes the plan away. */
  plan(job: string, cron: { line: string; timeZone: string } | null): Promise<void>;
  /** Waits for jobs that are under way, at most so long. */
  close(options: { graceMs: number }): Promise<void>;
};

const schema = 'jobs';
/** Who gives no sign of life for so long is dead, and his job is done by another. */
const heartbeatSeconds = 15;
/** How often somebody looks for the dead. */
const lookSeconds = 5;
/** Deaths and stops of processes count as begun too: the worker decides when it is enough, not the queue. */
const retryLimit = 10_000;
const longestPause = 300;
const day = 86_400;

/** In the library's words: failed is run again, deadletter is not. */
const statusOf = { done: 'completed', again: 'failed', failed: 'deadletter' } as const;

export async function openJobQueue(input: { connection: pg.ClientConfig; log: Log }): Promise<OpenJobQueue> {
  const { log } = input;
  const { types: _, ...connection } = input.connection;
  const boss = new PgBoss({
    ...(connection as object),
    application_name: 'groundwork jobs',
    schema,
    max: 3,
    useListenNotify: true,
    superviseIntervalSeconds: lookSeconds,
    monitorIntervalSeconds: lookSeconds, // by default a minute, and it holds the other back
    warningSlowQuerySeconds: 30,
    openTelemetry: { enabled: false },
  });
  boss.on('error', (error) => log.warn({ err: error }, 'the job queue met an error'));
  boss.on('warning', ({ message, data }) => log.warn({ data }, `the job queue warns: ${message}`));
  await boss.start();
  const prepared = new Set<string>();

  const prepare = async (job: string): Promise<void> => {
    if (prepared.has(job)) return;
    const settings = {
      notify: true,
      retryLimit,
      retryDelay: 1,
      retryBackoff: true,
      retryDelayMax: longestPause,
      expireInSeconds: day,
      heartbeatSeconds,
      deleteAfterSeconds: 14 * day,
    };
    await boss.createQueue(job, { policy: 'exclusive', ...settings });
    prepared.add(job);
  };

  return {
    prepare,
    async add(job, data, { on, once, after } = {}) {
      await boss.send(job, data, {
        singletonKey: once ?? randomUUID(),
        ...(after ? { startAfter: after } : {}),
        ...(on ? { db: within(on) } : {}),
      });
    },
    async work(job, { atOnce }, handle) {
      await prepare(job);
      const options = {
        localConcurrency: atOnce,
        perJobResults: true,
        notifyPollingIntervalSeconds: 5,
      } as const;
      await boss.work(job, options, async (taken) => {
        const results: { id: string; status: (typeof statusOf)[JobEnd] }[] = [];
        for (const { id, data, retryCount } of taken) {
          const end = await handle({ input: data, begunBefore: retryCount });
          results.push({ id, status: statusOf[end] });
        }
        return results;
      });
    },
    async plan(job, cron) {
      await prepare(job);
      if (cron) await boss.schedule(job, cron.line, {}, { tz: cron.timeZone });
      else await boss.unschedule(job);
    },
    async close({ graceMs }) {
      await boss.stop({ graceful: true, timeout: graceMs });
    },
  };
}

/** The library's statements inside a transaction of ours. */
const within = (on: Queryable): Db => ({
  executeSql: async (text, values) => on.query({ text, values: [...(values ?? [])] }),
});
