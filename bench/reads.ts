/** Reads over HTTP, beside the same SQL by bare `pg` and by a minimal Fastify endpoint, at one and ten callers. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { get } from '../src/engine/read/get.ts';
import { list } from '../src/engine/read/list.ts';
import { summarise } from '../src/engine/read/summarise.ts';
import type { Context } from '../src/core/context/context.ts';
import { call, measure, type Figure } from './measure.ts';
import type { Prepared } from './minimal-endpoint.ts';
import { emailOf, scatter } from './people.ts';
import type { Line } from './report.ts';
import { capture, type Bench } from './start.ts';

type Read = {
  what: string;
  path(n: number): { path: string; body?: unknown };
  /** The engine's own statement, whose `value(n)` varies. */
  run(context: Context, value: string): Promise<unknown>;
  value(n: number): string;
  /** What the varying value looks like among the statement's parameters. */
  asParameter?(value: string): string;
  budgets: { minimal?: number; pgTime?: number };
};

const where = (condition: unknown): string => encodeURIComponent(JSON.stringify(condition));

export async function reads(bench: Bench): Promise<Line[]> {
  const ids = await idsOf(bench, 'contacts', 5000);
  const words = [
    'novak',
    'carvalho',
    'fennick',
    'brandt',
    'kowalska',
    'haddad',
    'anna ro',
    'jonas we',
    'priya t',
    'sorensen',
  ];
  const plan: Read[] = [
    {
      what: 'read by id',
      path: (n) => ({ path: `/api/v1/contacts/${ids[scatter(n, ids.length)]}` }),
      run: (context, value) => get(context, { object: 'contacts', id: value }),
      value: (n) => ids[scatter(n, ids.length)]!,
      budgets: { minimal: 0.6 },
    },
    {
      what: 'list of 50 by stage, newest first',
      path: () => ({ path: `/api/v1/deals?where=${where({ stage: 'new' })}&limit=50` }),
      run: (context, value) => list(context, { object: 'deals', where: { stage: value }, limit: 50 }),
      value: () => 'new',
      budgets: { minimal: 0.6 },
    },
    {
      what: 'people by e-mail',
      path: (n) => ({ path: `/api/v1/contacts?where=${where({ email: emailOf(scatter(n, 20_000)) })}` }),
      run: (context, value) => list(context, { object: 'contacts', where: { email: value } }),
      value: (n) => emailOf(scatter(n, 20_000)),
      budgets: {},
    },
    {
      what: 'partial-name search',
      path: (n) => ({ path: `/api/v1/contacts?q=${encodeURIComponent(words[n % words.length]!)}&limit=50` }),
      run: (context, value) => list(context, { object: 'contacts', q: value, limit: 50 }),
      value: () => words[0]!,
      asParameter: (value) => `%${value}%`,
      budgets: { pgTime: 1.5 },
    },
    {
      what: 'sum by stage',
      path: () => ({
        path: '/api/v1/deals/summary',
        body: { by: ['stage'], measures: [{ fn: 'sum', field: 'amount' }] },
      }),
      run: (context) =>
        summarise(context, { object: 'deals', by: ['stage'], measures: [{ fn: 'sum', field: 'amount' }] }),
      value: () => '',
      budgets: {},
    },
  ];
  const prepared: Record<string, Prepared> = {};
  for (const [index, read] of plan.entries()) {
    const sample = read.value(0);
    const statement = await capture(bench, (context) => read.run(context, sample));
    const looks = read.asParameter?.(sample) ?? sample;
    const varies = sample === '' ? -1 : statement.values.findIndex((value) => value === looks);
    prepared[`q${index}`] = { ...statement, varies: varies < 0 ? undefined : varies };
  }
  const minimal = await startMinimal(bench, prepared);
  const lines: Line[] = [];
  try {
    for (const [index, read] of plan.entries()) {
      for (const callers of [1, 10]) {
        const statement = prepared[`q${index}`]!;
        const parameter = (n: number): string => {
          const value = read.what === 'partial-name search' ? words[n % words.length]! : read.value(n);
          return read.asParameter?.(value) ?? value;
        };
        const ours = await measure(callers, async (n) => {
          const { path, body } = read.path(n);
          await call(bench.url + path, { key: bench.key, method: body ? 'POST' : 'GET', body });
        });
        const small = await measure(callers, async (n) => {
          await call(`${minimal.url}/q${index}?v=${encodeURIComponent(parameter(n))}`);
        });
        const bare = await measure(callers, async (n) => {
          const values = [...statement.values];
          if (statement.varies !== undefined) values[statement.varies] = parameter(n);
          await bench.barePool.query({ name: `bare${index}`, text: statement.text, values });
        });
        lines.push(line(read, callers, ours, small, bare));
      }
    }
  } finally {
    minimal.stop();
  }
  return lines;
}

function line(read: Read, callers: number, ours: Figure, small: Figure, bare: Figure): Line {
  const pgTime = callers === 10 ? read.budgets.pgTime : undefined;
  return {
    what: `${read.what}, ${callers} at once`,
    ours: figure(ours),
    beside: [
      {
        name: 'minimal endpoint, throughput',
        figure: figure(small),
        ratio: ours.perSecond / small.perSecond,
        budget: read.budgets.minimal ? { at: 'least', ratio: read.budgets.minimal } : undefined,
      },
      {
        name: pgTime ? 'bare pg, median time' : 'bare pg, throughput',
        figure: figure(bare),
        ratio: pgTime ? ours.p50 / bare.p50 : ours.perSecond / bare.perSecond,
        budget: pgTime ? { at: 'most', ratio: pgTime } : undefined,
      },
    ],
  };
}

export const figure = (taken: Figure): string =>
  `${Math.round(taken.perSecond).toLocaleString('en')}/s, p50 ${taken.p50.toFixed(1)} ms, p95 ${taken.p95.toFixed(1)} ms${taken.errors > 0 ? `, ${taken.errors} errors` : ''}`;

export async function idsOf(
  bench: Bench,
  table: string,
  count: number,
  condition = 'true',
): Promise<string[]> {
  const { rows } = await bench.pool.query<{ id: string }>(
    `SELECT id FROM crm.${table} WHERE ${condition} ORDER BY id LIMIT ${count}`,
  );
  return rows.map((row) => row.id);
}

async function startMinimal(
  bench: Bench,
  queries: Record<string, Prepared>,
): Promise<{ url: string; stop(): void }> {
  const file = join(bench.dataDir, 'minimal.json');
  writeFileSync(
    file,
    JSON.stringify({ connection: { ...bench.connection, types: undefined }, max: 20, queries }),
  );
  const child = fork(join(import.meta.dirname, 'minimal-endpoint.ts'), [file], { stdio: 'inherit' });
  const [ready] = (await once(child, 'message')) as [{ port: number }];
  return { url: `http://127.0.0.1:${ready.port}`, stop: () => child.kill() };
}
