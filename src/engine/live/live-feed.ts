/**
 * Live updates: who watches a list or a record hears within moments which of its records changed. One reader for
 * the process follows the events while anybody listens, in memory alone; a listener that comes back, to this or
 * another process, says how far it had heard. Only ids are told, never values: what has changed is read again,
 * through the one read path.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import type { Catalog } from '../../core/catalog/catalog.ts';
import type { Context, LiveEvent, LiveFeed, Log } from '../../core/context/context.ts';
import { invalid, issue, refusal } from '../../core/errors/problem.ts';
import type { AccessNotice } from '../../platform/auth/access-notices.ts';
import {
  endOfEvents,
  isBefore,
  isBehindNow,
  takeEvents,
  type EventCursor,
  type StoredEvent,
} from '../events/read-events.ts';
import { judgeWatch } from './judge.ts';
import { addChanges, markStale, nothingPending, type Pending } from './pending.ts';
import { touchedBy } from './touched.ts';
import { watchOf, type Watch } from './watch.ts';

export type OpenLiveFeed = LiveFeed & {
  /** Somebody's rights changed: their streams end, and they come back with the new ones. Undefined: anybody's. */
  accessChanged(notice: AccessNotice | undefined): void;
  close(): Promise<void>;
};

const tickMs = 250;
/** Events read at once. */
const pageSize = 500;
/** Touched states of an object that are judged one by one; above, its lists are read again. */
const mostJudged = 300;
/** Events that a listener who comes back may have missed; above, it reads everything again. */
const mostMissed = 1_000;
const mostStreams = 20;
/** A list that other objects decide over is read again at most so often. */
const relatedMs = 10_000;
/** How far the reader came is told now and then, so that coming back after a quiet hour is cheap. */
const tellCursorMs = 10_000;
/** A stream ends after this long: whose session has ended by then does not come back. */
const longestMs = 30 * 60_000;

type Watching = { watch: Watch; pending: Pending; related: boolean; toldRelated: number };

type Listener = {
  context: Context;
  epoch: number;
  watching: Watching[];
  /** How far it had heard; gone once it has been told what it missed. */
  since: EventCursor | undefined;
  /** Everything before this is told or pending. Undefined until the reader has taken it in. */
  at: EventCursor | undefined;
  resync: boolean;
  until: number;
  end?: 'catalog' | 'access' | 'again';
  wake(): void;
};

