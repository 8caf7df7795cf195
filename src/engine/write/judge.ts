/**
 * Checkpoints, the pipeline's entry condition and the caller's rights, judged by SQL on the rows as they now
 * stand inside the transaction. A move forward asks for what its stage newly requires and for all gaps; any
 * other change may not undo what a checkpoint passed, and leaves older gaps as they are.
 */
import type { ItemModel, PipelineModel, StageModel } from '../../core/catalog/catalog.ts';
import { checkCondition } from '../../core/conditions/check.ts';
import { checkpointEnv } from '../../core/conditions/checkpoint-env.ts';
import { conditionReads } from '../../core/conditions/reads.ts';
import { conditionToSql } from '../../core/conditions/to-sql.ts';
import { forbidden, issue, refusal, type Issue, type Problem } from '../../core/errors/problem.ts';
import { ident, join, sql, type Queryable } from '../../core/sql/sql.ts';
import type { CheckpointEnv } from '../../core/kinds/checkpoint-kind.ts';
import { parseEnvOf, scopeValuesOf } from '../access/access.ts';
import { itemFields, itemSql } from './item-facts.ts';
import { groupBy } from './links.ts';
import { todayIn } from './today.ts';
import { newValue, oldValue, sameValue, type Row } from './row.ts';
import type { Run } from './run.ts';
import { isNegative, requiredItems, standing, standingBefore } from './transitions.ts';

/** The entry condition, as the name of a gap. */
export const entryItem = 'entry';

export type Standing = { id: string; pipeline: PipelineModel; items: ItemModel[]; entry: boolean };

/** What of it holds: per record, the ids of unmet items. */
export async function unmetItems(
  run: Run,
  on: Queryable,
  object: string,
  records: readonly Standing[],
): Promise<Map<string, string[]>> {
  const unmet = new Map<string, string[]>();
  const model = run.context.catalog.objects.get(object)!;
  for (const group of groupBy(records, (record) => record.pipeline.key).values()) {
    const { pipeline } = group[0]!;
    const items = [...new Set(group.flatMap((record) => record.items))];
    const entry = pipeline.definition.entry !== undefined && group.some((record) => record.entry);
    if (items.length === 0 && !entry) continue;
    const env = checkpointEnv(
      run.context.catalog,
      model,
      scopeValuesOf(run.context),
      parseEnvOf(run.context),
    );
    const columns = items.map(
      (item, index) => sql`(${itemSql(run, item, env)}) IS TRUE AS ${ident(`i${index}`)}`,
    );
    if (entry) {
      const condition = conditionToSql(pipeline.definition.entry, {
        catalog: run.context.catalog,
        object,
        alias: 't',
        place: 'entry',
        scope: scopeValuesOf(run.context),
        parse: parseEnvOf(run.context),
      });
      columns.push(sql`(${condition}) IS TRUE AS entry`);
    }
    const found = await run.query(
      on,
      sql`SELECT t.id, ${join(columns)} FROM ${ident('crm', object)} t WHERE t.id = ANY(${group.map((record) => record.id)}::uuid[])`,
    );
    const byId = new Map(found.map((row) => [row['id'] as string, row]));
    for (const record of group) {
      const row = byId.get(record.id);
      const missing = record.items
        .filter((item) => row?.[`i${items.indexOf(item)}`] !== true)
        .map((item) => item.id);
      if (record.entry && entry && row?.['entry'] !== true) missing.unshift(entryItem);
      unmet.set(record.id, missing);
    }
  }
  return unmet;
}

/** Whether an item refuses today, or only advises until its date. */
export const enforced = (item: ItemModel, today: string): boolean =>
  item.definition.mode !== 'advise' ||
  (item.definition.enforce_from !== undefined && item.definition.enforce_from <= today);

/** Whether a row answers for its own checkpoints. */
export const isJudged = (row: Row): boolean =>
  row.object.stageField !== undefined && row.kind !== 'archive' && row.values.size > 0;

/**
 * Judges the rows of a batch after they are written; fills `gaps` and the events' notes, gives the refusals.
 * `shaken` tells which required items the batch may have taken the proof from.
 */
export async function judge(
  run: Run,
  on: Queryable,
  rows: readonly Row[],
  shaken: (row: Row, required: readonly ItemModel[]) => ItemModel[],
): Promise<Map<number, Problem>> {
  const refused = new Map<number, Problem>();
  await judgeRights(run, on, rows, refused);
  const today = todayIn({ now: run.now, timeZone: run.context.workspace.timeZone });
  const asked = rows.flatMap((row) => {
    const at = isJudged(row) ? standing(row) : undefined;
    return at ? [{ row, ...at, asked: askedOf(run, row, at, shaken, today) }] : [];
  });
  for (const [object, group] of groupBy(asked, ({ row }) => row.object.key)) {
    const unmet = await unmetItems(
      run,
      on,
      object,
      group.map(({ row, pipeline, asked: { items, entry } }) => ({ id: row.id, pipeline, items, entry })),
    );
    for (const one of group) {
      const problem = decide(run, one.row, one.asked, unmet.get(one.row.id) ?? [], one.pipeline, today);
      if (problem) refused.set(one.row.index, problem);
    }
  }
  return refused;
}

