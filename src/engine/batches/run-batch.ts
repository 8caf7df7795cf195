/**
 * Running a batch so that it survives its process. Whoever runs it holds an advisory lock in a session of its own,
 * which dies with the process; what it has done and how far it is are committed together; and a runner that was
 * thought dead and was not (its session broke, it lives) cannot write any more once another has taken over.
 */
import { randomUUID } from 'node:crypto';
import type { Context } from '../../core/context/context.ts';
import { isProblem } from '../../core/errors/problem.ts';
import { row, rows, sql, type Queryable } from '../../core/sql/sql.ts';
import { conflict, runnerLock, type BatchState } from './batches.ts';
import { addBatchProblems, type BatchProblem } from './problems.ts';
import { storableJson } from './storable.ts';

export type Noted = {
  done: number;
  refused: number;
  total?: number;
  /** Plain JSON; `reached` in it is how many of the total are settled. */
  position: { reached: number };
  problems: readonly BatchProblem[];
};

export type BatchRun = {
  batch: string;
  /** Says how far it is, in the transaction of what was done. Throws when this run is not the batch's any more. */
  note(on: Queryable, state: Noted): Promise<void>;
  /** Ends as paused, though nobody asked for it: it waits for something else. */
  pause(): void;
  /** Why to stop behind what is in hand, as far as is known. */
  stops(): 'paused' | 'stopped' | undefined;
};

const goesOn: readonly BatchState[] = ['running', 'paused', 'stopped'];

/**
 * Takes the batch and works on it. It ends as done, or as what `stops` said, or as stopped when `work` throws; in
 * the background a signal only hands it over, and it goes on elsewhere. Throws 409 for one that another process
 * runs, and for one that is done or undone.
 */
export async function runBatch<T>(
  context: Context,
  input: { batch: string; signal?: AbortSignal; background?: boolean },
  work: (run: BatchRun) => Promise<T>,
): Promise<T> {
  const { batch, signal } = input;
  const runner = randomUUID();
  return holding(context, batch, async () => {
    const claimed = await row(
      context.pool,
      sql`UPDATE platform.batches SET state = 'running', runner = ${runner}, asked = NULL, ended_at = NULL, details = details - 'why'
          WHERE id = ${batch} AND state = ANY(${[...goesOn]}::text[]) RETURNING id`,
    );
    if (!claimed) throw ended();
    let asked: 'pause' | null = null;
    let stops: 'paused' | 'stopped' | undefined;
    const mine = sql`id = ${batch} AND runner = ${runner} AND state = 'running'`;
    const end = (state: BatchState, why?: string) =>
      rows(
        context.pool,
        sql`UPDATE platform.batches SET state = ${state}, asked = NULL, ended_at = now(), details = details || ${storableJson(why === undefined ? {} : { why })}::jsonb
            WHERE ${mine}`,
      );
    try {
      const result = await work({
        batch,
        async note(on, { done, refused, total, position, problems }) {
          await addBatchProblems(on, batch, problems);
          const noted = await row<{ asked: 'pause' | null }>(
            on,
            sql`UPDATE platform.batches SET done = ${done}, refused = ${refused}, total = coalesce(${total ?? null}::integer, total), position = ${storableJson(position)}::jsonb
                WHERE ${mine} RETURNING asked`,
          );
          if (!noted) throw takenOver();
          asked = noted.asked;
        },
        pause: () => (stops ??= 'paused'),
        stops: () => (stops ??= asked === 'pause' ? 'paused' : signal?.aborted ? 'stopped' : undefined),
      });
      await end(stops === 'stopped' && input.background ? 'running' : (stops ?? 'done'));
      return result;
    } catch (error) {
      await end('stopped', isProblem(error) ? error.body.detail : undefined).catch(() => {}); // the database may be what failed; without its lock it counts as stopped
      throw error;
    }
  });
}

async function holding<T>(context: Context, batch: string, work: () => Promise<T>): Promise<T> {
  const client = await context.pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error) => (broken = error);
  client.on('error', onError);
  try {
    const lock = sql`(${runnerLock}::integer, hashtext(${batch}::uuid::text))`;
    const taken = await row<{ free: boolean }>(client, sql`SELECT pg_try_advisory_lock${lock} AS free`);
    if (!taken?.free)
      throw conflict(
        'still_running',
        'This batch is being worked on.',
        'Wait until it has ended, or pause it.',
      );
    try {
      return await work();
    } finally {
      await rows(client, sql`SELECT pg_advisory_unlock${lock}`).catch(
        (failure: Error) => (broken ??= failure),
      );
    }
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

const ended = () =>
  conflict(
    'already_ended',
    'This batch has ended, nothing is left to do.',
    'Start a new one if you need to.',
  );

const takenOver = () =>
  conflict(
    'taken_over',
    'Another process has taken this batch over.',
    'Look at the batch to see how far it is.',
  );
