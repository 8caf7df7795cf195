/**
 * The end of a dry run. Nothing of the file is in the database, so what waits for later rows is judged by the
 * names that the file brings: a link to one of them counts as found.
 */
import type { ObjectModel } from '../../core/catalog/catalog.ts';
import { fold } from '../../core/conditions/fold.ts';
import type { Outcome } from '../write/change.ts';
import {
  countDone,
  emptyStep,
  leftProblem,
  notesOf,
  refusedProblem,
  textOf,
  type Step,
  type Waiting,
} from './import-step.ts';
import type { ImportRow } from './row-change.ts';
import { waitingOnDisk } from './waiting-on-disk.ts';

/** Names of the file that are remembered. */
const mostNames = 2_000_000;

export type DryEnd = {
  remember(rows: readonly ImportRow[], outcomes: readonly Outcome[]): void;
  wait(waits: readonly Waiting[]): Promise<void>;
  /** What waited, at the end of the file. */
  steps(): AsyncGenerator<Step>;
  discard(): Promise<void>;
};

/** `selfLinks` may point to other rows of the file; what `awaited` ones point to comes with other files. */
export function dryEnd(
  object: ObjectModel,
  { selfLinks, awaited }: { selfLinks: ReadonlySet<string>; awaited: ReadonlySet<string> },
): DryEnd {
  const waiting = waitingOnDisk<Waiting>();
  const names = new Set<number>();
  const isComing = (field: string, value: unknown): boolean =>
    awaited.has(field) || (selfLinks.has(field) && names.has(nameHash(textOf(value) ?? '')));
  return {
    remember(rows, outcomes) {
      if (selfLinks.size === 0) return;
      rows.forEach((row, at) => {
        const outcome = outcomes[at]!;
        const may = outcome.ok || outcome.problem.body.errors.every(({ code }) => code === 'link_not_found');
        if (!may || names.size >= mostNames) return;
        names.add(nameHash(object.nameFields.map((key) => row.set[key] ?? '').join(' ')));
        const oldId = object.oldIdField === undefined ? undefined : textOf(row.set[object.oldIdField]);
        if (oldId !== undefined) names.add(nameHash(oldId));
      });
    },
    wait: (waits) => waiting.add(waits),
    async *steps() {
      for await (const group of waiting.take(200)) {
        const step = emptyStep();
        for (const one of group) {
          if (one.sort === 'link') {
            const { row, field, value, issue } = one;
            if (isComing(field, value)) continue;
            const raw = textOf(value) ?? null;
            step.problems.push(leftProblem(row, { record: null, field, raw, issue }));
          } else if (one.errors.every(({ path }) => isComing(path, one.row.set[path]))) {
            countDone(step, 'created');
            step.problems.push(...notesOf(one.row, null));
          } else {
            step.problems.push(...notesOf(one.row, null), refusedProblem(one.row, one.errors, one.code));
          }
        }
        yield step;
      }
    },
    discard: () => waiting.discard(),
  };
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
