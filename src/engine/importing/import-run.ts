/**
 * The rows of a file through the write path, in chunks that each take less than two seconds. Every row is
 * loaded or refused with its line and reason; a value that an optional field cannot take is left empty and
 * listed. A link to a later row of the same file is settled when all rows are there. Nothing keeps all rows
 * in memory: what must wait, waits on disk.
 */
import type { ObjectModel } from '../../core/catalog/catalog.ts';
import { fold } from '../../core/conditions/fold.ts';
import type { Context } from '../../core/context/context.ts';
import { isProblem, issue, type Issue } from '../../core/errors/problem.ts';
import { isUuid } from '../../core/identity/uuid-v7.ts';
import { addBatchProblems, finishBatch, noteBatch, type BatchProblem } from '../batches/batches.ts';
import type { Change, Outcome } from '../write/change.ts';
import { write } from '../write/write.ts';
import { findByKey, keyName } from './find-by-key.ts';
import type { ImportInput, ImportPlan, ImportResult } from './import-file.ts';
import type { ColumnMap } from './map-columns.ts';
import type { CsvFile, CsvRow } from './read-csv.ts';
import { rowChange, type ImportRow } from './row-change.ts';
import type { Survey } from './survey.ts';
import { waitingRows } from './waiting-rows.ts';

/** Listed in the answer; all of them are in the batch's problems. */
const mostListed = 1000;
/** Rows in the first chunk; later ones are as large as a second allows. */
export const firstChunk = 100;
const chunk = { least: 20, most: 500, milliseconds: 1000, characters: 4_000_000 };
/** Names of this file that a dry run remembers, to tell a link to a later row from one to nothing. */
const mostNames = 2_000_000;

/** A row that another row of the file must come before, or a link of a loaded one. */
type Waiting =
  { row: ImportRow } | { row: ImportRow; id: string; field: string; value: unknown; issue: Issue };

type Job = {
  input: ImportInput;
  object: ObjectModel;
  file: CsvFile;
  map: ColumnMap;
  found: Survey;
  plan: ImportPlan;
};