export function openLiveFeed(deps: { pool: Pool; log: Log; catalog(): Catalog }): OpenLiveFeed {
  const { pool, log } = deps;
  const listeners = new Set<Listener>();
  let cursor: EventCursor | undefined;
  let reading: Promise<void> | undefined;
  const stopped = new AbortController();

  async function read(): Promise<void> {
    while (listeners.size > 0 && !stopped.signal.aborted) {
      try {
        cursor ??= await endOfEvents(pool);
        endThoseDue();
        const next = await takeEvents(pool, cursor, pageSize, (on, page) =>
          tell(
            on,
            page,
            [...listeners].filter(({ at }) => at),
          ),
        );
        const moved = next !== cursor;
        cursor = next;
        for (const listener of listeners) {
          if (listener.at) heard(listener, cursor);
          else await takeIn(listener, cursor);
        }
        if (moved) continue;
      } catch (error) {
        log.warn({ err: error }, 'live updates pause: the events could not be read');
      }
      await sleep(tickMs, undefined, { signal: stopped.signal }).catch(() => {});
    }
    cursor = undefined;
    reading = undefined;
  }

  /** What a new listener missed since it last heard is told to it alone; then it hears with the others. */
  async function takeIn(listener: Listener, now: EventCursor): Promise<void> {
    const { since } = listener;
    if (since && !(await isBehindNow(pool, since))) listener.resync = true;
    else if (since) {
      let missed = 0;
      for (let from = since; ;) {
        const next = await takeEvents(pool, from, mostMissed, async (on, page) => {
          const own = page.filter((event) => !isBefore(now, event));
          missed += own.length;
          if (own.length > 0 && missed < mostMissed) await tell(on, own, [listener]);
        });
        if (missed >= mostMissed) listener.resync = true;
        if (listener.resync || next === from || isBefore(now, next)) break;
        from = next;
      }
    }
    listener.since = undefined;
    listener.at = now;
    listener.wake();
  }

  /** Judges a page of events for every distinct watch once. */
  async function tell(on: PoolClient, page: readonly StoredEvent[], to: readonly Listener[]): Promise<void> {
    const living = to.filter((listener) => !listener.end);
    const groups = Map.groupBy(
      living.flatMap((listener) => listener.watching.map((one) => ({ listener, one }))),
      ({ one }) => one.watch.key,
    );
    if (groups.size === 0) return;
    await on.query(`SET LOCAL statement_timeout = '5s'`);
    const touched = await touchedBy(on, living[0]!.context.catalog, page, mostJudged);
    for (const group of groups.values()) {
      const [{ listener, one: first }] = group as [(typeof group)[0], ...typeof group];
      const { watch } = first;
      const own = touched.get(watch.object);
      const changes = own && own !== 'many' ? await judged(on, listener.context, watch, own) : own;
      const related = [...watch.reads].some((object) => touched.has(object));
      for (const { one } of group) {
        if (changes === 'many') markStale(one.pending);
        else if (changes) addChanges(one.pending, changes);
        one.related ||= related;
      }
    }
  }

  /** A condition that fails on some row must not keep the others from their news. */
  async function judged(
    on: PoolClient,
    context: Context,
    watch: Watch,
    own: Parameters<typeof judgeWatch>[3],
  ) {
    await on.query('SAVEPOINT watch');
    try {
      return await judgeWatch(on, context, watch, own);
    } catch (error) {
      await on.query('ROLLBACK TO SAVEPOINT watch');
      log.warn({ err: error, object: watch.object }, 'a watched condition could not be judged');
      return 'many' as const;
    } finally {
      await on.query('RELEASE SAVEPOINT watch');
    }
  }

  function heard(listener: Listener, at: EventCursor): void {
    listener.at = at;
    for (const one of listener.watching) {
      if (!one.related || Date.now() - one.toldRelated < relatedMs) continue;
      one.related = false;
      one.toldRelated = Date.now();
      markStale(one.pending);
    }
    listener.wake();
  }

  function endThoseDue(): void {
    const { epoch } = deps.catalog();
    for (const listener of listeners) {
      if (listener.epoch !== epoch) listener.end ??= 'catalog';
      else if (Date.now() > listener.until) listener.end ??= 'again';
      if (listener.end) listener.wake();
    }
  }

  async function* events(listener: Listener, signal: AbortSignal | undefined): AsyncGenerator<LiveEvent> {
    listeners.add(listener);
    let awake: (() => void) | undefined;
    listener.wake = () => awake?.();
    signal?.addEventListener('abort', listener.wake);
    reading ??= read();
    let ready = false;
    let told = { at: listener.at, when: 0 };
    try {
      while (!signal?.aborted && !stopped.signal.aborted) {
        if (listener.at) {
          const due = dueEvents(listener, ready);
          ready = true;
          const quiet = due.length === 0;
          const moved = told.at?.id !== listener.at.id || told.at.xid !== listener.at.xid;
          if (quiet && moved && Date.now() - told.when > tellCursorMs) due.push({ event: 'at', data: {} });
          const last = due.at(-1);
          // Only behind the last does everything before the cursor stand.
          if (last) {
            told = { at: listener.at, when: Date.now() };
            last.id = writeCursor(listener.at);
          }
          yield* due;
          if (!quiet) continue;
        }
        if (listener.end) {
          yield { event: listener.end, data: {} };
          return;
        }
        await new Promise<void>((resolve) => (awake = resolve));
      }
    } finally {
      listeners.delete(listener);
      signal?.removeEventListener('abort', listener.wake);
    }
  }

  return {
    listen(context, { watch, since }) {
      const after = since === undefined ? undefined : readCursor(since);
      const watching = watch.map((input, at) => ({
        watch: watchOf(context, input, at),
        pending: nothingPending(),
        related: false,
        toldRelated: 0,
      }));
      const { id, kind } = context.principal;
      const own = [...listeners].filter(
        ({ context: { principal } }) => principal.id === id && principal.kind === kind,
      );
      if (own.length >= mostStreams) throw tooMany();
      const listener: Listener = {
        context,
        epoch: context.catalog.epoch,
        watching,
        since: after,
        at: undefined,
        resync: false,
        until: Date.now() + longestMs * (0.8 + Math.random() * 0.2),
        wake() {},
      };
      return events(listener, context.signal);
    },
    accessChanged(notice) {
      for (const listener of listeners) {
        const { principal } = listener.context;
        const concerned =
          !notice ||
          notice.about === 'workspace' ||
          (notice.about === 'user' ? principal.user === notice.id : principal.id === notice.id);
        if (!concerned) continue;
        listener.end ??= 'access';
        listener.wake();
      }
    },
    async close() {
      stopped.abort();
      for (const listener of listeners) listener.wake();
      await reading;
    },
  };
}

/** What is due, taken out of what is pending. */
function dueEvents(listener: Listener, ready: boolean): LiveEvent[] {
  const due: LiveEvent[] = [];
  if (listener.resync) due.push({ event: 'resync', data: {} });
  listener.resync = false;
  if (!ready)
    due.push({ event: 'ready', data: { watching: listener.watching.map(({ watch }) => watch.name) } });
  for (const one of listener.watching) {
    const { stale, changes } = one.pending;
    if (!stale && changes.size === 0) continue;
    one.pending = nothingPending();
    due.push({
      event: 'changes',
      data: stale
        ? { watch: one.watch.name, stale }
        : { watch: one.watch.name, records: [...changes.values()] },
    });
  }
  return due;
}

const writeCursor = ({ xid, id }: EventCursor): string => `${xid}-${id}`;

function readCursor(text: string): EventCursor {
  const found = /^(\d{1,19})-(\d{1,15})$/.exec(text);
  if (found) return { xid: found[1]!, id: Number(found[2]) };
  throw invalid([
    issue(
      'since',
      'bad_cursor',
      'This is not a place in the stream.',
      'Send the id of the last event that you heard, or leave it out.',
    ),
  ]);
}

const tooMany = () =>
  refusal(
    429,
    'too_many_streams',
    [
      issue(
        '',
        'too_many_streams',
        'You listen to {most} streams already.',
        'Close one of them, or watch several lists in one stream.',
        { most: mostStreams },
      ),
    ],
    { extra: { retry_after: 10 } },
  );
