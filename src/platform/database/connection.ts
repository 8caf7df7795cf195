/**
 * What every session of Groundwork has in common, whichever server it talks to: value types, UTC, ISO
 * dates, time limits, and a search path that holds nothing of ours (names are always qualified; `public`
 * is there for the operators of pg_trgm).
 */
import pg from 'pg';
import { valueTypes } from './value-types.ts';

export type SessionOptions = {
  applicationName: string;
  /** 0 for no limit. */
  statementTimeoutMs: number;
};

export function sessionConfig(server: pg.ClientConfig, options: SessionOptions): pg.ClientConfig {
  const { connectionString, given } = withoutOptions(server.connectionString);
  // Said in the first packet: no round trip of its own, and it wins over what the server or role has set.
  const startup = [
    given,
    server.options,
    '-c TimeZone=UTC -c DateStyle=ISO,YMD -c search_path=public',
    `-c statement_timeout=${options.statementTimeoutMs} -c idle_in_transaction_session_timeout=60000`,
  ]
    .filter(Boolean)
    .join(' ');
  return {
    ...server,
    ...(connectionString === undefined ? {} : { connectionString }),
    options: startup,
    application_name: options.applicationName,
    connectionTimeoutMillis: 15_000,
    keepAlive: true,
    types: valueTypes,
  };
}

export function createPool(
  config: pg.ClientConfig,
  limits: { maxConnections: number; onError?: (error: Error) => void },
): pg.Pool {
  // Pipelined: a statement is sent while the one before it still runs, in order. A transaction that knows its
  // next statements already does not wait for the way to the server and back each time.
  const pool = new pg.Pool({
    ...config,
    pipeline: true,
    max: limits.maxConnections,
    idleTimeoutMillis: 30_000,
  });
  const onError = limits.onError ?? (() => {});
  pool.on('error', onError);
  // A session can break while it is checked out and idle between two statements. Without a listener of its
  // own that would end the process; the holder learns of it from its next statement.
  pool.on('connect', (client) => client.on('error', onError));
  return pool;
}

/** For a session of its own to where a pool leads: long work, COPY, another database of that server. */
export function connectionOf(pool: pg.Pool): pg.ClientConfig {
  const { max: _, min: __, idleTimeoutMillis: ___, ...connection } = pool.options;
  return { ...connection, pipeline: false };
}

/** The driver lets `options` in the URL replace ours; both are wanted. */
function withoutOptions(connectionString: string | undefined): { connectionString?: string; given?: string } {
  if (!connectionString || !URL.canParse(connectionString)) return { connectionString };
  const url = new URL(connectionString);
  const given = url.searchParams.get('options');
  if (given === null) return { connectionString };
  url.searchParams.delete('options');
  return { connectionString: url.href, given };
}
