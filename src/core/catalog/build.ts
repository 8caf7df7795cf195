/** Definitions and kinds → catalog. Throws nothing: what does not resolve is reported beside the result. */
import type { z } from 'zod';
import type { Definitions } from '../definitions/index.ts';
import { FieldShape, type ObjectDefinition } from '../definitions/object.ts';
import type { PipelineDefinition } from '../definitions/pipeline.ts';
import { issue, type Issue } from '../errors/problem.ts';
import type {
  Catalog,
  FieldModel,
  ItemModel,
  Kinds,
  ObjectModel,
  PipelineModel,
  ReverseLink,
  LinesModel,
  RollupModel,
  StageModel,
} from './catalog.ts';
import { stagedSystemFields, systemFields } from './system-fields.ts';

const commonKeys = new Set(Object.keys(FieldShape.shape));
const itemKeys = new Set(['key', 'type', 'why', 'owner', 'mode', 'enforce_from', 'article']);

/** The keys of `value` that are not in `known`: a kind's own settings. */
const rest = (value: Record<string, unknown>, known: ReadonlySet<string>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).filter(([key]) => !known.has(key)));

export type Built = { catalog: Catalog; issues: Issue[] };

/**
 * Resolves definitions (already valid by their zod schemas) into a catalog. `issues` lists kinds that do
 * not exist and settings that a kind refuses, each with its path; `checkCatalog` finds the rest.
 */
export function buildCatalog(definitions: Definitions, kinds: Kinds, epoch: number): Built {
  const issues: Issue[] = [];
  const objects = new Map<string, ObjectModel>();
  const pipelines = new Map<string, PipelineModel>();

  for (const [key, definition] of Object.entries(definitions.pipelines)) {
    if (!definition.retired) pipelines.set(key, pipelineModel(key, definition, kinds, issues));
  }
  for (const [key, definition] of Object.entries(definitions.objects)) {
    if (!definition.retired) objects.set(key, objectModel(key, definition, kinds, pipelines, issues));
  }
  const catalog: Catalog = {
    epoch,
    kinds,
    definitions,
    objects,
    pipelines,
    lists: living(definitions.lists),
    roles: living(definitions.roles),
    matchRules: living(definitions.match_rules),
    serving: Object.fromEntries(
      [...objects.values()].flatMap((object) =>
        object.definition.serves ? [[object.definition.serves, object.key]] : [],
      ),
    ),
    lines: linesByObject(objects),
    rollupsFrom: rollupsByChild(objects),
  };
  addReverseLinks(objects);
  return { catalog, issues };
}

const living = <T extends { retired?: boolean | undefined }>(all: Record<string, T>): Map<string, T> =>
  new Map(Object.entries(all).filter(([, definition]) => !definition.retired));

/** What a kind's own schema found wrong in its settings, each with its path. */
const settingIssues = (path: string, { issues }: z.ZodError, of: string): Issue[] =>
  issues.map((found) =>
    issue(
      [path, ...found.path].join('.'),
      'invalid_setting',
      '{message}',
      'See the reference page of the {of}.',
      {
        message: found.message,
        of,
      },
    ),
  );

function fieldModel(
  object: string,
  key: string,
  definition: FieldShape,
  kinds: Kinds,
  system: boolean,
  issues: Issue[],
): FieldModel | undefined {
  const path = `objects.${object}.fields.${key}`;
  const type = Object.hasOwn(kinds.fields, definition.type) ? kinds.fields[definition.type] : undefined;
  if (!type) {
    issues.push(
      issue(
        `${path}.type`,
        'unknown_field_type',
        'There is no field type “{type}”.',
        'Use one of: {types}.',
        {
          type: definition.type,
          types: Object.keys(kinds.fields).join(', '),
        },
      ),
    );
    return undefined;
  }
  const parsed = type.settings.safeParse(rest(definition, commonKeys));
  if (!parsed.success) {
    issues.push(...settingIssues(path, parsed.error, `field type “${type.key}”`));
    return undefined;
  }
  return {
    key,
    object,
    label: definition.label,
    type,
    settings: parsed.data,
    definition,
    system,
    required: definition.required ?? false,
    unique: definition.unique ?? false,
    indexed: definition.indexed ?? false,
    maintained: system || (type.maintained ?? false),
  };
}

function objectModel(
  key: string,
  definition: ObjectDefinition,
  kinds: Kinds,
  pipelines: ReadonlyMap<string, PipelineModel>,
  issues: Issue[],
): ObjectModel {
  const fields = new Map<string, FieldModel>();
  const retired = new Map<string, FieldModel>();
  const put = (name: string, shape: FieldShape, system: boolean): void => {
    const model = fieldModel(key, name, shape, kinds, system, issues);
    if (model) (shape.retired ? retired : fields).set(name, model);
  };
  for (const [name, shape] of Object.entries(systemFields)) put(name, shape, true);
  const own = Object.entries(definition.fields);
  const typeOf = (shape: FieldShape) =>
    Object.hasOwn(kinds.fields, shape.type) ? kinds.fields[shape.type] : undefined;
  const staged = own.find(([, shape]) => !shape.retired && typeOf(shape)?.role === 'stage');
  const piped = own.find(([, shape]) => !shape.retired && typeOf(shape)?.role === 'pipeline');
  if (staged) for (const [name, shape] of Object.entries(stagedSystemFields)) put(name, shape, true);
  for (const [name, shape] of own) put(name, shape, false);
  const nameFields = typeof definition.name === 'string' ? [definition.name] : definition.name;
  return {
    key,
    definition,
    label: definition.label,
    fields,
    retired,
    nameFields,
    searchFields: definition.search ?? nameFields,
    ownerField: definition.owner_field,
    oldIdField: definition.old_id_field,
    reverse: new Map(),
    pipelines: [...pipelines.values()]
      .filter((pipeline) => pipeline.object === key)
      .sort(
        (a, b) =>
          Number(b.definition.default ?? false) - Number(a.definition.default ?? false) ||
          (a.key < b.key ? -1 : 1),
      ),
    stageField: staged?.[0],
    pipelineField: piped?.[0],
  };
}

