/**
 * The sample data of a pack through the write path, as a team would have entered it: records first, then each
 * deal and lead moves through its stages at its own times, past the same checkpoints as anybody. One batch, so
 * that all of it can be undone.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Catalog, ObjectModel } from '../../core/catalog/catalog.ts';
import type { Context } from '../../core/context/context.ts';
import { isProblem, issue, refusal } from '../../core/errors/problem.ts';
import { row as oneRow, sql } from '../../core/sql/sql.ts';
import { startBatch } from '../batches/batches.ts';
import { runBatch } from '../batches/run-batch.ts';
import type { Change, Values } from '../write/change.ts';
import { write } from '../write/write.ts';
import { sampleMoment, sampleValue, type SampleClock } from './sample-dates.ts';

export type SampleLoaded = { batch: string; created: Record<string, number>; moves: number };

type SampleRow = { values: Values; moves: { to: string; at: Date }[]; id?: string };
type SampleFile = { object: ObjectModel; rows: SampleRow[] };
type Pending = { object: string; id: string; field: string; value: unknown };

const chunk = 200;

/**
 * Loads the folder's files (`<object>.yaml`, each a list of rows). Throws a 409 problem when it is loaded
 * already, 422 for a file that does not fit; what was loaded before a refusal stays under the batch.
 */
export async function loadSample(
  context: Context,
  input: { folder: string; onProgress?(progress: { done: number; total: number }): void },
): Promise<SampleLoaded> {
  await refuseTwice(context);
  const clock: SampleClock = { now: context.now ?? new Date(), timeZone: context.workspace.timeZone };
  const files = inOrder(context.catalog, readSample(context.catalog, input.folder, clock));
  const moves = files
    .flatMap(({ object, rows }) =>
      rows.flatMap((row) => row.moves.map((move) => ({ object: object.key, row, ...move }))),
    )
    .sort((a, b) => a.at.getTime() - b.at.getTime());
  const total = files.reduce((sum, { rows }) => sum + rows.length, 0) + moves.length;
  const batch = await startBatch(context, {
    kind: 'import',
    object: 'sample',
    total,
    details: { sample: true },
  });
  const created: Record<string, number> = {};
  await runBatch(context, { batch }, async (run) => {
    let done = 0;
    const tell = async (more: number): Promise<void> => {
      done += more;
      await run.note(context.pool, { done, refused: 0, position: { reached: done }, problems: [] });
      input.onProgress?.({ done, total });
    };
    const pending: Pending[] = [];
    const loaded = new Set<string>();
    for (const { object, rows } of files) {
      const own: Pending[] = [];
      for (let at = 0; at < rows.length; at += chunk) {
        const part = rows.slice(at, at + chunk);
        const split = part.map((row) => laterLinks(object, row.values, loaded));
        const outcomes = await write(context, {
          changes: split.map(({ now }) => ({ create: object.key, set: now, allowDuplicates: true })),
          mode: 'all',
          batch,
        });
        outcomes.forEach((outcome, i) => {
          if (!outcome.ok) return;
          part[i]!.id = outcome.id;
          for (const [field, value] of split[i]!.later) {
            const toSelf = object.fields.get(field)!.type.linkTo!(object.fields.get(field)!) === object.key;
            (toSelf ? own : pending).push({ object: object.key, id: outcome.id, field, value });
          }
        });
        await tell(part.length);
      }
      loaded.add(object.key);
      created[object.key] = rows.length;
      await link(context, batch, own);
    }
    await link(context, batch, pending);
    for (const { object, row, to, at } of moves) {
      await moved(context, batch, { advance: object, id: row.id!, to }, at, row.values);
      await tell(1);
    }
  });
  return { batch, created, moves: moves.length };
}

async function refuseTwice(context: Context): Promise<void> {
  const found = await oneRow<{ id: string }>(
    context.pool,
    sql`SELECT id FROM platform.batches
        WHERE kind = 'import' AND details @> '{"sample": true}' AND state IN ('running', 'done', 'stopped') AND undone_by IS NULL
        ORDER BY started_at DESC LIMIT 1`,
  );
  if (!found) return;
  throw refusal(409, 'sample_loaded', [
    issue(
      '',
      'sample_loaded',
      'The sample data have been loaded already.',
      'To load them afresh, undo them first: ./groundwork import undo {batch}',
      { batch: found.id },
    ),
  ]);
}