type Asked = {
  /** Items to look at: asked for, or gaps that this change may have opened or closed. */
  items: ItemModel[];
  /** Ids of those that the row itself answers for; the others become gaps where they do not hold. */
  binding: ReadonlySet<string>;
  entry: boolean;
  /** Gaps before this change. */
  gaps: readonly string[];
};

/**
 * What a change is asked for. A new stage: what it asks for that the old one did not; going on, every gap and
 * what was only advised when it was passed; taken up again, every gap where one would vanish with its stage. Any
 * change: what reads a field that it touches. What was passed and has merely grown old is not asked for again.
 */
function askedOf(
  run: Run,
  row: Row,
  at: { pipeline: PipelineModel; stage: StageModel },
  shaken: (row: Row, required: readonly ItemModel[]) => ItemModel[],
  today: string,
): Asked {
  const { catalog } = run.context;
  const gaps = (row.old?.['gaps'] as string[] | null | undefined) ?? [];
  const required = requiredItems(at.pipeline, at.stage, newValue(row, 'last_open_stage') as string | null);
  const before = standingBefore(row);
  const samePipeline = before?.pipeline === at.pipeline;
  const passed = new Set(
    samePipeline ? requiredItems(before.pipeline, before.stage, before.lastOpen).map((item) => item.id) : [],
  );
  const env = checkpointEnv(catalog, row.object, scopeValuesOf(run.context), parseEnvOf(run.context));
  const touched = (keys: Iterable<string>): boolean => [...keys].some((key) => row.values.has(key));
  const { entry } = at.pipeline.definition;
  const forward = goesOn(row);
  const isNew = (item: ItemModel): boolean => !passed.has(item.id) || touched(itemFields(item, env));
  const isOld = (item: ItemModel): boolean =>
    gaps.includes(item.id) ||
    (forward && item.definition.mode === 'advise' && enforced(item, today)) ||
    shakenOnes.has(item.id);
  const shakenOnes = new Set(shaken(row, required).map((item) => item.id));
  // Taking up again what was closed must not make a gap vanish with the stage that asks for it: then all are due.
  const reopens = row.move?.kind === 'reopen' && samePipeline && !row.putBack;
  const owed = at.pipeline.items.filter(
    (item) => reopens && gaps.includes(item.id) && !required.includes(item),
  );
  const items = [...required.filter((item) => isNew(item) || isOld(item)), ...owed];
  return {
    gaps,
    items,
    binding: new Set(
      items
        .filter((item) => forward || (gaps.includes(item.id) ? owed.length > 0 : isNew(item)))
        .map((item) => item.id),
    ),
    entry:
      entry !== undefined &&
      (!samePipeline ||
        gaps.includes(entryItem) ||
        touched(conditionReads(entry, { catalog, object: row.object.key, place: 'entry' }).fields)),
  };
}

/** The access condition on the rows as they now stand: one may not write a record out of one's own reach. */
async function judgeRights(
  run: Run,
  on: Queryable,
  rows: readonly Row[],
  refused: Map<number, Problem>,
): Promise<void> {
  for (const kind of ['create', 'update'] as const) {
    const verb = kind === 'create' ? 'create' : 'edit';
    const asked = rows.filter(
      (row) => row.kind === kind && !row.putBack && (row.kind === 'create' || row.values.size > 0),
    );
    for (const [object, group] of groupBy(asked, (row) => row.object.key)) {
      const model = group[0]!.object;
      const owner = model.ownerField ? model.fields.get(model.ownerField) : undefined;
      const handsOver = (row: Row) =>
        owner !== undefined &&
        row.old !== undefined &&
        row.values.has(owner.key) &&
        !sameValue(row.values.get(owner.key), oldValue(row, owner));
      for (const row of group) {
        const may = run.access.all('assign', object) || row.old?.['may__assign'] === true;
        if (kind === 'update' && handsOver(row) && !may)
          refused.set(
            row.index,
            forbidden(`give this ${model.label.one.toLowerCase()} to somebody else`, owner!.key),
          );
      }
      if (run.access.all(verb, object)) continue;
      const judged = group.filter((row) => !handsOver(row) && !refused.has(row.index));
      if (judged.length === 0) continue;
      const found = await run.query(
        on,
        sql`SELECT t.id FROM ${ident('crm', object)} t WHERE t.id = ANY(${judged.map((row) => row.id)}::uuid[]) AND (${run.access.scope(verb, object, 't')}) IS NOT TRUE`,
      );
      const outside = new Set(found.map((row) => row['id'] as string));
      for (const row of judged) {
        if (outside.has(row.id))
          refused.set(
            row.index,
            forbidden(
              `${kind === 'create' ? 'create' : 'change'} a ${model.label.one.toLowerCase()} so that it leaves your reach`,
              row.path + (owner?.key ?? ''),
            ),
          );
      }
    }
  }
}

