/** Pipelines: their object, stages, transitions, dates, entry condition and checkpoints. */
import { checkCondition } from '../../conditions/check.ts';
import { checkpointEnv } from '../../conditions/checkpoint-env.ts';
import { issue, type Issue } from '../../errors/problem.ts';
import type { Catalog, ObjectModel, PipelineModel } from '../catalog.ts';
import { dangling, fieldAt, isIssue, ownerIssues } from './finding.ts';

export function checkPipelines(catalog: Catalog): Issue[] {
  return [
    ...[...catalog.pipelines.values()].flatMap((pipeline) => checkPipeline(pipeline, catalog)),
    ...[...catalog.objects.values()].flatMap((object) => together(object)),
  ];
}

function checkPipeline(pipeline: PipelineModel, catalog: Catalog): Issue[] {
  const path = `pipelines.${pipeline.key}`;
  const { definition } = pipeline;
  const issues = [
    ...ownerIssues(definition.owner, `${path}.owner`, catalog),
    ...stageIssues(pipeline, path, catalog),
  ];
  (definition.transitions ?? []).forEach((transition, index) => {
    const at = `${path}.transitions.${index}`;
    const stages = pipeline.stages.map((stage) => stage.key);
    for (const end of ['from', 'to'] as const) {
      if (transition[end] !== '*' && !pipeline.stage(transition[end])) {
        issues.push(
          dangling(`${at}.${end}`, 'stage', transition[end], stages, 'Name a stage of this pipeline, or *.'),
        );
      }
    }
    (transition.who ?? []).forEach((role, place) => {
      if (!catalog.roles.has(role)) {
        issues.push(
          dangling(`${at}.who.${place}`, 'role', role, catalog.roles.keys(), 'Name a role that exists.'),
        );
      }
    });
  });
  const object = catalog.objects.get(pipeline.object);
  if (!object) {
    issues.push(
      dangling(
        `${path}.object`,
        'object',
        pipeline.object,
        catalog.objects.keys(),
        'Add the object, or name another.',
      ),
    );
    return issues;
  }
  return [...issues, ...againstObject(pipeline, object, path, catalog)];
}

function stageIssues(pipeline: PipelineModel, path: string, catalog: Catalog): Issue[] {
  const issues: Issue[] = [];
  const stages = new Set<string>();
  const items = new Set<string>();
  for (const stage of pipeline.stages) {
    const at = `${path}.stages.${stage.key}`;
    if (stages.has(stage.key)) {
      issues.push(
        issue(at, 'twice', 'Two stages are called “{key}”.', 'Give one of them another key.', {
          key: stage.key,
        }),
      );
    }
    stages.add(stage.key);
    for (const moment of ['enter', 'leave'] as const) {
      (stage[moment] ?? []).forEach((item, index) => {
        const here = `${at}.${moment}.${index}`;
        if (items.has(item.key)) {
          issues.push(
            issue(
              `${here}.key`,
              'twice',
              'Two checkpoint items of this pipeline are called “{key}”.',
              'Give one of them another key.',
              {
                key: item.key,
              },
            ),
          );
        }
        items.add(item.key);
        if (item.owner !== undefined) issues.push(...ownerIssues(item.owner, `${here}.owner`, catalog));
        if (item.enforce_from !== undefined && item.mode !== 'advise') {
          issues.push(
            issue(
              `${here}.enforce_from`,
              'not_advised',
              'This item is enforced already.',
              'Write mode: advise, or take enforce_from away.',
            ),
          );
        }
      });
    }
  }
  if (!pipeline.stages.some((stage) => stage.open)) {
    issues.push(
      issue(
        `${path}.stages`,
        'no_open_stage',
        'No stage is open, so no record could begin.',
        'Give one stage the outcome open.',
      ),
    );
  }
  return issues;
}

function againstObject(
  pipeline: PipelineModel,
  object: ObjectModel,
  path: string,
  catalog: Catalog,
): Issue[] {
  const issues: Issue[] = [];
  const { definition } = pipeline;
  if (object.stageField === undefined || object.pipelineField === undefined) {
    issues.push(
      issue(
        `${path}.object`,
        'not_staged',
        '{object} have no fields for their pipeline and stage.',
        'Add a field of the pipeline kind and one of the stage kind.',
        {
          object: object.label.many,
        },
      ),
    );
  }
  for (const [date, key] of Object.entries(definition.dates ?? {})) {
    if (key === undefined) continue;
    const field = fieldAt(object, key, `${path}.dates.${date}`);
    if (isIssue(field)) issues.push(field);
    else if (!field.type.traits(field).includes('temporal') || field.maintained) {
      issues.push(
        issue(
          `${path}.dates.${date}`,
          'wrong_field',
          '“{label}” is not a date that can be stamped.',
          'Name a date field.',
          {
            label: field.label,
          },
        ),
      );
    }
  }
  if (definition.entry !== undefined) {
    issues.push(
      ...checkCondition(definition.entry, {
        catalog,
        object: object.key,
        place: 'entry',
        path: `${path}.entry`,
      }),
    );
  }
  const env = checkpointEnv(catalog, object);
  for (const item of pipeline.items) {
    const stage = pipeline.stage(item.stage)!;
    const index = stage[item.moment]?.indexOf(item.definition) ?? 0;
    const at = `${path}.stages.${item.stage}.${item.moment}.${index}`;
    for (const found of item.kind.check(item.settings, env)) {
      issues.push({ ...found, path: found.path === '' ? at : `${at}.${found.path}` });
    }
  }
  return issues;
}

/** What pipelines of one object must agree on: one default, and what a stage they share means for the record. */
function together(object: ObjectModel): Issue[] {
  const issues: Issue[] = [];
  const [first, ...others] = object.pipelines.filter((pipeline) => pipeline.definition.default);
  for (const other of others) {
    issues.push(
      issue(
        `pipelines.${other.key}.default`,
        'two_defaults',
        '“{first}” is already the default pipeline of {object}.',
        'Let one be the default.',
        {
          first: first!.definition.label,
          object: object.label.many,
        },
      ),
    );
  }
  const outcomes = new Map<string, { outcome: string; pipeline: string }>();
  for (const pipeline of object.pipelines) {
    for (const { key, outcome } of pipeline.stages) {
      const before = outcomes.get(key);
      if (before && before.outcome !== outcome) {
        issues.push(
          issue(
            `pipelines.${pipeline.key}.stages.${key}.outcome`,
            'two_outcomes',
            'The stage “{key}” is {outcome} here and {other} in “{pipeline}”.',
            'Give one of the two stages another key.',
            { key, outcome, other: before.outcome, pipeline: before.pipeline },
          ),
        );
      } else outcomes.set(key, { outcome, pipeline: pipeline.key });
    }
  }
  if (object.stageField !== undefined && object.pipelines.length === 0) {
    issues.push(
      issue(
        `objects.${object.key}.fields.${object.stageField}`,
        'no_pipeline',
        '{object} have a stage, but no pipeline.',
        'Add a pipeline for them, or retire the field.',
        {
          object: object.label.many,
        },
      ),
    );
  }
  return issues;
}