export async function runImport(start: Context, job: Job): Promise<ImportResult> {
  const { input, object, file, map, found, plan } = job;
  let context = start;
  let size = firstChunk;
  let rows = 0;
  const result: ImportResult = {
    ...plan,
    done: 0,
    created: 0,
    changed: 0,
    unchanged: 0,
    refused: [],
    refused_total: 0,
    left: [],
    left_total: 0,
    stopped: false,
  };
  let problems: BatchProblem[] = [];
  const waiting = waitingRows<Waiting>();
  const selfLinks = new Set(
    map.columns
      .filter(({ field }) => field.type.linkTo?.(field) === object.key)
      .map(({ field }) => field.key),
  );
  const names = new Set<number>();

  const refuse = (
    row: { row: number; line: number; raw: string },
    errors: readonly Issue[],
    code: string,
    candidates?: unknown,
  ): void => {
    result.refused_total += 1;
    const extra = candidates === undefined ? {} : { candidates };
    const short = errors.map((one) => ({ ...one, line: row.line }));
    // A slice of a large text would keep the whole of it alive.
    if (result.refused.length < mostListed)
      result.refused.push({ row: row.row, line: row.line, code, errors: structuredClone(short), ...extra });
    problems.push({
      row_number: row.row,
      raw: row.raw,
      refused: true,
      field: errors.length === 1 ? errors[0]!.path || null : null,
      errors: short.map((one, at) => (at === 0 ? { ...one, ...extra } : one)),
    });
  };
  const leave = (
    row: { row: number; line: number },
    id: string | null,
    field: string | null,
    raw: string | null,
    found: Issue,
  ): void => {
    result.left_total += 1;
    const errors = [{ ...found, line: row.line }];
    if (result.left.length < mostListed) {
      result.left.push(
        structuredClone({
          row: row.row,
          line: row.line,
          id,
          field,
          raw: raw?.slice(0, 1_000) ?? null,
          errors,
        }),
      );
    }
    problems.push({ row_number: row.row, record: id, field, raw, refused: false, errors });
  };
  const changeOf = (row: ImportRow): Change =>
    row.id === undefined
      ? { create: object.key, set: row.set }
      : { update: object.key, id: row.id, set: row.set };
  const sent = async (changes: readonly Change[]): Promise<Outcome[]> => {
    context = { ...context, catalog: await context.currentCatalog() };
    const began = performance.now();
    const outcomes = await write(context, {
      changes,
      mode: 'each',
      text: found.text,
      lenient: !input.strict,
      history: input.history ?? false,
      verb: 'import',
      dryRun: input.dryRun ?? false,
      ...(plan.batch ? { batch: plan.batch } : {}),
    });
    const took = Math.max(1, performance.now() - began);
    size = Math.round(
      Math.min(chunk.most, Math.max(chunk.least, Math.min(size * 2, (size * chunk.milliseconds) / took))),
    );
    return outcomes;
  };
  const told = async (): Promise<void> => {
    if (plan.batch) {
      await addBatchProblems(context, plan.batch, problems);
      await noteBatch(context, plan.batch, { done: result.done, refused: result.refused_total });
    }
    problems = [];
    input.onProgress?.({ total: plan.total, rows, done: result.done, refused: result.refused_total });
  };

  /** Writes rows that name different records. `last` refuses what would otherwise wait for later rows. */
  async function writeRows(group: readonly ImportRow[], last: boolean): Promise<number> {
    const known: ImportRow[] = [];
    const ids = map.key
      ? await findByKey(context, { object, key: map.key, rows: group, text: found.text })
      : [];
    group.forEach((row, at) => {
      const id = row.id ?? ids[at];
      if (id === undefined || typeof id === 'string') known.push(id === undefined ? row : { ...row, id });
      else refuse(row, [id], 'invalid');
    });
    const outcomes = known.length > 0 ? await sent(known.map(changeOf)) : [];
    const later: Waiting[] = [];
    let loaded = 0;
    outcomes.forEach((outcome, at) => {
      const row = known[at]!;
      if (!outcome.ok) {
        const { errors, code, extra } = outcome.problem.body;
        const early = errors.every((one) => one.code === 'link_not_found' && selfLinks.has(one.path));
        if (early && errors.length > 0 && !last) later.push({ row });
        else refuse(row, errors, code, extra?.['candidates']);
        return;
      }
      loaded += 1;
      result.done += 1;
      if (outcome.done === 'created') result.created += 1;
      else if (outcome.done === 'unchanged') result.unchanged += 1;
      else result.changed += 1;
      if (input.dryRun && selfLinks.size > 0) remember(row);
      for (const left of outcome.left) {
        const value = row.set[left.field];
        if (left.issue.code === 'link_not_found' && selfLinks.has(left.field)) {
          later.push({
            row: { ...row, set: {}, raw: '' },
            id: outcome.id,
            field: left.field,
            value,
            issue: left.issue,
          });
        } else leave(row, outcome.id, left.field, typeof value === 'string' ? value : left.raw, left.issue);
      }
    });
    await waiting.add(later);
    return loaded;
  }

  const remember = (row: ImportRow): void => {
    if (names.size < mostNames)
      names.add(nameHash(object.nameFields.map((key) => row.set[key] ?? '').join(' ')));
  };

  /** Rows of one group that mean one record go one after the other. */
  async function writeGroup(group: readonly ImportRow[], last = false): Promise<number> {
    let loaded = 0;
    for (let left = group; left.length > 0;) {
      const seen = new Set<string>();
      const now: ImportRow[] = [];
      const later: ImportRow[] = [];
      for (const row of left) {
        const same =
          row.id ?? (row.key === undefined ? undefined : keyName(context, map.key!, row.key, found.text));
        (same !== undefined && seen.has(same) ? later : now).push(row);
        if (same !== undefined) seen.add(same);
      }
      loaded += await writeRows(now, last);
      left = later;
    }
    return loaded;
  }

  function accept(row: CsvRow): ImportRow | undefined {
    if (row.refused) {
      refuse(
        { row: row.row, line: row.line, raw: row.refused.raw },
        row.refused.errors,
        row.refused.errors[0]!.code,
      );
      return undefined;
    }
    const change = rowChange(row, map, found.ownIds, file.dialect.delimiter);
    if (change.id !== undefined && !isUuid(change.id)) {
      refuse(
        change,
        [
          issue('id', 'bad_id', '“{id}” is no id of this CRM.', 'Leave the cell empty to create a record.', {
            id: change.id,
          }),
        ],
        'invalid',
      );
      return undefined;
    }
    if (input.strict && row.notes.length > 0) {
      refuse(change, row.notes, 'invalid');
      return undefined;
    }
    for (const note of row.notes) leave(change, null, null, change.raw.slice(0, 1_000), note);
    return change;
  }

  /** What waited for later rows: whole rows as long as that brings any in, then links of rows that are there. */
  async function settle(): Promise<void> {
    const links = waitingRows<Waiting & { id: string }>();
    try {
      for (let last = false; waiting.count() > 0 && !stopped();) {
        let loaded = 0;
        for await (const group of waiting.take(200)) {
          const whole = group.filter((one) => !('id' in one));
          await links.add(group.filter((one) => 'id' in one));
          loaded += await writeGroup(
            whole.map(({ row }) => row),
            last,
          );
          await told();
        }
        if (loaded === 0) last = true;
      }
      for await (const group of links.take(200)) {
        if (stopped()) return;
        await settleLinks(group as Extract<Waiting, { id: string }>[]);
        await told();
      }
    } finally {
      await links.discard();
    }
  }

  async function settleLinks(group: readonly Extract<Waiting, { id: string }>[]): Promise<void> {
    if (input.dryRun) {
      // Nothing of this file is in the database: a name that it brings counts as found.
      for (const one of group) {
        const named = typeof one.value === 'string' && names.has(nameHash(one.value));
        if (!named) leave(one.row, null, one.field, textOf(one.value), one.issue);
      }
      return;
    }
    // One record may wait with two links: each update must see the one before.
    for (const part of byTurn(group)) {
      const outcomes = await sent(
        part.map((one) => ({ update: object.key, id: one.id, set: { [one.field]: one.value } })),
      );
      outcomes.forEach((outcome, at) => {
        const one = part[at]!;
        const issues = outcome.ok ? outcome.left.map((left) => left.issue) : outcome.problem.body.errors;
        for (const found of issues) leave(one.row, one.id, one.field, textOf(one.value), found);
      });
    }
  }

  const stopped = (): boolean => (result.stopped ||= input.signal?.aborted ?? false);
  const finish = async (): Promise<void> => {
    if (!plan.batch) return;
    await addBatchProblems(context, plan.batch, problems);
    await finishBatch(context, plan.batch, {
      state: result.stopped ? 'stopped' : 'done',
      done: result.done,
      refused: result.refused_total,
    });
  };

  try {
    let group: ImportRow[] = [];
    let characters = 0;
    reading: for await (const piece of file.rows()) {
      for (const row of piece.rows) {
        rows += 1;
        const change = accept(row);
        if (change) {
          group.push(change);
          characters += change.raw.length;
        }
        if (group.length < size && characters < chunk.characters && problems.length < chunk.most) continue;
        if (stopped()) break reading;
        await writeGroup(group);
        await told();
        [group, characters] = [[], 0];
      }
    }
    if (!stopped()) await writeGroup(group);
    await told();
    if (!stopped()) await settle();
    await finish();
    return result;
  } catch (error) {
    result.stopped = true;
    await finish().catch(() => {}); // the database may be what failed; the batch then stays as it was
    if (!isProblem(error)) context.log.error({ batch: plan.batch, err: error }, 'an import broke off');
    throw error;
  } finally {
    await waiting.discard();
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Parts in which no record stands twice, in order. */
function byTurn<T extends { id: string }>(all: readonly T[]): T[][] {
  const turns: T[][] = [];
  const times = new Map<string, number>();
  for (const one of all) {
    const turn = times.get(one.id) ?? 0;
    times.set(one.id, turn + 1);
    (turns[turn] ??= []).push(one);
  }
  return turns;
}

/** 53 bits of a folded name: a Set of numbers holds millions where one of texts would not. */
function nameHash(text: string): number {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (const char of fold(text)) {
    const code = char.codePointAt(0)!;
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return 4294967296 * (2097151 & b) + (a >>> 0);
}
