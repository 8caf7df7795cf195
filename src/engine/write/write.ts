/**
 * The one door for writes. Every change from any channel comes through here, as a batch: rights, parsing,
 * links, match rules, storing, rollups, checkpoints and events in one transaction, in the order of the
 * design. No other code issues INSERT, UPDATE or DELETE on record tables.
 */
import { setTimeout } from 'node:timers/promises';
import type { Context } from '../../core/context/context.ts';
import { invalid, isProblem, issue } from '../../core/errors/problem.ts';
import { accessOf } from '../access/access.ts';
import { beginAtEpoch } from '../definitions/epoch.ts';
import type { Outcome, WriteInput } from './change.ts';
import { claimKey, storeAnswer, type StoredAnswer } from './idempotency.ts';
import { prepare } from './prepare.ts';
import { runOf } from './run.ts';
import { databaseRefusal } from './database-refusal.ts';
import { outcomesOf } from './outcomes.ts';
import { isolate, together } from './isolate.ts';
import { arrived } from './passes.ts';

export type { Change, Outcome, WriteInput } from './change.ts';

export const mostChanges = 1000;

/** One outcome per change, in order. With `mode: 'all'` a refusal throws its Problem and nothing is written. */
export async function write(context: Context, input: WriteInput): Promise<Outcome[]> {
  return (await writeAnswering(context, input)).outcomes;
}

/** As `write`, with the answer that `respond` made, or the one stored under the same Idempotency-Key. */
export async function writeAnswering(
  context: Context,
  input: WriteInput,
): Promise<{ outcomes: Outcome[]; answer?: StoredAnswer }> {
  if (input.changes.length > mostChanges) {
    throw invalid([
      issue('changes', 'too_many', 'One call takes at most {most} changes.', 'Send them in several calls.', {
        most: mostChanges,
      }),
    ]);
  }
  // One catalog for the whole attempt, also where the context would give a newer one each time it is asked.
  let current: Context = { ...context, catalog: context.catalog };
  for (let attempt = 0; ; attempt++) {
    try {
      return await once(current, input);
    } catch (error) {
      if (error === staleCatalog && attempt < 3) {
        current = { ...current, catalog: await context.currentCatalog() };
        continue;
      }
      if (attempt >= mostAttempts || !victims.has((error as { code?: string }).code ?? '')) throw error;
      // Those that met must not meet again.
      await setTimeout(Math.random() * 20 * 2 ** attempt);
    }
  }
}

const staleCatalog = new Error('The definitions changed while this write was on its way.');

/** Codes of PostgreSQL that ask to run a transaction again: serialization failure, deadlock. */
const victims = new Set(['40001', '40P01']);

const mostAttempts = 6;

async function once(
  context: Context,
  input: WriteInput,
): Promise<{ outcomes: Outcome[]; answer?: StoredAnswer }> {
  const access = accessOf(context);
  const run = runOf(context, access, input.batch);
  const prepared = prepare(context, access, input);
  const client = await context.pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error) => (broken = error);
  client.on('error', onError);
  try {
    const epoch = await beginAtEpoch(client);
    if (epoch !== context.catalog.epoch) throw staleCatalog;
    const stored = await claimKey(context, client);
    if (stored) {
      await client.query('ROLLBACK');
      return { outcomes: [], answer: stored };
    }
    // Not before the epoch is known: a stale process would refuse what another has just defined.
    if (input.mode === 'all' && prepared.refused.size > 0) throw together(prepared.refused);
    const refused = new Map(prepared.refused);
    const done = await isolate(run, client, input, prepared.rows, refused);
    const outcomes = outcomesOf(input, done, refused);
    await input.beside?.(client, outcomes);
    const answer = await input.respond?.(client, outcomes, context);
    await arrived(run);
    if (answer) await storeAnswer(context, client, answer);
    const { command } = await client.query(input.dryRun ? 'ROLLBACK' : 'COMMIT');
    if (!input.dryRun && command !== 'COMMIT')
      throw new Error('The transaction was rolled back by the database.');
    return { outcomes, answer };
  } catch (error) {
    await client.query('ROLLBACK').catch((failure: Error) => (broken ??= failure));
    throw isProblem(error) || error === staleCatalog
      ? error
      : (databaseRefusal(context.catalog, access, error) ?? error);
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}
