/**
 * The rows of a file through the write path, in chunks that each take less than two seconds. Every row is
 * loaded or refused with its line and reason; a value that an optional field cannot take is left empty and
 * listed. How far the import is stands or falls with the rows, so that it goes on after any death exactly
 * where it was. Nothing keeps all rows in memory.
 */
import type { Context } from '../../core/context/context.ts';
import { issue } from '../../core/errors/problem.ts';
import { isUuid } from '../../core/identity/uuid-v7.ts';
import type { Queryable } from '../../core/sql/sql.ts';
import type { BatchProblem } from '../batches/problems.ts';
import type { BatchRun } from '../batches/run-batch.ts';
import type { Change, Outcome } from '../write/change.ts';
import { write } from '../write/write.ts';
import { dryEnd, type DryEnd } from './dry-end.ts';
import { findByKey, keyName } from './find-by-key.ts';
import type { ImportOptions, ImportWatch } from './import-options.ts';
import type { ImportPlan } from './import-plan.ts';
import { countAfter, type ImportCount, type Move } from './import-progress.ts';
import { changeOf, inTurns, linkStepOf, refusedProblem, stepOf, type Step } from './import-step.ts';
import type { OpenImport } from './open-import.ts';
import type { TableRow } from './table-file.ts';
import { rowChange, type ImportRow } from './row-change.ts';
import type { Survey } from './survey.ts';
import { addWaiting, anyWaits, dropWaiting, lastWaiting, nextWaiting } from './waiting-in-batch.ts';

/** Rows in the first chunk; later ones are as large as a second allows. */
export const firstChunk = 100;
const chunk = { least: 20, most: 500, milliseconds: 1000, characters: 4_000_000 };

export type ImportJob = OpenImport & {
  options: ImportOptions;
  found: Survey;
  plan: ImportPlan;
  /** None in a dry run. */
  run?: BatchRun;
  watch: ImportWatch;
  /** Where it stands: at the beginning, or where it stopped. */
  from: ImportCount;
  onProblems(problems: readonly BatchProblem[]): void;
};

/**
 * Gives the counts at its end, which `stops` says the reason of where it is not that of the file. `held`: it is at
 * the end of the file, and something waits for other files.
 */
