/**
 * Server-sent events: what an operation yields, one event after the other, as fast as the caller reads. A quiet
 * stream says now and then that it lives, so that no proxy cuts it; a server that stops ends its streams first,
 * and the callers come back to another.
 */
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { StreamEvent } from '../operations/operation.ts';
import { problemDocument } from './problem-reply.ts';

/** Proxies commonly cut a connection that is silent for a minute, some after thirty seconds. */
const beatMs = 15_000;
/** How long a caller waits before it comes back. */
const retryMs = 2_000;

export type EventStreams = {
  /** Aborted when the caller hangs up or the server stops. */
  signalOf(reply: FastifyReply): AbortSignal;
  send(events: AsyncIterable<StreamEvent>, request: FastifyRequest, reply: FastifyReply): FastifyReply;
};

export function eventStreams(app: FastifyInstance): EventStreams {
  const stopping = new AbortController();
  app.addHook('preClose', async () => stopping.abort());
  return {
    signalOf(reply) {
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      return AbortSignal.any([gone.signal, stopping.signal]);
    },
    send(events, request, reply) {
      reply
        .header('content-type', 'text/event-stream; charset=utf-8')
        .header('cache-control', 'no-store, no-transform')
        .header('x-accel-buffering', 'no');
      // Its head promised to keep the connection; a server that stops would wait for it.
      reply.raw.once('finish', () => stopping.signal.aborted && request.raw.socket.end());
      return reply.send(Readable.from(written(events, stopping.signal, request)));
    },
  };
}

async function* written(
  events: AsyncIterable<StreamEvent>,
  stopping: AbortSignal,
  request: FastifyRequest,
): AsyncGenerator<string> {
  yield `retry: ${retryMs}\n\n`;
  const iterator = events[Symbol.asyncIterator]();
  try {
    let next = iterator.next();
    for (;;) {
      const found = await orBeat(next, stopping);
      if (found === 'stop') return;
      if (found === 'beat') {
        yield ': here\n\n';
        continue;
      }
      if (found.done) return;
      yield textOf(found.value);
      next = iterator.next();
    }
  } catch (error) {
    if (!stopping.aborted) yield textOf({ event: 'problem', data: problemDocument(error, request) });
  } finally {
    // Not waited for: a source that hangs must not keep the connection.
    void iterator.return?.().catch(() => {});
  }
}

async function orBeat<T>(next: Promise<T>, stopping: AbortSignal): Promise<T | 'beat' | 'stop'> {
  if (stopping.aborted) return 'stop';
  const waited = new AbortController();
  const either = AbortSignal.any([waited.signal, stopping]);
  const beat = sleep(beatMs, 'beat' as const, { signal: either, ref: false }).catch(() => 'stop' as const);
  try {
    return await Promise.race([next, beat]);
  } finally {
    waited.abort();
  }
}

/** JSON holds no line break, so that one data line is enough. */
const textOf = ({ event, data, id }: StreamEvent): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
