/** What an import answers: its counts, and the first of its problems. All of them are with the batch. */
import type { Context } from '../../core/context/context.ts';
import type { Issue } from '../../core/errors/problem.ts';
import { listBatchProblems, type BatchProblem } from '../batches/problems.ts';
import type { ImportPlan } from './import-plan.ts';
import type { ImportCount } from './import-progress.ts';

/** `row` counts data rows from 1; `line` is the line in the file. */
export type RefusedRow = {
  row: number;
  line: number;
  code: string;
  errors: readonly Issue[];
  candidates?: unknown;
};
/** A value left empty, or something unclear about a row that loaded. */
export type LeftValue = {
  row: number;
  line: number;
  id: string | null;
  field: string | null;
  raw: string | null;
  errors: readonly Issue[];
};

export type ImportResult = ImportPlan & {
  /** Rows loaded: created, changed, or equal already. */
  done: number;
  created: number;
  changed: number;
  unchanged: number;
  refused: RefusedRow[];
  refused_total: number;
  left: LeftValue[];
  left_total: number;
  /** Before the end of the file, by a signal or because somebody asked for a pause. */
  stopped: boolean;
  /** At its end, for other files that it awaits. */
  held?: boolean;
};

const mostListed = 1000;

type Found = Issue & { line?: number; candidates?: unknown };

export type ListedProblems = {
  refused: RefusedRow[];
  left: LeftValue[];
  add(problems: readonly BatchProblem[]): void;
  /** Those found before the import went on. */
  before(context: Context, batch: string): Promise<void>;
};

export function listProblems(): ListedProblems {
  const refused: RefusedRow[] = [];
  const left: LeftValue[] = [];
  const add = (problem: BatchProblem): void => {
    const list = problem.refused ? refused : left;
    if (list.length >= mostListed) return;
    // A slice of a large text would keep the whole of it alive.
    if (problem.refused) refused.push(structuredClone(refusedRow(problem)));
    else left.push(structuredClone(leftValue(problem)));
  };
  return {
    refused,
    left,
    add: (problems) => problems.forEach(add),
    async before(context, batch) {
      for (const isRefused of [true, false]) {
        for (let after: number | null = 0; after !== null;) {
          const page: Awaited<ReturnType<typeof listBatchProblems>> = await listBatchProblems(context, {
            batch,
            after,
            limit: 200,
            refused: isRefused,
          });
          for (const { row, ...problem } of page.data) add({ ...problem, row_number: row });
          after = (isRefused ? refused : left).length < mostListed ? page.next : null;
        }
      }
    },
  };
}

function refusedRow(problem: BatchProblem): RefusedRow {
  const found = problem.errors as readonly Found[];
  const errors = found.map(({ candidates: _, ...error }) => error);
  const candidates = found[0]?.candidates;
  return {
    row: problem.row_number!,
    line: found[0]?.line ?? 0,
    code: problem.code ?? 'invalid',
    errors,
    ...(candidates === undefined ? {} : { candidates }),
  };
}

const leftValue = (problem: BatchProblem): LeftValue => ({
  row: problem.row_number!,
  line: (problem.errors[0] as Found).line ?? 0,
  id: problem.record ?? null,
  field: problem.field ?? null,
  raw: problem.raw?.slice(0, 1_000) ?? null,
  errors: problem.errors,
});

export const resultOf = (
  plan: ImportPlan,
  count: ImportCount,
  { refused, left }: ListedProblems,
  stopped: boolean,
): ImportResult => ({
  ...plan,
  done: count.done,
  created: count.created,
  changed: count.changed,
  unchanged: count.unchanged,
  refused,
  refused_total: count.refused,
  left,
  left_total: count.left,
  stopped,
});