export async function runImport(
  start: Context,
  job: ImportJob,
): Promise<{ count: ImportCount; held: boolean }> {
  const { options, object, file, map, found, plan, run, watch } = job;
  let context = start;
  let size = firstChunk;
  let count = job.from;
  const linksTo = (objects: readonly string[]): Set<string> =>
    new Set(
      map.columns.flatMap(({ field }) => {
        const target = field.type.linkTo?.(field);
        return target !== undefined && objects.includes(target) ? [field.key] : [];
      }),
    );
  const [selfLinks, awaited] = [linksTo([object.key]), linksTo(options.awaits ?? [])];
  const mayWait = new Set([...selfLinks, ...awaited]);
  const dry: DryEnd | undefined = run ? undefined : dryEnd(object, { selfLinks, awaited });
  const stopped = (): boolean => (run ? run.stops() !== undefined : (watch.signal?.aborted ?? false));

  /** Writes the changes and, with them or not at all, what they came to and how far that is. */
  async function step(
    changes: readonly Change[],
    judged: (outcomes: readonly Outcome[]) => Step,
    move: Move,
  ): Promise<Step> {
    context = { ...context, catalog: await context.currentCatalog() };
    const began = performance.now();
    let came: Step | undefined;
    const outcomes = await write(context, {
      changes,
      mode: 'each',
      text: found.text,
      lenient: !options.strict,
      history: options.history ?? false,
      verb: 'import',
      ...(run
        ? { batch: run.batch, beside: async (on, answers) => keep(run, on, (came = judged(answers)), move) }
        : { dryRun: true }),
    });
    came ??= judged(outcomes);
    const took = Math.max(1, performance.now() - began);
    size = Math.round(
      Math.min(chunk.most, Math.max(chunk.least, Math.min(size * 2, (size * chunk.milliseconds) / took))),
    );
    await dry?.wait(came.waits);
    count = countAfter(count, came, move);
    job.onProblems(came.problems);
    watch.onProgress?.({
      total: plan.total,
      rows: count.reached + count.beyond.length,
      done: count.done,
      refused: count.refused,
    });
    return came;
  }

  async function keep(on: BatchRun, client: Queryable, came: Step, move: Move): Promise<void> {
    await addWaiting(client, on.batch, came.waits);
    if (move.taken) await dropWaiting(client, on.batch, move.taken);
    const { done, refused, ...position } = countAfter(count, came, move);
    await on.note(client, { done, refused, position, problems: came.problems });
  }

  /** Writes rows that name different records. `last` refuses what would otherwise wait for later rows. */
  async function writeRows(
    rows: readonly ImportRow[],
    move: Move,
    { last, problems = [] }: { last: boolean; problems?: readonly BatchProblem[] },
  ): Promise<void> {
    const known: ImportRow[] = [];
    const refused = [...problems];
    const ids =
      map.key && rows.length > 0
        ? await findByKey(context, { object, key: map.key, rows, text: found.text })
        : [];
    rows.forEach((row, at) => {
      const id = row.id ?? ids[at];
      if (id === undefined || typeof id === 'string') known.push(id === undefined ? row : { ...row, id });
      else refused.push(refusedProblem(row, [id], 'invalid'));
    });
    await step(
      known.map((row) => changeOf(object, row)),
      (outcomes) => {
        dry?.remember(known, outcomes);
        return stepOf(known, outcomes, { mayWait, last, problems: refused });
      },
      move,
    );
  }

  /** What a row asks for, unless it is refused before anybody is asked. */
  function accept(row: TableRow): ImportRow | BatchProblem {
    if (row.refused) {
      const { errors, raw } = row.refused;
      return refusedProblem({ row: row.row, line: row.line, raw }, errors, errors[0]!.code);
    }
    const change = rowChange(row, map, found.ownIds, file.delimiter);
    if (change.id !== undefined && !isUuid(change.id))
      return refusedProblem(change, [badId(change.id)], 'invalid');
    if (options.strict && change.notes) return refusedProblem(change, change.notes, 'invalid');
    return change;
  }

  const nameOf = (row: ImportRow): string | undefined =>
    row.id ?? (row.key === undefined ? undefined : keyName(context, map.key!, row.key, found.text));

  /** A group of rows of the file: those that mean one record go one after the other. */
  async function writeGroup(group: Group): Promise<void> {
    if (group.last === 0) return;
    const turns = inTurns(group.rows, nameOf);
    for (const [at, turn] of turns.entries()) {
      const problems = at === 0 ? group.problems : [];
      const settled = [...turn.map(({ row }) => row), ...problems.map((problem) => problem.row_number!)];
      const move = at === turns.length - 1 ? { reached: group.last } : { settled };
      await writeRows(turn, move, { last: false, problems });
    }
  }

  async function readFile(): Promise<void> {
    const before = new Set(count.beyond);
    const { reached } = count;
    let group = newGroup();
    for await (const piece of file.rows()) {
      for (const row of piece.rows) {
        if (row.row <= reached || before.has(row.row)) continue;
        const taken = accept(row);
        if ('errors' in taken) group.problems.push(taken);
        else group.rows.push(taken);
        group.characters += taken.raw?.length ?? 0;
        group.last = row.row;
        if (
          group.rows.length < size &&
          group.problems.length < chunk.most &&
          group.characters < chunk.characters
        )
          continue;
        if (stopped()) return;
        await writeGroup(group);
        group = newGroup();
      }
    }
    if (!stopped()) await writeGroup(group);
  }

  /** What waited for later rows: whole rows as long as that brings any in, then links of rows that are there. */
  async function settle(batch: string): Promise<void> {
    for (let after = 0; ;) {
      const until = count.turn?.until ?? (await lastWaiting(context.pool, batch));
      if (until === undefined) break;
      const turn = count.turn ?? { until, loaded: 0, last: false };
      const group = await nextWaiting(context.pool, batch, { sort: 'row', after, until });
      if (group.length === 0) {
        const next = turn.last ? undefined : await lastWaiting(context.pool, batch);
        if (next === undefined) break;
        count = { ...count, turn: { until: next, loaded: 0, last: turn.loaded === 0 } };
        after = 0;
        continue;
      }
      after = group.at(-1)!.id;
      for (const part of inTurns(group, ({ row }) => nameOf(row))) {
        if (stopped()) return;
        const taken = { sort: 'row' as const, ids: part.map(({ id }) => id) };
        await writeRows(
          part.map(({ row }) => row),
          { read: true, turn: count.turn ?? turn, taken },
          { last: turn.last },
        );
      }
    }
    for (let after = 0; ;) {
      const group = await nextWaiting(context.pool, batch, { sort: 'link', after });
      if (group.length === 0) return;
      after = group.at(-1)!.id;
      // One record may wait with two links: each update must see the one before.
      for (const part of inTurns(group, ({ record }) => record)) {
        if (stopped()) return;
        await step(
          part.map(({ record, field, value }) => ({
            update: object.key,
            id: record,
            set: { [field]: value },
          })),
          (outcomes) => linkStepOf(part, outcomes),
          { read: true, taken: { sort: 'link', ids: part.map(({ id }) => id) } },
        );
      }
    }
  }

  try {
    if (!count.read) await readFile();
    if (stopped()) return { count, held: false };
    if (run && watch.hold && (await anyWaits(context.pool, run.batch))) {
      run.pause();
      return { count, held: true };
    }
    if (run) await settle(run.batch);
    else
      for await (const came of dry!.steps()) {
        count = countAfter(count, came, {});
        job.onProblems(came.problems);
      }
    return { count, held: false };
  } finally {
    await dry?.discard();
  }
}

type Group = { rows: ImportRow[]; problems: BatchProblem[]; characters: number; last: number };
const newGroup = (): Group => ({ rows: [], problems: [], characters: 0, last: 0 });

const badId = (id: string) =>
  issue('id', 'bad_id', '“{id}” is no id of this CRM.', 'Leave the cell empty to create a record.', { id });
