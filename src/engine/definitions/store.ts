/**
 * The catalog in force, as this process has it: built once per epoch, never changed, replaced when the
 * database says that another epoch is in force.
 */
import pg from 'pg';
import type { Catalog, Kinds } from '../../core/catalog/catalog.ts';
import type { Log } from '../../core/context/context.ts';
import { inTransaction } from '../../platform/database/transaction.ts';
import { EPOCH_CHANNEL, readEpoch } from './epoch.ts';
import { catalogOf, readState } from './state.ts';
import { sweepUnfinished } from './sweep.ts';

export type CatalogStore = {
  /** What this process last read. */
  current(): Catalog;
  /** What is in force: asks the database for its epoch, and reads anew when it differs. */
  refresh(): Promise<Catalog>;
  /** Calls `listener` with each new catalog; gives back how to stop that. */
  onChange(listener: (catalog: Catalog) => void): () => void;
  close(): Promise<void>;
};

export type CatalogStoreOptions = {
  pool: pg.Pool;
  kinds: Kinds;
  /** For the session that listens; without it the store only asks now and then. */
  listen?: pg.ClientConfig;
  log: Log;
  /** How often it asks, in case a notice got lost; default 5 s. */
  pollMs?: number;
};

const reconnectMs = 1000;
const sweepMs = 60_000;

export async function catalogStore(options: CatalogStoreOptions): Promise<CatalogStore> {
  const { pool, kinds, log } = options;
  const listeners = new Set<(catalog: Catalog) => void>();
  let current = await load();
  let loading: { epoch: number; done: Promise<Catalog> } | undefined;
  let closed = false;

  function load(): Promise<Catalog> {
    return inTransaction(pool, async (client) => catalogOf(await readState(client), kinds), {
      isolation: 'repeatable read',
      readOnly: true,
    });
  }

  async function refresh(): Promise<Catalog> {
    const epoch = await readEpoch(pool);
    if (epoch === current.epoch) return current;
    if (loading?.epoch !== epoch) loading = { epoch, done: replace() };
    return loading.done;
  }

  async function replace(): Promise<Catalog> {
    try {
      const catalog = await load();
      // A slower load of an earlier epoch must not overwrite a later one; a restore may go back.
      if (catalog.epoch !== current.epoch) {
        current = catalog;
        for (const listener of listeners) listener(catalog);
      }
      return current;
    } finally {
      loading = undefined;
    }
  }

  const refreshQuietly = (): void => {
    if (closed) return;
    refresh().catch((error: unknown) => {
      if (!closed)
        log.warn({ error: String(error) }, 'The definitions in force could not be read; trying again.');
    });
  };

  const stopListening = options.listen ? keepListening(options.listen, refreshQuietly) : async () => {};
  const poll = setInterval(refreshQuietly, options.pollMs ?? 5000);
  poll.unref();
  const sweep = setInterval(() => {
    sweepUnfinished(pool, current).catch(() => {}); // the next round, or the next start, does it
  }, sweepMs);
  sweep.unref();

  return {
    current: () => current,
    refresh,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      closed = true;
      clearInterval(poll);
      clearInterval(sweep);
      await stopListening();
    },
  };
}

/** Listens for switches, again after each loss of the connection; `notice` is also called after a gap. */
function keepListening(config: pg.ClientConfig, notice: () => void): () => Promise<void> {
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let connecting: Promise<void> = Promise.resolve();

  const connect = async (): Promise<void> => {
    const next = new pg.Client({ ...config, statement_timeout: 0, idle_in_transaction_session_timeout: 0 });
    let lost = false;
    const again = (): void => {
      if (lost) return;
      lost = true;
      next.end().catch(() => {});
      if (stopped) return;
      timer = setTimeout(() => {
        connecting = connect();
      }, reconnectMs);
      timer.unref();
    };
    next.on('error', again);
    next.on('end', again);
    next.on('notification', notice);
    client = next;
    try {
      await next.connect();
      await next.query(`LISTEN ${EPOCH_CHANNEL}`);
      notice();
    } catch {
      again();
    }
  };
  connecting = connect();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await connecting;
    await client?.end().catch(() => {});
  };
}
