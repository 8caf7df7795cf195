/**
 * Revaluation: what open records are worth, fixed anew at today's exchange rates, as one batch that can be undone.
 * Closed records keep the rate of the day they closed.
 */
import type { ObjectModel } from '../../core/catalog/catalog.ts';
import type { Context } from '../../core/context/context.ts';
import { forbidden, invalid, issue, type Issue } from '../../core/errors/problem.ts';
import { and, ident, join, or, rows, sql, type Sql } from '../../core/sql/sql.ts';
import { accessOf } from '../access/access.ts';
import { readableObject } from '../read/select.ts';
import { write, type Outcome } from '../write/write.ts';
import { startBatch } from './batches.ts';
import { runBatch, type BatchRun } from './run-batch.ts';

export type Revalued = {
  /** Null of a dry run. */
  batch: string | null;
  /** Open records with an amount in a foreign currency. */
  looked_at: number;
  /** Those whose worth was, or would be, fixed anew. */
  changed: number;
  refused: { id: string; errors: readonly Issue[] }[];
  refused_total: number;
};

const chunk = 250;
const mostListed = 1000;

/** With `dryRun` everything is worked out and nothing is kept. Needs the right money.revalue. */
export async function revalue(
  context: Context,
  input: { object: string; dryRun?: boolean },
): Promise<Revalued> {
  if (!context.may('money.revalue')) throw forbidden('revalue money');
  const object = readableObject(context, accessOf(context), input.object);
  if (![...object.fields.values()].some((field) => field.type.worth)) {
    throw invalid([
      issue('object', 'no_money', '{many} hold no money.', 'Name an object with a money field.', {
        many: object.label.many,
      }),
    ]);
  }
  const batch = input.dryRun
    ? null
    : await startBatch(context, { kind: 'revalue', object: object.key, details: { revalue: true } });
  const answer: Revalued = { batch, looked_at: 0, changed: 0, refused: [], refused_total: 0 };
  const all = async (run?: BatchRun): Promise<void> => {
    for (let after: string | null = null; ;) {
      const ids = await foreignIds(context, object, after);
      if (ids.length === 0) break;
      after = ids.at(-1)!;
      let next = answer;
      const revalued = (outcomes: readonly Outcome[]) => {
        const refused = outcomes.flatMap((outcome, at) =>
          outcome.ok ? [] : [{ id: ids[at]!, errors: outcome.problem.body.errors }],
        );
        next = {
          batch,
          looked_at: answer.looked_at + ids.length,
          changed: answer.changed + outcomes.filter((one) => one.ok && one.done === 'changed').length,
          refused: [...answer.refused, ...refused.slice(0, mostListed - answer.refused.length)],
          refused_total: answer.refused_total + refused.length,
        };
        return refused.map(({ id, errors }) => ({ record: id, refused: true, errors }));
      };
      const outcomes = await write(context, {
        changes: ids.map((id) => ({ revalue: object.key, id })),
        mode: 'each',
        ...(run
          ? {
              batch: run.batch,
              beside: async (on, answers) => {
                const problems = revalued(answers);
                const { changed: done, refused_total: refused, looked_at: reached } = next;
                await run.note(on, { done, refused, position: { reached }, problems });
              },
            }
          : { dryRun: true }),
      });
      if (!run) revalued(outcomes);
      Object.assign(answer, next);
    }
  };
  await (batch ? runBatch(context, { batch }, all) : all());
  return answer;
}

/** Open, living records with an amount in another currency than the reporting one, in id order. */
async function foreignIds(context: Context, object: ObjectModel, after: string | null): Promise<string[]> {
  const foreign = [...object.fields.values()].flatMap((field) =>
    field.type.worth
      ? [sql`${field.type.worth.currencySql(field, 't')} <> ${context.workspace.currency}::text`]
      : [],
  );
  const conditions: Sql[] = [
    sql`t.archived_at IS NULL`,
    sql`(${after}::uuid IS NULL OR t.id > ${after}::uuid)`,
    or(foreign),
  ];
  if (object.stageField && object.pipelineField) {
    const standing = sql`(${ident('t', object.pipelineField)}, ${ident('t', object.stageField)})`;
    const closed = object.pipelines.flatMap((pipeline) =>
      pipeline.stages
        .filter((stage) => !stage.open)
        .map((stage) => sql`(${pipeline.key}::text, ${stage.key}::text)`),
    );
    if (closed.length > 0) conditions.push(sql`${standing} NOT IN (${join(closed)})`);
  }
  const found = await rows<{ id: string }>(
    context.pool,
    sql`SELECT t.id FROM ${ident('crm', object.key)} t WHERE ${and(conditions)} ORDER BY t.id LIMIT ${chunk}`,
  );
  return found.map((row) => row.id);
}
