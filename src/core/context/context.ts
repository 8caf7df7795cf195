/** What every operation and engine call is given first: who asks, from where, against which catalog. */
import type { Readable } from 'node:stream';
import type { Pool } from 'pg';
import type { Catalog } from '../catalog/catalog.ts';
import type { Permission } from '../definitions/role.ts';
import type { Queryable, ReadPool } from '../sql/sql.ts';

/** Users, API keys and agents alike. */
export type Principal = {
  kind: 'user' | 'key' | 'system';
  /** Id of the user, of the key, or a fixed word for the system (`seed`, `worker`). */
  id: string;
  /** As history signs it. */
  name: string;
  /** The user it acts as ($me), or null. */
  user: string | null;
  /** $my_team: the team of that user and all below it. */
  teams: readonly string[];
  /** Role keys; grants add up. */
  roles: readonly string[];
};

export type Workspace = {
  name: string;
  timeZone: string;
  currency: string;
  country: string;
};

export type Log = {
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
};

/** A browser's sign-in, lent by the door that keeps its cookie. */
export type BrowserSession = {
  /** Sets the cookie and gives the user's id. Refuses with 401 (wrong, archived, without role) or 429. */
  signIn(input: { email: string; password: string }): Promise<{ user: string }>;
  /** Ends the session that the request came with, and clears its cookie. */
  signOut(): Promise<void>;
};

/** Where the bytes of files are kept, by content. */
export type FileStore = {
  /** Moves a spooled upload in, durable when it returns; gives what `open` takes. */
  keep(upload: { path: string; sha256: string }): Promise<string>;
  /** Refuses with 404 when the bytes are not there. */
  open(storedAs: string): Promise<Readable>;
  /** The bytes as a file on this machine, to be read and never written, until `discard`. */
  onDisk(storedAs: string): Promise<{ path: string; discard(): Promise<void> }>;
};

/** Work for later, done once by whichever app process is free. */
export type JobQueue = {
  /**
   * Puts a job in line; with `on` in that transaction, so that it is there if and only if the rest is. `once`:
   * nothing happens while a job of that name and key waits or runs. `after`: not before then.
   */
  add(job: string, input: object, options?: { on?: Queryable; once?: string; after?: Date }): Promise<void>;
};

/** What a listener hears; `id` is how far it has heard then. */
export type LiveEvent = { event: string; data: unknown; id?: string };

/** Which records changed, told while they change. */
export type LiveFeed = {
  /** @throws Problem for what may not be watched; then the events, until `context.signal` is aborted. */
  listen(
    context: Context,
    input: {
      watch: readonly {
        name: string;
        object: string;
        id?: string;
        where?: unknown;
        q?: string;
        archived?: 'include' | 'only';
      }[];
      /** The id of the last event that was heard. */
      since?: string;
    },
  ): AsyncIterable<LiveEvent>;
};

/** Where backups go, when they are taken and proved (cron lines; null: never), and how many are kept. */
export type BackupPlan = {
  folder: string;
  schedule: string | null;
  check: string | null;
  /** The newest of so many days, weeks and months. */
  keep: { days: number; weeks: number; months: number };
};

export type Context = {
  pool: Pool;
  /**
   * For reads that tolerate a delay of seconds (sums, counts, search, exports). Undefined: read from `pool`,
   * as what somebody has just written themselves must be.
   */
  readPool?: ReadPool;
  /** The catalog at the start of the call; the write path checks that it is still the one in force. */
  catalog: Catalog;
  principal: Principal;
  workspace: Workspace;
  /** Which door: signed into events. */
  channel: 'http' | 'cli' | 'web' | 'import' | 'worker' | 'test';
  /** The clock; tests may stop it. Undefined means the database's and the machine's own. */
  now?: Date;
  requestId?: string;
  /** Given with an Idempotency-Key: the write path answers a repeated key from what it stored. */
  idempotency?: { key: string; bodyHash: Buffer };
  /** Only at the HTTP door. */
  browser?: BrowserSession;
  /** Aborted when nobody waits for the answer any more. Only where an answer is a stream, and in jobs. */
  signal?: AbortSignal;
  /** Only at the HTTP door. */
  live?: LiveFeed;
  files?: FileStore;
  /** Only in the worker, which takes them. */
  backups?: BackupPlan;
  /** Not at the command line, which does its work itself. */
  jobs?: JobQueue;
  log: Log;
  /** Gives the catalog in force, reloaded when another process switched. */
  currentCatalog(): Promise<Catalog>;
  /** Rights that are not about one object, from the roles. */
  may(permission: Permission): boolean;
};
