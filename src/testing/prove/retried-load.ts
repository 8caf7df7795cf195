/**
 * Callers that write through a proxy as a careful program does: each write has an Idempotency-Key of its own and
 * is sent until it is answered. What was answered stands in a ledger. Every write raises the version of its record
 * by one, so a record's version tells a lost write and a doubled one.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { api, type Answer } from '../server-process.ts';
import { startCallers } from './callers.ts';

export type RetriedLedger = Map<string, { object: string; version: number; values: Record<string, unknown> }>;

export type RetriedLoad = {
  /** Writes answered so far. */
  acknowledged(): number;
  /** How often a write was sent again with the same key. */
  sentAgain(): number;
  /** Waits for the last answers. @throws what a caller met on the way */
  stop(): Promise<void>;
};

/** Answers after which the same request is sent again: nobody there, or the first one is still running. */
const passing = new Set([409, 429, 502, 503, 504]);
const longestWait = 60_000;

export function keepWritingThrough(
  proxy: { url: string },
  key: string,
  ledger: RetriedLedger,
  { owner, callers }: { owner: string; callers: number },
): RetriedLoad {
  let acknowledged = 0;
  let sentAgain = 0;

  async function send(method: string, path: string, body: unknown): Promise<Answer> {
    const headers = { 'idempotency-key': randomUUID() };
    const until = Date.now() + longestWait;
    for (;;) {
      const answer = await api(proxy, key, method, path, body, headers).catch(() => undefined);
      if (answer && answer.status < 300) return answer;
      const lasting = answer && !passing.has(answer.status);
      if (lasting || Date.now() > until)
        throw new Error(`${method} ${path}: ${answer ? JSON.stringify(answer.body) : 'no answer'}`);
      sentAgain += 1;
      await sleep(20);
    }
  }

  const write = async (object: string, set: Record<string, unknown>, id?: string): Promise<string> => {
    const { body } = await (id === undefined
      ? send('POST', `/api/v1/${object}`, set)
      : send('PATCH', `/api/v1/${object}/${id}`, set));
    const { id: made, version } = body as { id: string; version: number };
    const before = ledger.get(made);
    // Each write of a record waits for the answer to the one before: its version is how many there were.
    ledger.set(made, { object, version: (before?.version ?? 0) + 1, values: { ...before?.values, ...set } });
    if (version !== ledger.get(made)!.version)
      throw new Error(`${object} ${made} answered version ${version}, not ${ledger.get(made)!.version}`);
    acknowledged += 1;
    return made;
  };

  const { stop } = startCallers(callers, (caller, n) =>
    round(write, `Caller ${caller} round ${n}`, owner, n),
  );
  return { acknowledged: () => acknowledged, sentAgain: () => sentAgain, stop };
}

/** A company with a deal that gets a task, a sum, and now and then is lost: creates, changes, moves and rollups. */
async function round(
  write: (object: string, set: Record<string, unknown>, id?: string) => Promise<string>,
  name: string,
  owner: string,
  n: number,
): Promise<void> {
  const account = await write('accounts', { name });
  const deal = await write('deals', { name, account, amount: n, owner });
  await write('tasks', { title: name, deal, due_at: '2031-01-01T09:00:00.000Z' });
  await write('deals', { amount: n + 0.5 }, deal);
  if (n % 2 === 0) await write('deals', { stage: 'lost', loss_reason: 'price' }, deal);
}
