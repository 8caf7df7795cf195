/** A batch as it moves on, for whoever looks: read from the database, so that any process can tell it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../../core/context/context.ts';
import { getBatch, type Batch } from './batches.ts';

export type BatchProgress = Pick<Batch, 'state' | 'asked' | 'total' | 'reached' | 'done' | 'refused'> & {
  /** Rows or records a second, over the last seconds; null until it moves. */
  rate: number | null;
  seconds_left: number | null;
  /** Why it stopped, where something refused it. */
  why?: string;
};

const everyMs = 400;
const windowMs = 15_000;

/** Tells how far it is whenever that changes, and ends when it runs no more. Throws 404 before it begins. */
export async function watchBatch(
  context: Context,
  id: string,
  signal: AbortSignal,
): Promise<AsyncGenerator<BatchProgress>> {
  return progressOf(context, await getBatch(context, id), signal);
}

async function* progressOf(
  context: Context,
  first: Batch,
  signal: AbortSignal,
): AsyncGenerator<BatchProgress> {
  let batch = first;
  let told = '';
  const samples: { at: number; reached: number }[] = [];
  for (;;) {
    samples.push({ at: performance.now(), reached: batch.reached });
    while (samples.length > 2 && samples.at(-1)!.at - samples[0]!.at > windowMs) samples.shift();
    const { state, asked, total, reached, done, refused } = batch;
    const now = JSON.stringify([state, asked, total, reached, done, refused]);
    if (now !== told) {
      const why = batch.details['why'];
      const counts = { state, asked, total, reached, done, refused };
      yield { ...counts, ...speed(samples, batch), ...(typeof why === 'string' ? { why } : {}) };
    }
    told = now;
    if (state !== 'running') return;
    await sleep(everyMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    batch = await getBatch(context, batch.id);
  }
}

function speed(
  samples: readonly { at: number; reached: number }[],
  { total, reached, state }: Batch,
): Pick<BatchProgress, 'rate' | 'seconds_left'> {
  const [from, to] = [samples[0]!, samples.at(-1)!];
  const rate = to.reached > from.reached ? ((to.reached - from.reached) * 1000) / (to.at - from.at) : null;
  const left = rate === null || total === null || state !== 'running' ? null : (total - reached) / rate;
  return {
    rate: rate === null ? null : Math.round(rate),
    seconds_left: left === null ? null : Math.max(0, Math.round(left)),
  };
}
