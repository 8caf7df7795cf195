/** What a change of definitions would take away while records stand on it: refused, with the count and the way out. */
import type { Catalog, FieldModel, ObjectModel } from '../../core/catalog/catalog.ts';
import { issue, type Issue } from '../../core/errors/problem.ts';
import { ident, row, sql, type Queryable, type Sql } from '../../core/sql/sql.ts';
import { operandOf } from '../tables/desired.ts';
import { notUnique } from '../tables/prepare.ts';

/** Values and stages that vanish from `before` to `after` although records, archived ones too, have them. */
export async function inUseIssues(on: Queryable, before: Catalog, after: Catalog): Promise<Issue[]> {
  return [...(await valuesInUse(on, before, after)), ...(await stagesInUse(on, before, after))];
}

async function valuesInUse(on: Queryable, before: Catalog, after: Catalog): Promise<Issue[]> {
  const issues: Issue[] = [];
  for (const [key, list] of before.lists) {
    const kept = new Set(after.definitions.lists[key]?.values.map((value) => value.key));
    for (const value of list.values) {
      if (kept.has(value.key)) continue;
      for (const { object, field } of fieldsWithList(before, key)) {
        const now = after.objects.get(object.key)?.fields.get(field.key);
        if (now && now.type.listOf?.(now) !== key) continue; // its values are read anew, or refused, by its new type
        const column = ident(field.type.columns(field)[0]!.name);
        const has = field.type.traits(field).includes('set')
          ? sql`${value.key} = ANY(${column})`
          : sql`${column} = ${value.key}`;
        const count = await countOf(on, object, has);
        if (count === 0) continue;
        issues.push(
          issue(
            `lists.${key}.values.${value.key}`,
            'value_in_use',
            '“{value}” stands in “{field}” of {count} {records}.',
            'Keep it with active: false, so that it is no longer offered, or with merged_into and the key of another value.',
            { value: value.label, field: field.label, ...counted(object, count) },
          ),
        );
      }
    }
  }
  return issues;
}

function fieldsWithList(catalog: Catalog, list: string): { object: ObjectModel; field: FieldModel }[] {
  return [...catalog.objects.values()].flatMap((object) =>
    [...object.fields.values(), ...object.retired.values()]
      .filter((field) => field.type.listOf?.(field) === list && field.type.columns(field).length > 0)
      .map((field) => ({ object, field })),
  );
}

async function stagesInUse(on: Queryable, before: Catalog, after: Catalog): Promise<Issue[]> {
  const issues: Issue[] = [];
  for (const pipeline of before.pipelines.values()) {
    const object = before.objects.get(pipeline.object);
    const stageField = object?.stageField && object.fields.get(object.stageField);
    if (!object || !stageField || !after.objects.has(object.key)) continue;
    for (const stage of pipeline.stages) {
      if (after.pipelines.get(pipeline.key)?.stage(stage.key)) continue;
      const here = sql`${operandOf(stageField, object.key)} = ${stage.key}`;
      const pipelineField = object.pipelineField && object.fields.get(object.pipelineField);
      const inIt = pipelineField
        ? sql`${here} AND ${operandOf(pipelineField, object.key)} = ${pipeline.key}`
        : here;
      const count = await countOf(on, object, inIt);
      if (count === 0) continue;
      issues.push(
        issue(
          `pipelines.${pipeline.key}.stages.${stage.key}`,
          'stage_in_use',
          '{count} {records} are in the stage “{stage}” of “{pipeline}”.',
          'Move them to another stage first; archived ones count.',
          { stage: stage.label, pipeline: pipeline.definition.label, ...counted(object, count) },
        ),
      );
    }
  }
  return issues;
}

/** Fields that shall be unique from now on and are not. */
export async function uniqueIssues(on: Queryable, before: Catalog, after: Catalog): Promise<Issue[]> {
  const issues: Issue[] = [];
  for (const object of after.objects.values()) {
    for (const field of object.fields.values()) {
      const was = before.objects.get(object.key)?.fields.get(field.key);
      if (!field.unique || !was || was.unique || was.type.key !== field.type.key) continue;
      const operand = operandOf(field, object.key);
      const found = await row<{ count: number }>(
        on,
        sql`SELECT count(*)::integer AS count FROM (
              SELECT 1 FROM ${ident('crm', object.key)}
              WHERE archived_at IS NULL AND ${operand} IS NOT NULL GROUP BY ${operand} HAVING count(*) > 1) AS twice`,
      );
      if (found!.count > 0) issues.push(notUnique(object.key, field.key, field.label, found!.count));
    }
  }
  return issues;
}

async function countOf(on: Queryable, object: ObjectModel, condition: Sql): Promise<number> {
  const found = await row<{ count: number }>(
    on,
    sql`SELECT count(*)::integer AS count FROM ${ident('crm', object.key)} WHERE ${condition}`,
  );
  return found!.count;
}

const counted = (object: ObjectModel, count: number) => ({
  count,
  records: (count === 1 ? object.label.one : object.label.many).toLowerCase(),
});
