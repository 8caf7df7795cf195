/** How far an import is: what is stored with every group of rows, and all that it needs to go on from there. */
import type { Step, Waiting } from './import-step.ts';

/** `rows`: how many of the total are settled. */
export type ImportProgress = { total: number; rows: number; done: number; refused: number };

export type ImportPosition = {
  /** All data rows up to this one are settled: loaded, refused, or waiting for later ones. */
  reached: number;
  /** Further ones that are: a group of rows that name one record twice takes several transactions. */
  beyond: number[];
  /** The file is read to its end. */
  read: boolean;
  created: number;
  changed: number;
  unchanged: number;
  left: number;
  /** One pass over the rows that wait: up to which, how many it has loaded, and whether it is the last. */
  turn?: Turn;
};
export type Turn = { until: number; loaded: number; last: boolean };

export type ImportCount = ImportPosition & { done: number; refused: number };

/** What a step moves on, beside the counts. */
export type Move = {
  /** All rows up to this one. */
  reached?: number;
  /** Or these alone. */
  settled?: readonly number[];
  read?: true;
  turn?: Turn;
  taken?: { sort: Waiting['sort']; ids: readonly number[] };
};

export const atBeginning = (): ImportCount => ({
  reached: 0,
  beyond: [],
  read: false,
  created: 0,
  changed: 0,
  unchanged: 0,
  left: 0,
  done: 0,
  refused: 0,
});

export function countAfter(count: ImportCount, step: Step, move: Move): ImportCount {
  const refused = step.problems.filter((problem) => problem.refused).length;
  const turn = move.turn && { ...move.turn, loaded: move.turn.loaded + step.done };
  const { turn: _, ...rest } = count;
  return {
    ...rest,
    reached: move.reached ?? count.reached,
    beyond: move.reached === undefined ? [...count.beyond, ...(move.settled ?? [])] : [],
    read: move.read ?? count.read,
    created: count.created + step.created,
    changed: count.changed + step.changed,
    unchanged: count.unchanged + step.unchanged,
    left: count.left + step.problems.length - refused,
    done: count.done + step.done,
    refused: count.refused + refused,
    ...(turn ? { turn } : {}),
  };
}
