/**
 * kill -9 of an import at random moments. The same file is loaded twice: whole in one place; in the other its
 * process is killed again and again, and the import resumed each time. In the end both places must hold the same
 * records, links, problems, counts and numbers of events: nothing twice, nothing missing.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../../core/context/context.ts';
import { row, rows, sql } from '../../core/sql/sql.ts';
import { environmentOf, groundwork, newKey, type Place } from '../server-process.ts';
import { withEngine } from './with-engine.ts';

export type ImportKillFigures = {
  rows: number;
  /** Rows settled at each kill. */
  killedAt: number[];
  /** Seconds from the resuming command to the end of the import, all together, its starts included. */
  secondsWhole: number;
  secondsKilled: number;
  loaded: number;
  refused: number;
  differences: string[];
};

const cli = join(import.meta.dirname, '../../cli/main.ts');

export async function importKill(
  places: { whole: Place; killed: Place },
  input: { rows: number; kills: number },
): Promise<ImportKillFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'groundwork-import-kill-'));
  const file = join(folder, 'accounts.csv');
  try {
    await pipeline(Readable.from(companyLines(input.rows)), createWriteStream(file));
    // The first command of a place makes its tables.
    for (const place of [places.whole, places.killed]) await newKey(place, 'read_only');
    const began = performance.now();
    const whole = await withEngine(places.whole, async (context) => {
      await groundwork(places.whole, 'import', file, '--object', 'accounts');
      return stateOf(context);
    });
    const secondsWhole = (performance.now() - began) / 1000;
    return await withEngine(places.killed, async (context) => {
      const begun = performance.now();
      const killedAt = await importAndKill(context, places.killed, file, input);
      const secondsKilled = (performance.now() - begun) / 1000;
      const killed = await stateOf(context);
      const differences = Object.keys(whole)
        .filter((key) => JSON.stringify(whole[key]) !== JSON.stringify(killed[key]))
        .map(
          (key) =>
            `${key}: ${JSON.stringify(whole[key])}, but ${JSON.stringify(killed[key])} after the kills`,
        );
      return {
        rows: input.rows,
        killedAt,
        secondsWhole,
        secondsKilled,
        loaded: Number(killed['done']),
        refused: Number(killed['refused']),
        differences,
      };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Links to rows before and behind, values that are left empty, and rows that are refused, all spread. */
export function* companyLines(count: number): Generator<string> {
  yield 'name,domain,parent,employees,city\n';
  for (let at = 0; at < count; at++) {
    const name = at % 211 === 7 ? '' : `Company ${at}`;
    const domain = at % 499 === 3 ? 'company-0.example' : `company-${at}.example`;
    const parent = at % 9 === 0 ? `Company ${(at * 7919 + 13) % count}` : at % 997 === 5 ? 'Nobody' : '';
    yield `${name},${domain},${parent},${at % 101 === 1 ? 'many' : at % 5000},${at % 3 === 0 ? 'Köln' : 'Łódź'}\n`;
  }
}

async function importAndKill(
  context: Context,
  place: Place,
  file: string,
  input: { rows: number; kills: number },
): Promise<number[]> {
  const killedAt: number[] = [];
  // Beyond 1: while what waited for later rows is being settled.
  const moments = Array.from({ length: input.kills }, () => Math.random() * 1.1).sort((a, b) => a - b);
  let args = ['import', file, '--object', 'accounts'];
  for (const moment of moments) {
    const reached = await killedBehind(context, place, args, moment * input.rows);
    const batch = await latest(context);
    if (reached !== undefined) killedAt.push(reached);
    if (batch?.state === 'done') return killedAt;
    if (batch) args = ['import', 'resume', batch.id];
  }
  const last = await groundwork(place, ...args);
  if (last.code === 1) throw new Error(`The last resume failed: ${last.stderr}`);
  return killedAt;
}

/** Runs the command and kills it a random instant after so many rows; undefined when it ended before. */
async function killedBehind(
  context: Context,
  place: Place,
  args: readonly string[],
  behind: number,
): Promise<number | undefined> {
  const child = spawn(process.execPath, [cli, ...args], { env: environmentOf(place), stdio: 'ignore' });
  const ended = once(child, 'exit');
  while (
    child.exitCode === null &&
    ((await latest(context))?.reached ?? -1) < Math.min(behind, await total(context))
  )
    await sleep(5);
  await sleep(Math.random() * 150);
  const killed = child.exitCode === null && child.kill('SIGKILL');
  await ended;
  return killed ? (await latest(context))!.reached : undefined;
}

const latest = (context: Context): Promise<{ id: string; state: string; reached: number } | undefined> =>
  row(
    context.pool,
    sql`SELECT id, state, coalesce((position ->> 'reached')::integer, 0) AS reached FROM platform.batches WHERE kind = 'import' ORDER BY id DESC LIMIT 1`,
  );

const total = async (context: Context): Promise<number> =>
  (
    await row<{ total: number | null }>(
      context.pool,
      sql`SELECT total FROM platform.batches WHERE kind = 'import' ORDER BY id DESC LIMIT 1`,
    )
  )?.total ?? Infinity;

/** All that the import made, apart from ids and times. */
async function stateOf(context: Context): Promise<Record<string, unknown>> {
  const { pool } = context;
  const [accounts] = await rows(
    pool,
    sql`SELECT count(*)::integer AS accounts, md5(string_agg(a.line, '\n' ORDER BY a.line COLLATE "C")) AS "content of accounts" FROM (
          SELECT concat_ws('|', c.name, c.domain, c.employees, c.city, p.name, c.archived_at IS NULL) AS line
          FROM crm.accounts c LEFT JOIN crm.accounts p ON p.id = c.parent) a`,
  );
  const [problems] = await rows(
    pool,
    sql`SELECT count(*)::integer AS problems, md5(string_agg(p.line, '\n' ORDER BY p.line COLLATE "C")) AS "content of problems" FROM (
          SELECT concat_ws('|', p.row_number, p.field, p.raw, p.refused, p.errors -> 0 ->> 'code', a.name) AS line
          FROM platform.batch_problems p LEFT JOIN crm.accounts a ON a.id = p.record) p`,
  );
  // How often a record was changed depends on which rows met in one chunk; once created, and no version untold.
  const [events] = await rows(
    pool,
    sql`SELECT count(*) FILTER (WHERE e.created <> 1)::integer AS "not created once", count(*) FILTER (WHERE e.told IS DISTINCT FROM a.version)::integer AS "versions untold"
        FROM crm.accounts a LEFT JOIN (
          SELECT record, count(*) AS told, count(*) FILTER (WHERE type = 'created') AS created FROM platform.events GROUP BY record
        ) e ON e.record = a.id`,
  );
  const [batch] = await rows(
    pool,
    sql`SELECT b.state, b.total, b.done, b.refused, b.position - 'turn' - 'beyond' AS position,
               (SELECT count(*)::integer FROM platform.batch_waiting) AS waiting
        FROM platform.batches b WHERE b.kind = 'import'`,
  );
  return { ...accounts, ...problems, ...events, ...batch };
}
