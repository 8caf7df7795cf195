/**
 * `node bench/profile.ts`: where the time of the slowest operation goes. Moves deals with their first call in this
 * process, one at a time, and prints the statements with their median times, and the functions with the most
 * processor time, each per move. Writes bench/results/profile.md.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import inspector from 'node:inspector/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PoolClient } from 'pg';
import { write } from '../src/engine/write/write.ts';
import { load } from './load.ts';
import { idsOf } from './reads.ts';
import { startBench } from './start.ts';

const moves = 400;
const dataDir = mkdtempSync(join(tmpdir(), 'groundwork-profile-'));
const bench = await startBench(dataDir);
try {
  await load(bench, { contacts: 100, accounts: 1000, deals: 2000 });
  const [owner] = await write(bench.context(), {
    changes: [{ create: 'users', set: { name: 'Owner', email: 'owner@groundwork.example' } }],
    mode: 'all',
  });
  if (!owner?.ok) throw new Error('no owner was made');
  const deals = await idsOf(bench, 'deals', moves + 100);
  const move = (id: string): Promise<unknown> =>
    write(bench.context(), {
      changes: [
        {
          advance: 'deals',
          id,
          to: 'contact_established',
          set: { owner: owner.id },
          activity: {
            type: 'call',
            subject: 'First call',
            result: 'reached',
            occurred_at: new Date().toISOString(),
          },
        },
      ],
      mode: 'all',
    });
  for (const id of deals.slice(0, 100)) await move(id);

  const times = new Map<string, number[]>();
  bench.pool.on('acquire', (client: PoolClient & { timed?: boolean }) => {
    if (client.timed) return;
    client.timed = true;
    const query = client.query.bind(client) as (statement: string | { text: string }) => Promise<unknown>;
    client.query = (async (statement: string | { text: string }) => {
      const began = performance.now();
      try {
        return await query(statement);
      } finally {
        const text = (typeof statement === 'string' ? statement : statement.text)
          .replaceAll(/\s+/g, ' ')
          .slice(0, 90);
        times.set(text, [...(times.get(text) ?? []), performance.now() - began]);
      }
    }) as typeof client.query;
  });
  const session = new inspector.Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
  const began = performance.now();
  for (const id of deals.slice(100)) await move(id);
  const each = (performance.now() - began) / moves;
  const { profile } = await session.post('Profiler.stop');

  const nodes = new Map(profile.nodes.map((node) => [node.id, node.callFrame]));
  const self = new Map<string, number>();
  (profile.samples ?? []).forEach((sample, at) => {
    const frame = nodes.get(sample);
    const name = `${frame?.functionName || '(anonymous)'} ${frame?.url.split('/').slice(-2).join('/') ?? ''}`;
    self.set(name, (self.get(name) ?? 0) + (profile.timeDeltas?.[at] ?? 0) / 1000 / moves);
  });
  const median = (list: number[]): number => list.sort((a, b) => a - b)[list.length >> 1] ?? 0;
  const text = [
    '# Profile of a move with its call',
    '',
    `${each.toFixed(2)} ms per move, one at a time, in one process with the engine, HTTP left out. A statement's time includes waiting for those sent before it.`,
    '',
    '| statement | times per move | median ms |',
    '|---|---|---|',
    ...[...times].map(
      ([statement, list]) =>
        `| \`${statement}\` | ${(list.length / moves).toFixed(1)} | ${median(list).toFixed(2)} |`,
    ),
    '',
    '| function | ms per move |',
    '|---|---|',
    ...[...self]
      .sort((a, b) => b[1] - a[1])
      .slice(0, 25)
      .map(([name, ms]) => `| ${name} | ${ms.toFixed(3)} |`),
    '',
  ].join('\n');
  writeFileSync(join(import.meta.dirname, 'results/profile.md'), text);
  console.log(text);
} finally {
  await bench.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
