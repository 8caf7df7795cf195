import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { notFound } from '../core/errors/problem.ts';
import { defineOperation, type StreamEvent } from '../operations/operation.ts';
import { testServer, type TestServer } from './test-server.ts';

let server: TestServer;
let key: string;
let ended = 0;

/** Counts up by one a beat until nobody listens. */
async function* counting(signal: AbortSignal, from: number): AsyncGenerator<StreamEvent> {
  try {
    for (let count = from; !signal.aborted; count++) {
      yield { event: 'count', data: { count, text: 'two\nlines' }, id: String(count) };
      if (count === 100) throw new Error('a hundred is too much');
      await sleep(5);
    }
  } finally {
    ended += 1;
  }
}

const operations = [
  defineOperation({
    name: 'test.count',
    summary: 'Count',
    input: z.strictObject({ from: z.coerce.number() }),
    http: {
      method: 'GET',
      path: '/api/v1/test/count',
      events: true,
      input: ({ query, header }) => ({ ...query, from: header('last-event-id') ?? query['from'] }),
    },
    async run(context, { from }) {
      if (from < 0) throw notFound('number');
      return counting(context.signal!, from);
    },
  }),
];

beforeAll(async () => {
  server = await testServer({ operations });
  key = await server.key('administrator');
});
afterAll(() => server.close());

const open = (from: number, more: RequestInit = {}): Promise<Response> =>
  fetch(`${server.url}/api/v1/test/count?from=${from}`, {
    ...more,
    headers: { authorization: `Bearer ${key}`, ...more.headers },
  });

describe('an operation that answers with events', () => {
  it('sends each as server-sent event, ids and line breaks intact', async () => {
    const response = await open(97);
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('x-accel-buffering')).toBe('no');
    const text = await response.text();
    expect(text).toContain('id: 97\nevent: count\ndata: {"count":97,"text":"two\\nlines"}\n\nid: 98\n');
  });

  it('goes on behind the last event that the caller saw', async () => {
    const text = await (await open(1, { headers: { 'last-event-id': '99' } })).text();
    expect(text).toMatch(/^retry: \d+\n\nid: 99\n/);
  });

  it('tells a failure on the way as a problem, without its inside', async () => {
    const text = await (await open(100)).text();
    expect(text).toContain('event: problem\ndata: {');
    expect(text).not.toContain('a hundred is too much');
  });

  it('refuses before it begins, as any operation does', async () => {
    const response = await open(-1);
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toContain('problem+json');
  });

  it('ends its source when the caller hangs up', async () => {
    const before = ended;
    const gone = new AbortController();
    const response = await open(-0, { signal: gone.signal });
    await response.body!.getReader().read();
    gone.abort();
    await expect.poll(() => ended).toBe(before + 1);
  });

  it('ends its streams when the server stops, and stops', async () => {
    const other = await testServer({ operations, beside: server });
    const response = await fetch(`${other.url}/api/v1/test/count?from=-0`, {
      headers: { authorization: `Bearer ${key}` },
    });
    const rest = response.text();
    await other.close();
    expect(await rest).not.toContain('problem');
  });
});