function pipelineModel(
  key: string,
  definition: PipelineDefinition,
  kinds: Kinds,
  issues: Issue[],
): PipelineModel {
  const stages: StageModel[] = definition.stages.map((stage, index) => ({
    ...stage,
    index,
    open: stage.outcome === 'open',
  }));
  const items: ItemModel[] = [];
  for (const stage of stages) {
    for (const moment of ['enter', 'leave'] as const) {
      (stage[moment] ?? []).forEach((item, index) => {
        const path = `pipelines.${key}.stages.${stage.key}.${moment}.${index}`;
        const kind = Object.hasOwn(kinds.checkpoints, item.type) ? kinds.checkpoints[item.type] : undefined;
        if (!kind) {
          issues.push(
            issue(
              `${path}.type`,
              'unknown_checkpoint_kind',
              'There is no checkpoint kind “{type}”.',
              'Use one of: {types}.',
              {
                type: item.type,
                types: Object.keys(kinds.checkpoints).join(', '),
              },
            ),
          );
          return;
        }
        const parsed = kind.settings.safeParse(rest(item, itemKeys));
        if (!parsed.success) {
          issues.push(...settingIssues(path, parsed.error, `checkpoint kind “${kind.key}”`));
          return;
        }
        items.push({
          id: `${stage.key}.${item.key}`,
          stage: stage.key,
          moment,
          kind,
          settings: parsed.data,
          definition: item,
          owner: item.owner ?? definition.owner,
        });
      });
    }
  }
  return {
    key,
    object: definition.object,
    definition,
    stages,
    stage: (name) => stages.find((s) => s.key === name),
    items,
  };
}

/** Reverse links: the plural of the linking object, with `_by_<field>` where it links here more than once. */
function addReverseLinks(objects: ReadonlyMap<string, ObjectModel>): void {
  const found = new Map<string, { object: string; field: string }[]>();
  for (const object of objects.values()) {
    for (const field of object.fields.values()) {
      const target = field.type.linkTo?.(field);
      if (!target || field.system || !objects.has(target)) continue;
      const list = found.get(target) ?? [];
      list.push({ object: object.key, field: field.key });
      found.set(target, list);
    }
  }
  for (const [target, links] of found) {
    const reverse = new Map<string, ReverseLink>();
    for (const link of links) {
      const twice = links.filter((other) => other.object === link.object).length > 1;
      const name = twice ? `${link.object}_by_${link.field}` : link.object;
      reverse.set(name, { name, ...link });
    }
    (objects.get(target) as { reverse: ReadonlyMap<string, ReverseLink> }).reverse = reverse;
  }
}

function rollupsByChild(objects: ReadonlyMap<string, ObjectModel>): Map<string, RollupModel[]> {
  const byChild = new Map<string, RollupModel[]>();
  for (const parent of objects.values()) {
    for (const field of parent.fields.values()) {
      const rollup = field.type.rollup?.(field);
      if (!rollup) continue;
      for (const child of new Set(rollup.sources.map((source) => source.of))) {
        const list = byChild.get(child) ?? [];
        list.push({ parent: parent.key, field, rollup });
        byChild.set(child, list);
      }
    }
  }
  return byChild;
}

/** Lines whose definition holds together; what is broken is told by the catalog check. */
function linesByObject(objects: ReadonlyMap<string, ObjectModel>): Map<string, LinesModel> {
  const found = new Map<string, LinesModel>();
  for (const object of objects.values()) {
    const { lines } = object.definition;
    if (!lines) continue;
    const of = object.fields.get(lines.of);
    const parent = of?.type.linkTo?.(of);
    const into = objects.get(parent ?? '')?.fields.get(lines.into);
    const total = object.fields.get(lines.total);
    if (!of || parent === undefined || !into?.type.worth || !total?.type.worth) continue;
    const [linkKey = '', fromKey = ''] = lines.price_from?.split('.') ?? [];
    const field = object.fields.get(lines.price ?? '');
    const link = object.fields.get(linkKey);
    const from = objects.get(link?.type.linkTo?.(link) ?? '')?.fields.get(fromKey);
    const price = field && link && from?.type.worth ? { field, link, from } : undefined;
    found.set(object.key, { object: object.key, of, parent, into, total, ...(price ? { price } : {}) });
  }
  return found;
}
