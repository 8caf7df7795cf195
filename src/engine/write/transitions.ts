/**
 * Stage moves: where a record may go from where it stands, by the pipeline's transitions, and what is stamped
 * on the way. Which checkpoint items the new stage asks for is `required-items`; whether they hold is `judge`.
 */
import type { ItemModel, PipelineModel, StageModel } from '../../core/catalog/catalog.ts';
import { issue, type Issue } from '../../core/errors/problem.ts';
import { parseEnvOf } from '../access/access.ts';
import { todayIn } from './today.ts';
import { newValue, oldValue, type Move, type Row } from './row.ts';
import type { Run } from './run.ts';

const pipelineOf = (row: Row, key: unknown): PipelineModel | undefined =>
  row.object.pipelines.find((pipeline) => pipeline.key === key);

/** The pipeline and stage a record stands in, as the row will be stored. */
export function standing(row: Row): { pipeline: PipelineModel; stage: StageModel } | undefined {
  const { stageField, pipelineField } = row.object;
  if (!stageField || !pipelineField) return undefined;
  const pipeline = pipelineOf(row, newValue(row, pipelineField));
  const stage = pipeline?.stage(String(newValue(row, stageField)));
  return pipeline && stage ? { pipeline, stage } : undefined;
}

/** Where the stored record stood before this write; undefined for a new one. */
export function standingBefore(
  row: Row,
): { pipeline: PipelineModel; stage: StageModel; lastOpen: string | null } | undefined {
  const { stageField, pipelineField } = row.object;
  if (!row.old || !stageField || !pipelineField) return undefined;
  const pipeline = pipelineOf(row, row.old[pipelineField]);
  const stage = pipeline?.stage(String(row.old[stageField]));
  return pipeline && stage
    ? { pipeline, stage, lastOpen: row.old['last_open_stage'] as string | null }
    : undefined;
}

/**
 * Completes stage and pipeline of a new or changed record, decides what kind of move it is, and stamps dates.
 * Gives findings that no checkpoint can mend (a stage of another pipeline); broken transition rules go into
 * `move.issues`, to be told together with what is missing.
 */
export function planMove(run: Run, row: Row): Issue[] {
  const { object } = row;
  const { stageField, pipelineField } = object;
  if (!stageField || !pipelineField || row.kind === 'archive') return [];
  if (row.kind === 'restore' && !row.putBack) return [];
  if (row.putBack) return standsNowhere(row);
  const pipelineAsked = row.values.get(pipelineField) ?? undefined;
  const wasIn = row.old ? pipelineOf(row, oldValue(row, object.fields.get(pipelineField)!)) : undefined;
  const pipeline =
    pipelineAsked !== undefined ? pipelineOf(row, pipelineAsked) : (wasIn ?? object.pipelines[0]);
  if (!pipeline) {
    return [
      issue(
        row.path + pipelineField,
        'unknown_pipeline',
        'There is no such pipeline for {many}.',
        'Use one of: {keys}.',
        {
          many: object.label.many.toLowerCase(),
          keys: object.pipelines.map((one) => one.key).join(', '),
        },
      ),
    ];
  }
  const from = row.old ? wasIn?.stage(String(oldValue(row, object.fields.get(stageField)!))) : undefined;
  const changedPipeline = row.old !== undefined && wasIn !== pipeline;
  const asked = row.values.get(stageField) ?? undefined;
  const to =
    asked !== undefined
      ? pipeline.stage(String(asked))
      : from && !changedPipeline
        ? from
        : pipeline.stages[0];
  if (!to) {
    return [
      issue(
        row.path + stageField,
        'unknown_stage',
        '“{pipeline}” has no stage “{stage}”.',
        'Use one of: {keys}.',
        {
          pipeline: pipeline.definition.label,
          stage: asked,
          keys: pipeline.stages.map((one) => one.key).join(', '),
        },
      ),
    ];
  }
  row.values.set(pipelineField, pipeline.key);
  row.values.set(stageField, to.key);
  if (row.old && !changedPipeline && from === to) return [];
  const move: Move = {
    kind: kindOf(row, from, to, changedPipeline),
    from,
    to,
    pipeline,
    reason: row.reason,
    override: row.override,
    issues: [],
  };
  row.move = move;
  if (row.old && from) {
    if (!changedPipeline) move.issues.push(...brokenRules(run, row, pipeline, from, to));
    else if (!from.open && to.open) move.issues.push(...needsReason(row, to));
  }
  stamp(run, row, move);
  return [];
}

/** A stage put back must still be one of its pipeline. */
function standsNowhere(row: Row): Issue[] {
  const { stageField, pipelineField } = row.object;
  const touched = row.values.has(stageField!) || row.values.has(pipelineField!);
  if (!touched || standing(row)) return [];
  return [
    issue(
      stageField!,
      'unknown_stage',
      'The stage that it stood in is no longer one of its pipeline.',
      'Move the record by hand.',
    ),
  ];
}

const needsReason = (row: Row, to: StageModel): Issue[] =>
  row.reason !== undefined
    ? []
    : [
        issue(
          'reason',
          'reason_needed',
          'Say why it goes back to {to}.',
          { say: 'Send a reason in a sentence to the advance operation.', set: [] },
          { to: to.label },
        ),
      ];

