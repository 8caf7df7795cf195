/** A bulk edit: one change to many records, by ids or by a filter, answered per record and undone as one. */
import type { Context } from '../../core/context/context.ts';
import { forbidden, invalid, issue, isProblem, type Issue } from '../../core/errors/problem.ts';
import { isUuid } from '../../core/identity/uuid-v7.ts';
import { accessOf } from '../access/access.ts';
import { listIds } from '../read/list.ts';
import { readableObject } from '../read/select.ts';
import { write, type Change } from '../write/write.ts';
import { startBatch } from './batches.ts';
import { runBatch } from './run-batch.ts';

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
  const answer: BulkAnswer = { batch, done: 0, refused: [], refused_total: 0 };
  await runBatch(context, { batch }, async (run) => {
    const noted = () => ({
      done: answer.done,
      refused: answer.refused_total,
      position: { reached: answer.done + answer.refused_total },
    });
    for (; !page.done; page = await pages.next()) {
      const ids = page.value;
      let failed: BulkAnswer['refused'] = [];
      await write(context, {
        changes: ids.map(change),
        mode: 'each',
        batch,
        verb: 'mass_edit',
        async beside(on, outcomes) {
          failed = outcomes.flatMap((outcome, at) =>
            outcome.ok ? [] : [{ id: ids[at]!, errors: outcome.problem.body.errors }],
          );
          const { done, refused, position } = noted();
          await run.note(on, {
            done: done + ids.length - failed.length,
            refused: refused + failed.length,
            position: { reached: position.reached + ids.length },
            problems: failed.map(({ id, errors }) => ({
              record: isUuid(id) ? id : null,
              raw: id,
              refused: true,
              errors,
            })),
          });
        },
      });
      answer.done += ids.length - failed.length;
      answer.refused_total += failed.length;
      answer.refused.push(...failed.slice(0, mostListed - answer.refused.length));
    }
    await run.note(context.pool, { ...noted(), total: noted().position.reached, problems: [] });
  });
  return answer;
}

async function* inPages(ids: readonly string[]): AsyncGenerator<readonly string[]> {
  for (let at = 0; at < ids.length; at += chunk) yield ids.slice(at, at + chunk);
}
