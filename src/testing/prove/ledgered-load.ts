/**
 * Callers that write through the API as people do (companies, deals, tasks, moves, files) and keep a ledger of
 * every acknowledged write: which version of which record it made, with which values, and when it was acknowledged.
 */
import { randomBytes, hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { api, type ServerProcess } from '../server-process.ts';
import { startCallers } from './callers.ts';

export type LedgeredWrite = {
  version: number;
  values: Record<string, unknown>;
  sentAt: number;
  acknowledgedAt: number;
};

export type Ledger = {
  /** By id; the writes of a record stand in the order of its versions. */
  records: Map<string, { object: string; writes: LedgeredWrite[] }>;
  /** By id. */
  files: Map<string, { sha256: string; acknowledgedAt: number }>;
};

export const emptyLedger = (): Ledger => ({ records: new Map(), files: new Map() });

/** What is told of a record in the ledger. Rollups are not: others change them. */
const told: Record<string, readonly string[]> = {
  accounts: ['name'],
  deals: ['name', 'amount', 'stage', 'account'],
  tasks: ['title', 'deal'],
  documents: ['name', 'file', 'deal'],
};

const callers = 8;

export type Load = {
  /** Waits until it holds. @throws what a caller met on the way */
  until(holds: () => boolean): Promise<void>;
  /** Waits for the last answers. @throws as above */
  stop(): Promise<void>;
};

/** Keeps writing until it is stopped. A refusal is an error. */
export function keepWriting(server: ServerProcess, key: string, ledger: Ledger, owner: string): Load {
  const write = writer(server, key, ledger);
  const keep = (bytes: Buffer<ArrayBuffer>) => upload(server, key, ledger, bytes);
  const { check, stop } = startCallers(callers, (caller, n) =>
    oneRound({ write, keep, owner }, `Caller ${caller} round ${n}`, n),
  );
  return {
    async until(holds) {
      for (; !holds(); await sleep(20)) check();
    },
    stop,
  };
}

type Write = (object: string, set: Record<string, unknown>, id?: string) => Promise<string>;

/** Creates, changes, two moves, a deal that changes its company, a file: each rollup goes up and down. */
async function oneRound(
  { write, keep, owner }: { write: Write; keep(bytes: Buffer<ArrayBuffer>): Promise<string>; owner: string },
  name: string,
  n: number,
): Promise<void> {
  const account = await write('accounts', { name });
  const other = await write('accounts', { name: `${name}, the other one` });
  const deal = await write('deals', { name, account, amount: n, owner });
  await write('tasks', { title: name, deal, due_at: '2031-01-01T09:00:00Z' });
  await write('deals', { amount: n + 0.5 }, deal);
  await write('deals', { account: other }, deal);
  if (n % 2 === 0) await write('deals', { stage: 'lost', loss_reason: 'price' }, deal);
  if (n % 4 === 0) {
    const file = await keep(randomBytes(20_000 + (n % 7) * 1_000));
    await write('documents', { name, kind: 'other', file, deal });
  }
  await write('accounts', { name: `${name}, renamed` }, account);
}

function writer(server: ServerProcess, key: string, ledger: Ledger): Write {
  return async (object, set, id) => {
    const sentAt = Date.now();
    const answer = await (id === undefined
      ? api(server, key, 'POST', `/api/v1/${object}`, set)
      : api(server, key, 'PATCH', `/api/v1/${object}/${id}`, set));
    if (answer.status >= 300) throw new Error(`${object}: ${answer.status} ${JSON.stringify(answer.body)}`);
    const body = answer.body as Record<string, unknown> & { id: string; version: number };
    const entry = ledger.records.get(body.id) ?? { object, writes: [] };
    entry.writes.push({
      version: body.version,
      values: toldOf(object, body),
      sentAt,
      acknowledgedAt: Date.now(),
    });
    ledger.records.set(body.id, entry);
    return body.id;
  };
}

/** The values of a record, as the API gives it, that the ledger holds. */
export const toldOf = (object: string, record: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(told[object]!.map((field) => [field, record[field]]));

/** Gives the id. */
export async function upload(
  server: ServerProcess,
  key: string,
  ledger: Ledger,
  bytes: Buffer<ArrayBuffer>,
): Promise<string> {
  const form = new FormData();
  form.set('file', new Blob([bytes]), 'a.bin');
  const answer = await fetch(`${server.url}/api/v1/files`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: form,
  });
  const body = (await answer.json()) as { id: string };
  if (answer.status !== 201) throw new Error(`a file: ${answer.status} ${JSON.stringify(body)}`);
  ledger.files.set(body.id, { sha256: hash('sha256', bytes), acknowledgedAt: Date.now() });
  return body.id;
}