function kindOf(
  row: Row,
  from: StageModel | undefined,
  to: StageModel,
  changedPipeline: boolean,
): Move['kind'] {
  if (!row.old) return 'enter';
  if (changedPipeline || !from) return 'pipeline';
  if (!to.open) return 'close';
  if (!from.open) return 'reopen';
  return to.index > from.index ? 'forward' : 'back';
}

export const isNegative = (stage: StageModel): boolean =>
  stage.outcome === 'lost' || stage.outcome === 'dropped';

function brokenRules(run: Run, row: Row, pipeline: PipelineModel, from: StageModel, to: StageModel): Issue[] {
  const path = row.object.stageField!;
  const stated = pipeline.definition.transitions;
  if (stated) {
    const rule = stated.find(
      (one) => (one.from === '*' || one.from === from.key) && (one.to === '*' || one.to === to.key),
    );
    if (!rule)
      return [
        notAStep(
          path,
          from,
          to,
          stated.filter((one) => one.from === '*' || one.from === from.key).map((one) => one.to),
        ),
      ];
    if (rule.who && !rule.who.some((role) => run.context.principal.roles.includes(role))) {
      return [
        issue(
          path,
          'not_your_move',
          'Only {who} may move from {from} to {to}.',
          'Ask one of them to move it.',
          { who: rule.who.join(', '), from: from.label, to: to.label },
        ),
      ];
    }
    return rule.reason ? needsReason(row, to) : [];
  }
  if (!from.open && !to.open)
    return [
      notAStep(
        path,
        from,
        to,
        pipeline.stages.filter((one) => one.open).map((one) => one.key),
      ),
    ];
  if (!from.open || (to.open && to.index < from.index)) return needsReason(row, to);
  if (isNegative(to) || row.through) return [];
  const open = pipeline.stages.filter((one) => one.open);
  const next = open[open.indexOf(from) + 1];
  if (to.open ? to === next : next === undefined) return [];
  return [notAStep(path, from, to, next ? [next.key] : [])];
}

const notAStep = (path: string, from: StageModel, to: StageModel, steps: readonly string[]): Issue =>
  issue(
    path,
    'not_a_step',
    'From {from} the way to {to} leads through other stages.',
    'Move it to {next} first.',
    {
      from: from.label,
      to: to.label,
      next: steps.join(' or ') || 'another stage',
    },
  );

/** Old records keep their own dates; the stage began when the record closed, else when it opened, else it is not known. */
function stampHistory(run: Run, row: Row, move: Move): void {
  const { opened, closed } = move.pipeline.definition.dates ?? {};
  const field = row.object.fields.get('stage_entered_at');
  if (!field || row.values.get(field.key)) return;
  const date =
    (closed && !move.to.open ? row.values.get(closed) : undefined) ??
    (opened ? row.values.get(opened) : undefined);
  const parsed = date == null ? undefined : field.type.parse(date, field, parseEnvOf(run.context));
  row.values.set(field.key, parsed?.ok ? parsed.value : null);
}

/** Dates that a move sets unless the caller does. */
function stamp(run: Run, row: Row, move: Move): void {
  const { object } = row;
  if (!row.bornLate) row.values.set('stage_entered_at', run.now.toISOString());
  const openStages = move.pipeline.stages.filter((stage) => stage.open);
  if (move.to.open) row.values.set('last_open_stage', move.to.key);
  else if (!row.old || move.kind === 'pipeline') {
    row.values.set('last_open_stage', (isNegative(move.to) ? openStages[0] : openStages.at(-1))?.key ?? null);
  }
  if (row.bornLate) {
    stampHistory(run, row, move);
    return;
  }
  const dates = move.pipeline.definition.dates;
  const env = { now: run.now, timeZone: run.context.workspace.timeZone };
  const set = (key: string | undefined, value: string | null): void => {
    const field = key ? object.fields.get(key) : undefined;
    if (!field || row.values.get(field.key)) return;
    if (value !== null && row.old && oldValue(row, field) !== null) return;
    const parsed = field.type.parse(value, field, {
      ...env,
      catalog: run.context.catalog,
      currency: run.context.workspace.currency,
      country: run.context.workspace.country,
    });
    if (parsed.ok) row.values.set(field.key, parsed.value);
  };
  if (move.kind === 'enter') set(dates?.opened, todayIn(env));
  if (!move.to.open) set(dates?.closed, todayIn(env));
  else if (move.from && !move.from.open && dates?.closed) row.values.set(dates.closed, null);
}

/**
 * The items that a record in this stage must meet. Open stages ask for all that was asked on the way to them;
 * a closed stage asks for what was passed before closing, for what leaving that stage asks, and for its own.
 */
export function requiredItems(
  pipeline: PipelineModel,
  stage: StageModel,
  lastOpen: string | null,
): ItemModel[] {
  const open = pipeline.stages.filter((one) => one.open);
  const reached = stage.open
    ? stage.index
    : isNegative(stage)
      ? (((lastOpen ? pipeline.stage(lastOpen) : undefined) ?? open[0])?.index ?? -1)
      : (open.at(-1)?.index ?? -1);
  return pipeline.items.filter((item) => {
    const at = pipeline.stage(item.stage)!;
    if (!at.open) return at === stage && item.moment === 'enter';
    return item.moment === 'enter'
      ? at.index <= reached
      : stage.open
        ? at.index < reached
        : at.index <= reached;
  });
}
