/** What a group of rows came to, from what the write path answered: plain data, for it may be asked for twice. */
import type { ObjectModel } from '../../core/catalog/catalog.ts';
import type { Issue } from '../../core/errors/problem.ts';
import type { BatchProblem } from '../batches/problems.ts';
import type { Change, Outcome } from '../write/change.ts';
import type { ImportRow } from './row-change.ts';

/** A row that another row of the file must come before, or a link of a loaded one. Plain JSON. */
export type Waiting =
  | { sort: 'row'; row: ImportRow; errors: readonly Issue[]; code: string }
  | { sort: 'link'; row: Placed; record: string; field: string; value: unknown; issue: Issue };

/** `row` counts data rows from 1; `line` is the line in the file. */
type Placed = { row: number; line: number };

export type Step = {
  done: number;
  created: number;
  changed: number;
  unchanged: number;
  problems: BatchProblem[];
  waits: Waiting[];
};

export const emptyStep = (problems: BatchProblem[] = []): Step => ({
  done: 0,
  created: 0,
  changed: 0,
  unchanged: 0,
  problems,
  waits: [],
});

export const changeOf = (object: ObjectModel, row: ImportRow): Change =>
  row.id === undefined
    ? { create: object.key, set: row.set }
    : { update: object.key, id: row.id, set: row.set };

export function refusedProblem(
  row: Placed & { raw: string },
  errors: readonly Issue[],
  code: string,
  candidates?: unknown,
): BatchProblem {
  const extra = candidates === undefined ? {} : { candidates };
  return {
    row_number: row.row,
    raw: row.raw,
    refused: true,
    field: errors.length === 1 ? errors[0]!.path || null : null,
    code,
    errors: errors.map((one, at) => ({ ...one, line: row.line, ...(at === 0 ? extra : {}) })),
  };
}

/** A value left empty, or something unclear about a row that loaded. */
export const leftProblem = (
  row: Placed,
  left: { record: string | null; field: string | null; raw: string | null; issue: Issue },
): BatchProblem => ({
  row_number: row.row,
  record: left.record,
  field: left.field,
  raw: left.raw,
  refused: false,
  errors: [{ ...left.issue, line: row.line } as Issue],
});

/** `mayWait`: links to the object itself that a later row of the file may settle. */
export function stepOf(
  rows: readonly ImportRow[],
  outcomes: readonly Outcome[],
  input: { mayWait: ReadonlySet<string>; last: boolean; problems: readonly BatchProblem[] },
): Step {
  const step = emptyStep([...input.problems]);
  outcomes.forEach((outcome, at) => {
    const row = rows[at]!;
    if (!outcome.ok) {
      const { errors, code, extra } = outcome.problem.body;
      const early = errors.every((one) => one.code === 'link_not_found' && input.mayWait.has(one.path));
      if (early && errors.length > 0 && !input.last) step.waits.push({ sort: 'row', row, errors, code });
      else
        step.problems.push(...notesOf(row, null), refusedProblem(row, errors, code, extra?.['candidates']));
      return;
    }
    countDone(step, outcome.done);
    step.problems.push(...notesOf(row, outcome.id));
    for (const { field, issue, raw } of outcome.left) {
      const value = row.set[field];
      const { row: number, line } = row;
      if (issue.code === 'link_not_found' && input.mayWait.has(field))
        step.waits.push({
          sort: 'link',
          row: { row: number, line },
          record: outcome.id,
          field,
          value,
          issue,
        });
      else
        step.problems.push(leftProblem(row, { record: outcome.id, field, raw: textOf(value) ?? raw, issue }));
    }
  });
  return step;
}

/** Links that waited, each as an update of its record. */
export function linkStepOf(
  links: readonly Extract<Waiting, { sort: 'link' }>[],
  outcomes: readonly Outcome[],
): Step {
  const step = emptyStep();
  outcomes.forEach((outcome, at) => {
    const { row, record, field, value } = links[at]!;
    const issues = outcome.ok ? outcome.left.map((left) => left.issue) : outcome.problem.body.errors;
    for (const issue of issues)
      step.problems.push(leftProblem(row, { record, field, raw: textOf(value) ?? null, issue }));
  });
  return step;
}

export function countDone(step: Step, done: Extract<Outcome, { ok: true }>['done']): void {
  step.done += 1;
  if (done === 'created') step.created += 1;
  else if (done === 'unchanged') step.unchanged += 1;
  else step.changed += 1;
}

export const notesOf = (row: ImportRow, record: string | null): BatchProblem[] =>
  (row.notes ?? []).map((issue) =>
    leftProblem(row, { record, field: null, raw: row.raw.slice(0, 1_000), issue }),
  );

/** The text of the cell, also where the mapping made a search of it. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  const match = (value as { match?: Record<string, unknown> } | undefined)?.match;
  return match ? String(Object.values(match)[0]) : undefined;
}

/** Parts in which no name stands twice, in order; what has no name goes into the first. At least one. */
export function inTurns<T>(all: readonly T[], nameOf: (one: T) => string | undefined): T[][] {
  const turns: T[][] = [[]];
  const times = new Map<string, number>();
  for (const one of all) {
    const name = nameOf(one);
    const turn = name === undefined ? 0 : (times.get(name) ?? 0);
    if (name !== undefined) times.set(name, turn + 1);
    (turns[turn] ??= []).push(one);
  }
  return turns;
}