function readSample(catalog: Catalog, folder: string, clock: SampleClock): SampleFile[] {
  if (!existsSync(folder)) throw misfit(folder, 'There is no such folder.');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => {
      const object = catalog.objects.get(name.replace(/\.yaml$/, ''));
      if (!object) throw misfit(name, 'No object is called so.');
      const rows: unknown = parse(readFileSync(join(folder, name), 'utf8'));
      if (!Array.isArray(rows)) throw misfit(name, 'It must be a list of rows.');
      return { object, rows: rows.map((row, at) => readRow(row, `${name}, row ${at + 1}`, clock)) };
    });
}

function readRow(source: unknown, where: string, clock: SampleClock): SampleRow {
  if (typeof source !== 'object' || source === null || Array.isArray(source))
    throw misfit(where, 'A row is a list of fields.');
  const { moves, ...fields } = source as Record<string, unknown>;
  const values = Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, sampleValue(value, clock)]),
  );
  return {
    values,
    moves: Object.entries((moves ?? {}) as Record<string, unknown>).map(([to, when]) => {
      const moment = typeof when === 'string' ? sampleMoment(when, clock) : undefined;
      if (!moment) throw misfit(where, `The move to ${to} needs a time such as “today-3wd 15:20”.`);
      return { to, at: moment.at.toJSDate() };
    }),
  };
}

const misfit = (where: string, what: string) =>
  refusal(422, 'bad_sample', [
    issue('', 'bad_sample', 'The sample data cannot be read: {where}: {what}', 'Mend the file.', {
      where,
      what,
    }),
  ]);

/** Linked objects before those that link to them; where two link to each other, the link itself comes later. */
function inOrder(catalog: Catalog, files: readonly SampleFile[]): SampleFile[] {
  const byKey = new Map(files.map((file) => [file.object.key, file]));
  const order = new Set<SampleFile>();
  const visiting = new Set<string>();
  const visit = (file: SampleFile): void => {
    if (order.has(file) || visiting.has(file.object.key)) return;
    visiting.add(file.object.key);
    for (const field of file.object.fields.values()) {
      const target = byKey.get((!field.system && field.type.linkTo?.(field)) || '');
      if (target && catalog.objects.has(target.object.key)) visit(target);
    }
    visiting.delete(file.object.key);
    order.add(file);
  };
  files.forEach(visit);
  return [...order];
}

/** The values that can be written now, and the links to records that are not there yet. */
function laterLinks(
  object: ObjectModel,
  values: Values,
  loaded: ReadonlySet<string>,
): { now: Values; later: [string, unknown][] } {
  const later = Object.entries(values).filter(([key]) => {
    const field = object.fields.get(key);
    const target = field?.type.linkTo?.(field);
    return target !== undefined && !field!.required && !loaded.has(target);
  });
  const keys = new Set(later.map(([key]) => key));
  return { now: Object.fromEntries(Object.entries(values).filter(([key]) => !keys.has(key))), later };
}

async function link(context: Context, batch: string, all: readonly Pending[]): Promise<void> {
  const byRecord = new Map<string, Extract<Change, { update: string }>>();
  for (const { object, id, field, value } of all) {
    const change = byRecord.get(id) ?? { update: object, id, set: {} };
    change.set[field] = value;
    byRecord.set(id, change);
  }
  const changes = [...byRecord.values()];
  for (let at = 0; at < changes.length; at += chunk) {
    await write(context, { changes: changes.slice(at, at + chunk), mode: 'all', batch });
  }
}

/** A move at its own time. A refusal says whose it was. */
async function moved(
  context: Context,
  batch: string,
  change: Extract<Change, { advance: string }>,
  at: Date,
  values: Values,
): Promise<void> {
  try {
    await write({ ...context, now: at }, { changes: [change], mode: 'all', batch });
  } catch (error) {
    if (!isProblem(error)) throw error;
    const named = String(values['name'] ?? change.id);
    throw refusal(422, 'bad_sample', error.body.errors, {
      detail: `${named} cannot move to ${change.to}: ${error.body.detail}`,
    });
  }
}
