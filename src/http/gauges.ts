/** Every gauge of /metrics: the page docs/reference is drawn from this list, and so is the registry. */
import type { Pool } from 'pg';
import type { ReadReplica } from '../platform/database/read-replica.ts';
import { countRows } from '../platform/database/count-rows.ts';
import { readProduct } from '../platform/config/product.ts';

export type Measured = {
  pool: Pool;
  replica?: ReadReplica;
  definitions: { current(): { epoch: number | bigint } };
};

export type Sample = { labels?: Record<string, string>; value: number };

export type GaugeEntry = {
  name: string;
  help: string;
  labels: readonly string[];
  /** Looked at when /metrics is asked for. What cannot be told then is left out. */
  read(of: Measured): Sample[] | Promise<Sample[]>;
};

export const gauges: readonly GaugeEntry[] = [
  {
    name: 'groundwork_build_info',
    help: 'Always 1; which version of Groundwork and of Node runs',
    labels: ['version', 'node'],
    read: () => [{ labels: { version: readProduct().version, node: process.versions.node }, value: 1 }],
  },
  {
    name: 'groundwork_definition_epoch',
    help: 'Rises with each change of the definitions; equal in all processes, or one has not heard yet',
    labels: [],
    read: ({ definitions }) => [{ value: Number(definitions.current().epoch) }],
  },
  {
    name: 'groundwork_database_sessions',
    help: 'Sessions of the pool, by state: open, idle, waited_for',
    labels: ['state'],
    read: ({ pool }) => [
      { labels: { state: 'open' }, value: pool.totalCount },
      { labels: { state: 'idle' }, value: pool.idleCount },
      { labels: { state: 'waited_for' }, value: pool.waitingCount },
    ],
  },
  {
    name: 'groundwork_standby_serving',
    help: '1 while reads go to the standby of DATABASE_READ_URL, 0 while the primary serves in its place',
    labels: [],
    read: ({ replica }) => (replica ? [{ value: replica.state().serving ? 1 : 0 }] : []),
  },
  {
    name: 'groundwork_standby_lag_seconds',
    help: 'How old what the standby shows is',
    labels: [],
    read({ replica }) {
      const lag = replica?.state().lagSeconds;
      return lag === undefined ? [] : [{ value: lag }];
    },
  },
  {
    name: 'groundwork_standby_fallbacks',
    help: 'Reads since the start that ran on the primary because the standby failed them',
    labels: [],
    read: ({ replica }) => (replica ? [{ value: replica.state().fallbacks }] : []),
  },
  {
    name: 'groundwork_batches',
    help: 'Imports, bulk edits and undos that have not ended, by kind and state',
    labels: ['kind', 'state'],
    read: ({ pool }) =>
      countRows(
        pool,
        `SELECT kind, state, count(*)::int AS n FROM platform.batches
         WHERE state IN ('running', 'paused', 'stopped') GROUP BY kind, state`,
      ),
  },
  {
    name: 'groundwork_jobs',
    help: 'Jobs that wait, run, or failed within a week, by name and state',
    labels: ['job', 'state'],
    read: ({ pool }) =>
      countRows(
        pool,
        `SELECT name AS job, state::text AS state, count(*)::int AS n FROM jobs.job
         WHERE state IN ('created', 'retry', 'active') OR (state = 'failed' AND created_on > now() - interval '7 days')
         GROUP BY name, state`,
      ),
  },
  {
    name: 'groundwork_last_backup_timestamp_seconds',
    help: 'The moment of the newest backup taken by plan, in seconds since 1970; alert when it is old',
    labels: [],
    read: ({ pool }) =>
      countRows(
        pool,
        `SELECT extract(epoch FROM max(moment))::float8 AS n FROM platform.backups WHERE state = 'done' HAVING max(moment) IS NOT NULL`,
      ),
  },
  {
    name: 'groundwork_last_backup_check',
    help: 'What the last proof of a backup came to: 1 restored or read whole, 0 failed',
    labels: [],
    read: ({ pool }) =>
      countRows(
        pool,
        `SELECT (check_state <> 'failed')::int AS n FROM platform.backups WHERE checked_at IS NOT NULL ORDER BY checked_at DESC LIMIT 1`,
      ),
  },
];
