/**
 * Reads that tolerate a short delay, on a standby of the database (DATABASE_READ_URL). The standby is watched:
 * one that cannot be reached, is too far behind or is no standby serves nothing, and the primary serves in its
 * place. A read that fails for what is the standby's own fault runs again on the primary, unseen by the caller.
 */
import type pg from 'pg';
import { databaseProblem, isStaleStatement } from '../../core/errors/database-problem.ts';
import { row, sql, type ReadPool } from '../../core/sql/sql.ts';
import { createPool } from './connection.ts';

export type ReplicaState = {
  serving: boolean;
  /** How old what it shows is; undefined while it cannot be asked. */
  lagSeconds: number | undefined;
  /** Why it does not serve, as the end of a sentence about it. */
  because?: string;
  /** Reads that ran on the primary because the standby failed them. */
  fallbacks: number;
};

export type ReadReplica = {
  /** Where such reads may go under the definitions of this epoch; undefined: the primary alone. */
  at(epoch: number): ReadPool | undefined;
  state(): ReplicaState;
  pool: pg.Pool;
  close(): Promise<void>;
};

export type ReplicaOptions = {
  connection: pg.ClientConfig;
  primary: pg.Pool;
  maxConnections: number;
  /** Further behind than this it does not serve. */
  mostLagSeconds: number;
  log(line: string, level?: 'warn'): void;
  /** How often it is looked at; default 1 s. */
  watchMs?: number;
};

const connectMs = 3_000;

type Sight = { epoch: number; lsn: string; standby: boolean };

/** Looks at the standby once before it returns; never throws for the standby's sake. */
export async function openReplica(options: ReplicaOptions): Promise<ReadReplica> {
  const { primary, log, mostLagSeconds } = options;
  const pool = createPool(
    { ...options.connection, connectionTimeoutMillis: connectMs },
    { maxConnections: options.maxConnections },
  );
  const positions = writtenPositions();
  let epochThere = -1;
  let fallbacks = 0;
  let closed = false;
  let state: Omit<ReplicaState, 'fallbacks'> = { serving: false, lagSeconds: undefined };

  function become(next: Omit<ReplicaState, 'fallbacks'>, first = false): void {
    const changed = next.serving !== state.serving;
    state = next;
    if (closed || !(changed || first)) return;
    if (next.serving) log('Reads that tolerate a delay go to the standby.');
    else log(`The standby ${next.because ?? 'does not serve'}; the primary serves all reads.`, 'warn');
  }

  async function look(first = false): Promise<void> {
    try {
      await positions.note(primary);
    } catch {
      return; // without the primary there is nothing to compare with, and worse to worry about
    }
    let seen: Sight;
    try {
      seen = await sightOf(pool);
    } catch (error) {
      become({ serving: false, lagSeconds: undefined, because: failureOf(error) }, first);
      return;
    }
    epochThere = seen.epoch;
    const lagSeconds = positions.secondsBehind(seen.lsn);
    if (!seen.standby) become({ serving: false, lagSeconds: undefined, because: 'is no standby' }, first);
    else if (lagSeconds > mostLagSeconds)
      become({ serving: false, lagSeconds, because: `is more than ${mostLagSeconds} s behind` }, first);
    else become({ serving: true, lagSeconds }, first);
  }

  let looking: Promise<void> = look(true);
  await looking;
  const watch = setInterval(() => {
    looking = looking.then(() => (closed ? undefined : look()));
  }, options.watchMs ?? 1_000);
  watch.unref();

  /** Whether the standby is at fault, so that the primary can answer what it could not. */
  function itsFault(error: unknown): boolean {
    const unreachable = databaseProblem(error)?.body.code === 'database_unavailable' || isTimeout(error);
    if (unreachable) become({ serving: false, lagSeconds: state.lagSeconds, because: failureOf(error) });
    const fault = unreachable || isStaleStatement(error) || standbyCodes.has(codeOf(error));
    if (fault) fallbacks += 1;
    return fault;
  }

  const reads: ReadPool = {
    async query(config) {
      if (!state.serving) return primary.query(config);
      try {
        return await pool.query(config);
      } catch (error) {
        if (!itsFault(error)) throw error;
        return primary.query(config);
      }
    },
    async connect() {
      if (!state.serving) return primary.connect();
      try {
        return await pool.connect();
      } catch (error) {
        if (!itsFault(error)) throw error;
        return primary.connect();
      }
    },
  };

  return {
    at: (epoch) => (state.serving && epochThere === epoch ? reads : undefined),
    state: () => ({ ...state, fallbacks }),
    pool,
    async close() {
      closed = true;
      clearInterval(watch);
      await looking;
      await pool.end();
    },
  };
}

/** Recovery ends sessions and statements that are in its way, and a standby may be starting or full. */
const standbyCodes = new Set(['40001', '40P01', '53300', '55006']);
const codeOf = (error: unknown): string => String((error as { code?: unknown } | null)?.code ?? '');
const isTimeout = (error: unknown): boolean =>
  /timeout exceeded when trying to connect|Connection terminated/.test(String((error as Error)?.message));

/** Without the driver's message, which may name users and hosts. */
function failureOf(error: unknown): string {
  if (isStaleStatement(error)) return 'does not have the tables of this database';
  const code = codeOf(error);
  return `cannot be used${code === '' ? '' : ` (${code})`}`;
}

async function sightOf(pool: pg.Pool): Promise<Sight> {
  const seen = await row<{ standby: boolean; lsn: string | null; epoch: number }>(
    pool,
    sql`SELECT pg_is_in_recovery() AS standby, s.epoch,
          (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() END)::text AS lsn
        FROM platform.definition_state s`,
  );
  return { standby: seen!.standby, lsn: seen!.lsn ?? '0/0', epoch: Number(seen!.epoch) };
}

/**
 * How far the primary had written, and when. The delay is how long ago it passed what the standby has replayed:
 * right also for a standby that is cut off, or a database at rest, where its last transaction's time says nothing.
 */
function writtenPositions() {
  let passed: { lsn: bigint; at: number }[] = [];
  return {
    async note(primary: pg.Pool): Promise<void> {
      const at = Date.now();
      const found = await row<{ lsn: string }>(primary, sql`SELECT pg_current_wal_lsn()::text AS lsn`);
      const lsn = position(found!.lsn);
      // A standby that never catches up must not fill the memory: the eldest is what counts.
      if (passed.at(-1)?.lsn !== lsn) passed.push({ lsn, at });
      if (passed.length > 4_000) passed = passed.filter((_, index) => index === 0 || index % 2 === 1);
    },
    secondsBehind(lsn: string): number {
      const there = position(lsn);
      passed = passed.filter((each) => each.lsn > there);
      return passed[0] === undefined ? 0 : (Date.now() - passed[0].at) / 1000;
    },
  };
}

/** `16/B374D848` as a number. */
function position(text: string): bigint {
  const [high = '0', low = '0'] = text.split('/');
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}
