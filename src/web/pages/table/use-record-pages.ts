/**
 * A list of any length, read page by page over keyset cursors while it is scrolled. Only pages near what is
 * seen are held: the cache drops the others, their cursors stay (a short text each), so that going back
 * reads them again.
 */
import { useQueries, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect, useReducer, useRef } from 'react';
import { pageQuery, type CrmRecord, type ListParams } from '../../api/records.ts';

const pageSize = 100;

/** First and last row that is drawn. */
export type Seen = { first: number; last: number };

export type RecordPages = {
  /** Rows that are known to exist, loaded or on their way; more may follow. */
  count: number;
  /** The record at a row, or undefined while its page is on the way. */
  at(row: number): CrmRecord | undefined;
  /** Nothing has been read yet. */
  pending: boolean;
  /** What stands there belongs to the question before; the answer is on the way. */
  stale: boolean;
  error: unknown;
  retry(): void;
};

type Held = { pages: ReadonlyMap<number, readonly CrmRecord[]>; count: number };

type Known = {
  /** The question that the cursors belong to. */
  key: string;
  /** By page: the first is null, each further one comes with the page before it. */
  cursors: (string | null)[];
  /** Number of rows, once the last page has been read. */
  end: number | undefined;
};

export function useRecordPages(object: string, params: ListParams, seen: Seen): RecordPages {
  const client = useQueryClient();
  const [, drawAgain] = useReducer((round: number) => round + 1, 0);
  const key = JSON.stringify([object, params]);
  const known = useRef<Known>(undefined);
  const before = useRef<{ object: string; held: Held }>(undefined);
  const fresh = known.current?.key !== key;
  // Who comes back to a list finds it as long as it was, as far as the cache still holds it.
  const here = fresh ? remembered(client, object, params, key) : known.current!;
  known.current = here;
  const { cursors } = here;
  const read = cursors.length;

  // One page to either side of what is seen, so that scrolling does not wait.
  const last = Math.min(read - 1, Math.floor(seen.last / pageSize) + 1);
  const first = Math.max(0, Math.min(last, Math.floor(seen.first / pageSize) - 1));
  const wanted = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const results = useQueries({
    queries: wanted.map((page) => pageQuery(object, { ...params, limit: pageSize }, cursors[page] ?? null)),
  });

  const pages = new Map<number, readonly CrmRecord[]>();
  wanted.forEach((page, index) => {
    const data = results[index]?.data;
    if (!data) return;
    pages.set(page, data.data);
    learn(here, page, data.data.length, data.next_cursor);
  });
  const pending = results[0]?.isPending ?? true;
  const held: Held = {
    pages,
    count: here.end ?? (pages.size > 0 || cursors.length > 1 ? cursors.length * pageSize : 0),
  };
  const grown = cursors.length > read;
  useEffect(() => {
    // The cursor of a page that is due has just become known.
    if (grown) drawAgain();
  }, [grown]);

  const old = before.current?.object === object ? before.current.held : undefined;
  const stale = pending && first === 0 && old !== undefined;
  if (!pending) before.current = { object, held };
  const shown = stale ? old : held;
  return {
    count: shown.count,
    at: (row) => shown.pages.get(Math.floor(row / pageSize))?.[row % pageSize],
    pending: pending && !stale && pages.size === 0,
    stale,
    error: results.find((result) => result.isError)?.error,
    retry: () => void client.refetchQueries({ queryKey: ['records', object, 'page'], type: 'active' }),
  };
}

/** The cursors of a question that the cache still knows. */
function remembered(client: QueryClient, object: string, params: ListParams, key: string): Known {
  const known: Known = { key, cursors: [null], end: undefined };
  for (let page = 0; page < known.cursors.length; page++) {
    const query = pageQuery(object, { ...params, limit: pageSize }, known.cursors[page] ?? null);
    const data = client.getQueryData(query.queryKey);
    if (data) learn(known, page, data.data.length, data.next_cursor);
  }
  return known;
}

/** What a page says about the length of the list. A changed cursor makes all further ones void. */
function learn(known: Known, page: number, rows: number, next: string | null): void {
  const { cursors } = known;
  if (next === null) {
    cursors.length = page + 1;
    known.end = page * pageSize + rows;
    return;
  }
  if (cursors[page + 1] !== next) {
    cursors.length = page + 1;
    cursors.push(next);
    known.end = undefined;
  }
}
