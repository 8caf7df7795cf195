/**
 * Somebody who watches a list by live updates, as a browser does: comes back when the stream is cut, says how far
 * it had heard, and reads the list anew where it is told that too much was missed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { api, type Answer } from '../server-process.ts';

export type Listener = {
  /** The version of each record that was last heard or read, by id. */
  known: Map<string, number>;
  /** Times it had to come back. */
  reconnected(): number;
  /** Times it was told to read the list anew. */
  readAnew(): number;
  close(): Promise<void>;
};

type Message = { event: string; data: any; id: string | undefined };

export function listen(at: { url: string }, key: string, object: string): Listener {
  const closing = new AbortController();
  const known = new Map<string, number>();
  let reconnected = -1;
  let readAnew = 0;
  let last: string | undefined;

  const note = (id: string, version: number): void => {
    known.set(id, Math.max(version, known.get(id) ?? 0));
  };

  async function readList(): Promise<void> {
    readAnew += 1;
    for (let cursor: string | null = ''; cursor !== null;) {
      const path: string = `/api/v1/${object}?limit=200&sort=-created_at&fields=id,version${cursor ? `&cursor=${cursor}` : ''}`;
      const page: Answer | undefined = await api(at, key, 'GET', path).catch(() => undefined);
      if (page?.status !== 200) await sleep(50);
      else {
        for (const record of page.body.data) note(record.id, record.version);
        cursor = page.body.next_cursor;
      }
      if (closing.signal.aborted) return;
    }
  }

  async function hear({ event, data, id }: Message): Promise<void> {
    if (event === 'resync' || (event === 'changes' && data.stale)) await readList();
    else if (event === 'changes') for (const record of data.records) note(record.id, record.version);
    last = id ?? last;
  }

  async function once(): Promise<void> {
    const watch = encodeURIComponent(JSON.stringify([{ name: 'all', object }]));
    const response = await fetch(`${at.url}/api/v1/live?watch=${watch}`, {
      headers: { authorization: `Bearer ${key}`, ...(last ? { 'last-event-id': last } : {}) },
      signal: closing.signal,
    });
    if (response.status !== 200 || !response.body) throw new Error(`live: ${response.status}`);
    let text = '';
    for await (const bytes of response.body) {
      text += Buffer.from(bytes).toString();
      const parts = text.split('\n\n');
      text = parts.pop()!;
      for (const part of parts) {
        const line = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1];
        const event = line('event');
        if (event) await hear({ event, data: JSON.parse(line('data')!), id: line('id') });
      }
    }
  }

  const done = (async () => {
    while (!closing.signal.aborted) {
      reconnected += 1;
      await once().catch(() => {}); // cut, or nobody there: come back
      await sleep(100);
    }
  })();
  return {
    known,
    reconnected: () => reconnected,
    readAnew: () => readAnew,
    async close() {
      closing.abort();
      await done;
    },
  };
}
