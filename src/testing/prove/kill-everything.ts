/**
 * kill -9 of everything under load. Callers write through the API and keep a ledger of what was acknowledged;
 * at a random moment the app, the database or both are killed; after the restart every acknowledged write must
 * be there, rollups must equal a recount, and events must have no holes.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { api, newKey, startServer, type ServerProcess } from '../server-process.ts';
import { inconsistencies } from './consistency.ts';
import { withEngine } from './with-engine.ts';

export type KillFigures = {
  rounds: number;
  acknowledged: number;
  lost: string[];
  inconsistent: string[];
  secondsToBeBack: number[];
};

type Ledger = Map<string, { object: string; version: number; values: Record<string, unknown> }>;

const callers = 8;

export async function killEverything(rounds: number): Promise<KillFigures> {
  const place = { dataDir: mkdtempSync(join(tmpdir(), 'groundwork-kill-')) };
  const ledger: Ledger = new Map();
  const figures: KillFigures = { rounds, acknowledged: 0, lost: [], inconsistent: [], secondsToBeBack: [] };
  let server = await startServer(place);
  try {
    const key = await newKey(place, 'administrator');
    for (let round = 0; round < rounds; round++) {
      const load = keepWriting(server, key, ledger, round);
      await sleep(400 + Math.random() * 1200);
      const victims = ['app', 'database', 'both'][round % 3]!;
      if (victims !== 'app') killDatabase(place.dataDir);
      if (victims !== 'database') await server.kill();
      figures.acknowledged += await load.stop();
      if (victims === 'database') await server.kill();
      const began = performance.now();
      server = await startServer(place);
      figures.secondsToBeBack.push((performance.now() - began) / 1000);
      figures.lost.push(...(await lostWrites(server, key, ledger)));
      figures.inconsistent.push(...(await withEngine(place, inconsistencies)));
    }
    return figures;
  } finally {
    await server.stop();
    rmSync(place.dataDir, { recursive: true, force: true });
  }
}

/** SIGKILL to the postmaster and to all its children at once. */
function killDatabase(dataDir: string): void {
  const postmaster = readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]!;
  const children = execFileSync('ps', ['-o', 'pid=', '--ppid', postmaster], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  for (const pid of [postmaster, ...children]) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // gone already, with its parent
    }
  }
}

/** Callers in a closed loop: deals, tasks under them, changes of both. Stops, and gives how many writes were acknowledged. */
function keepWriting(
  server: ServerProcess,
  key: string,
  ledger: Ledger,
  round: number,
): { stop(): Promise<number> } {
  let going = true;
  let acknowledged = 0;
  const loops = Array.from({ length: callers }, async (_, caller) => {
    const deals: string[] = [];
    for (let n = 0; going; n++) {
      try {
        const name = `Round ${round} caller ${caller} deal ${n}`;
        const pick = deals[n % Math.max(1, deals.length)];
        const answer =
          n % 3 === 0 || !pick
            ? await api(server, key, 'POST', '/api/v1/deals', { name, amount: n })
            : n % 3 === 1
              ? await api(server, key, 'POST', '/api/v1/tasks', {
                  title: name,
                  deal: pick,
                  due_at: new Date(Date.UTC(2030, n % 12, 1 + (n % 28))).toISOString(),
                })
              : await api(server, key, 'PATCH', `/api/v1/deals/${pick}`, { amount: 1000 + n });
        if (answer.status >= 500) continue;
        if (answer.status >= 300) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
        acknowledged += 1;
        const { id, version } = answer.body as { id: string; version: number };
        const object = n % 3 === 1 && pick ? 'tasks' : 'deals';
        if (object === 'deals' && !deals.includes(id)) deals.push(id);
        ledger.set(id, {
          object,
          version,
          values:
            object === 'deals' ? { amount: (answer.body as { amount: unknown }).amount } : { title: name },
        });
      } catch (error) {
        if (!isLostConnection(error)) throw error;
        await sleep(20);
      }
    }
  });
  return {
    async stop() {
      going = false;
      await Promise.all(loops);
      return acknowledged;
    },
  };
}

/** fetch says so with a TypeError; an answer cut off in the middle with a SyntaxError. */
const isLostConnection = (error: unknown): boolean =>
  error instanceof TypeError || error instanceof SyntaxError;

async function lostWrites(server: ServerProcess, key: string, ledger: Ledger): Promise<string[]> {
  const lost: string[] = [];
  for (const object of ['deals', 'tasks']) {
    const entries = [...ledger].filter(([, entry]) => entry.object === object);
    for (let at = 0; at < entries.length; at += 200) {
      const part = entries.slice(at, at + 200);
      const { body } = await api(server, key, 'POST', `/api/v1/${object}/query`, {
        where: { id: { in: part.map(([id]) => id) } },
        limit: 200,
      });
      const byId = new Map(
        (body as { data: { id: string; version: number }[] }).data.map((record) => [
          record.id,
          record as Record<string, unknown>,
        ]),
      );
      for (const [id, entry] of part) {
        const record = byId.get(id);
        const older = record === undefined || Number(record['version']) < entry.version;
        const other =
          record?.['version'] === entry.version &&
          Object.entries(entry.values).some(
            ([field, value]) => JSON.stringify(record[field]) !== JSON.stringify(value),
          );
        if (older || other)
          lost.push(
            `${object} ${id}: acknowledged ${JSON.stringify(entry)}, found ${JSON.stringify(record ?? null)}`,
          );
      }
    }
  }
  return lost;
}
