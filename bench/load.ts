/** Loads accounts, contacts and deals through the write path, in batches, and says how fast. */
import { write } from '../src/engine/write/write.ts';
import { accountOf, contactOf, dealOf, scatter } from './people.ts';
import type { Bench } from './start.ts';

export type Loaded = { rows: number; seconds: number };

const chunk = 500;

export async function load(
  bench: Bench,
  sizes: { contacts: number; accounts: number; deals: number },
): Promise<Loaded> {
  const began = performance.now();
  const accounts = await batchOf(bench, 'accounts', sizes.accounts, (n) => accountOf(n));
  const account = (n: number): string | undefined => accounts[scatter(n, accounts.length)];
  await batchOf(bench, 'contacts', sizes.contacts, (n) => contactOf(n, account(n)));
  await batchOf(bench, 'deals', sizes.deals, (n) => dealOf(n, account(n)));
  const seconds = (performance.now() - began) / 1000;
  await bench.pool.query('VACUUM ANALYZE');
  return { rows: sizes.accounts + sizes.contacts + sizes.deals, seconds };
}

async function batchOf(
  bench: Bench,
  object: string,
  count: number,
  set: (n: number) => Record<string, unknown>,
): Promise<string[]> {
  const ids: string[] = [];
  for (let at = 0; at < count; at += chunk) {
    const changes = Array.from({ length: Math.min(chunk, count - at) }, (_, k) => ({
      create: object,
      set: set(at + k),
    }));
    for (const outcome of await write(bench.context(), { changes, mode: 'each' })) {
      if (!outcome.ok) throw outcome.problem;
      ids.push(outcome.id);
    }
  }
  return ids;
}
