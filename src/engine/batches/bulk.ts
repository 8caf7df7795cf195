/** A bulk edit: one change to many records, by ids or by a filter, answered per record and undone as one. */
import type { Context } from '../../core/context/context.ts';
import { forbidden, invalid, issue, isProblem, type Issue } from '../../core/errors/problem.ts';
import { accessOf } from '../access/access.ts';
import { listIds } from '../read/list.ts';
import { readableObject } from '../read/select.ts';
import { write, type Change } from '../write/write.ts';
import { addBatchProblems, finishBatch, noteBatch, startBatch } from './batches.ts';

export type BulkInput = {
  object: string;
  ids?: readonly string[];
  where?: unknown;
  set?: Record<string, unknown>;
  archive?: boolean;
};
export type BulkAnswer = {
  batch: string;
  done: number;
  refused: { id: string; errors: readonly Issue[] }[];
  refused_total: number;
};

/** Records per transaction: well under two seconds of locks. */
const chunk = 250;
/** Refusals listed in the answer; all of them are in the batch's problems. */
const mostListed = 1000;

export async function bulkEdit(context: Context, input: BulkInput): Promise<BulkAnswer> {
  const access = accessOf(context);
  const object = readableObject(context, access, input.object);
  if ((input.ids === undefined) === (input.where === undefined)) {
    throw invalid([
      issue(
        'ids',
        'ids_or_where',
        'Say which records: by ids or by where, not both.',
        'Send “ids” as a list, or “where” as a condition.',
      ),
    ]);
  }
  if ((input.set === undefined) === !input.archive) {
    throw invalid([
      issue(
        'set',
        'nothing_to_do',
        'Say what to do: fields to set, or archive.',
        'Send “set” with fields, or “archive”: true.',
      ),
    ]);
  }
  if (!access.may('mass_edit', object.key)) throw forbidden(`mass-edit ${object.label.many.toLowerCase()}`);
  const change = (id: string): Change =>
    input.archive ? { archive: object.key, id } : { update: object.key, id, set: input.set! };
  // What the input alone shows wrong is told at once, before a batch begins.
  await write(context, {
    changes: input.archive
      ? []
      : [{ update: object.key, id: '00000000-0000-7000-8000-000000000000', set: input.set! }],
    mode: 'all',
    dryRun: true,
  }).catch((error: unknown) => {
    if (!isProblem(error) || error.body.status !== 404) throw error;
  });
  // The first page is found before a batch begins: it may say that the filter does not hold together.
  const pages = input.ids
    ? inPages([...new Set(input.ids)])
    : listIds(context, { object: object.key, where: input.where }, chunk);
  let page = await pages.next();
  const batch = await startBatch(context, {
    kind: 'bulk',
    object: object.key,
    details: input.archive ? { archive: true } : { set: input.set },
  });
  let done = 0;
  let refusedTotal = 0;
  const refused: BulkAnswer['refused'] = [];
  let state: 'done' | 'stopped' = 'stopped';
  try {
    for (; !page.done; page = await pages.next()) {
      const ids = page.value;
      const outcomes = await write(context, {
        changes: ids.map(change),
        mode: 'each',
        batch,
        verb: 'mass_edit',
      });
      const failed = outcomes.flatMap((outcome, at) =>
        outcome.ok ? [] : [{ id: ids[at]!, errors: outcome.problem.body.errors }],
      );
      done += outcomes.length - failed.length;
      refusedTotal += failed.length;
      refused.push(...failed.slice(0, mostListed - refused.length));
      await addBatchProblems(
        context,
        batch,
        failed.map(({ id, errors }) => ({ record: uuidOrNull(id), raw: id, refused: true, errors })),
      );
      await noteBatch(context, batch, { done, refused: refusedTotal });
    }
    state = 'done';
  } finally {
    await finishBatch(context, batch, {
      state,
      done,
      refused: refusedTotal,
      total: done + refusedTotal,
    });
  }
  return { batch, done, refused, refused_total: refusedTotal };
}

const uuidOrNull = (id: string): string | null =>
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id) ? id : null;

async function* inPages(ids: readonly string[]): AsyncGenerator<readonly string[]> {
  for (let at = 0; at < ids.length; at += chunk) yield ids.slice(at, at + chunk);
}