/** Going back, losing, and any change that is no move, leave older gaps as they are. */
function goesOn({ move, old }: Row): boolean {
  if (!move || move.kind === 'back') return false;
  if (move.kind === 'close') return !isNegative(move.to);
  if (move.kind !== 'reopen') return true;
  const furthest = move.pipeline.stage(String(old?.['last_open_stage']));
  return furthest === undefined || move.to.index > furthest.index;
}

function decide(
  run: Run,
  row: Row,
  asked: Asked,
  unmet: readonly string[],
  pipeline: PipelineModel,
  today: string,
): Problem | undefined {
  const byId = new Map(asked.items.map((item) => [item.id, item]));
  const binding = unmet.filter((id) => id === entryItem || enforced(byId.get(id)!, today));
  const advised = unmet.filter((id) => !binding.includes(id));
  const { move } = row;
  const missing = (row.bornLate ? [] : binding).filter((id) =>
    id === entryItem ? goesOn(row) || !asked.gaps.includes(id) : asked.binding.has(id),
  );
  const rules = move?.issues ?? [];
  if (missing.length > 0 || rules.length > 0) {
    if (move?.override === undefined) return refuse(run, row, pipeline, asked.items, missing, rules);
    row.note['override'] = { reason: move.override, items: missing, rules: rules.map((rule) => rule.code) };
  }
  if (advised.length > 0 && move) row.note['advised'] = advised;
  if (row.bornLate) row.note['history'] = true;
  const gaps = [...binding].sort();
  if (!sameValue([...asked.gaps].sort(), gaps)) {
    row.gaps = gaps;
    noteGaps(row.note, asked.gaps, gaps);
  }
  return undefined;
}

export function noteGaps(
  note: Record<string, unknown>,
  before: readonly string[],
  after: readonly string[],
): void {
  const opened = after.filter((id) => !before.includes(id));
  const closed = before.filter((id) => !after.includes(id));
  if (opened.length > 0) note['gaps_opened'] = opened;
  if (closed.length > 0) note['gaps_closed'] = closed;
}

function refuse(
  run: Run,
  row: Row,
  pipeline: PipelineModel,
  items: readonly ItemModel[],
  missing: readonly string[],
  rules: readonly Issue[],
): Problem {
  const { object } = row;
  const env = checkpointEnv(run.context.catalog, object, scopeValuesOf(run.context), parseEnvOf(run.context));
  const visible = (key: string) => run.access.field(object.key, key) !== 'hidden';
  // Its sentence may name fields and thresholds of related records too.
  const asSeen: CheckpointEnv = {
    ...env,
    check: (condition, of, path) =>
      checkCondition(condition, {
        catalog: run.context.catalog,
        object: of,
        place: 'checkpoint',
        path,
        may: run.access.visibility,
      }),
  };
  const errors: Issue[] = rules.map((rule) => ({ ...rule, path: row.path + rule.path }));
  for (const id of missing) {
    const item = items.find((one) => one.id === id);
    if (!item) {
      errors.push(
        issue(
          row.path + (object.pipelineField ?? ''),
          'not_for_this_pipeline',
          'This {one} does not belong in “{pipeline}”.',
          'Choose another pipeline, or change what its entry asks for: {entry}.',
          {
            one: object.label.one.toLowerCase(),
            pipeline: pipeline.definition.label,
            entry: visibleEntry(run, pipeline, env.explain(pipeline.definition.entry, object.key)),
          },
        ),
      );
      continue;
    }
    const asks = itemFields(item, env);
    if (!asks.every(visible) || item.kind.check(item.settings, asSeen).length > 0) {
      errors.push(
        issue(
          row.path,
          'checkpoint_hidden',
          'A checkpoint asks for something that you may not see.',
          'Ask {owner} to complete it.',
          { owner: item.owner },
        ),
      );
      continue;
    }
    const { path, say, fix } = item.kind.missing(item.settings, {
      ...env,
      filled: (key) => newValue(row, key) !== null,
    });
    errors.push({
      path: row.path + path,
      code: 'checkpoint',
      message: say,
      fix,
      item: id,
      why: item.definition.why,
      owner: item.owner,
    });
  }
  const to = row.move?.to.label ?? standing(row)?.stage.label ?? '';
  const count = errors.length;
  const detail = row.move
    ? `${count === 1 ? 'One thing is' : `${count} things are`} missing before ${to}.`
    : `This would take away what the stage ${to} asks for.`;
  return refusal(422, 'checkpoint', errors, {
    detail,
    extra: {
      object: object.key,
      ...(row.kind === 'create' ? {} : { id: row.id }),
      to: row.move?.to.key ?? null,
    },
  });
}

/** The entry in words, unless it speaks of a hidden field. */
const visibleEntry = (run: Run, pipeline: PipelineModel, words: string): string =>
  run.access.visibility && hiddenInEntry(run, pipeline) ? 'ask its owner' : words;

function hiddenInEntry(run: Run, pipeline: PipelineModel): boolean {
  try {
    conditionToSql(pipeline.definition.entry, {
      catalog: run.context.catalog,
      object: pipeline.object,
      alias: 't',
      place: 'entry',
      scope: scopeValuesOf(run.context),
      parse: parseEnvOf(run.context),
      may: run.access.visibility,
    });
    return false;
  } catch {
    return true;
  }
}
