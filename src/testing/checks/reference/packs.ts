/** Pages about what the packs define: objects, reference lists, pipelines, roles, match rules. */
import type { Catalog, ItemModel, ObjectModel, PipelineModel } from '../../../core/catalog/catalog.ts';
import { checkpointEnv } from '../../../core/conditions/checkpoint-env.ts';
import { explainCondition } from '../../../core/conditions/explain.ts';
import { verbs, type Scope } from '../../../core/definitions/role.ts';
import { code, page, plain, table } from './markdown.ts';

const byKey = <T>(all: ReadonlyMap<string, T>): [string, T][] =>
  [...all].sort(([a], [b]) => (a < b ? -1 : 1));

export function objectPage(object: ObjectModel, catalog: Catalog): string {
  const rows = [...object.fields.values()].map((field) => {
    const to = field.type.linkTo?.(field);
    const list = field.type.listOf?.(field);
    const marks = [
      field.required ? 'required' : '',
      field.unique ? 'unique' : '',
      field.maintained ? 'read only' : '',
      field.definition.sensitivity && field.definition.sensitivity !== 'none'
        ? field.definition.sensitivity
        : '',
    ].filter((mark) => mark !== '');
    return [
      code(field.key),
      plain(field.label),
      `[${field.type.key}](../field-types.md#${field.type.key})` +
        (to ? ` to [${to}](${to}.md)` : '') +
        (list ? ` from [${list}](../lists.md#${list})` : ''),
      marks.join(', '),
      plain(field.definition.meaning) +
        (field.definition.required_by ? ` Needed by: ${plain(field.definition.required_by)}` : ''),
      plain(field.definition.owner),
    ];
  });
  const { definition } = object;
  return page(object.label.many, [
    plain(definition.meaning),
    [
      `- Key: ${code(object.key)}`,
      `- Owner: ${plain(definition.owner)}`,
      `- A record is called by: ${object.nameFields.map(code).join(', ')}`,
      `- Text search reads: ${object.searchFields.map(code).join(', ')}`,
      ...(definition.serves ? [`- Serves as: ${definition.serves}`] : []),
      ...(definition.follows
        ? [`- Readable where the first of these is: ${definition.follows.map(code).join(', ')}`]
        : []),
      ...object.pipelines.map((pipeline) => `- Pipeline: [${pipeline.key}](../pipelines/${pipeline.key}.md)`),
    ].join('\n'),
    '## Fields',
    table(['Key', 'Label', 'Type', '', 'Meaning', 'Owner'], rows),
    object.reverse.size === 0 ? '' : '## Related records, by their names in conditions',
    [...object.reverse.values()]
      .map((link) => `- ${code(link.name)}: ${link.object}, by ${code(link.field)}`)
      .sort()
      .join('\n'),
    matchWords(object, catalog),
  ]);
}

function matchWords(object: ObjectModel, catalog: Catalog): string {
  const sets = (fields: readonly (readonly string[])[] | undefined): string =>
    (fields ?? []).map((set) => set.map(code).join(' and ')).join('; or ') || 'nothing';
  const rules = byKey(catalog.matchRules).filter(([, rule]) => rule.object === object.key);
  if (rules.length === 0) return '';
  return [
    '## When two are the same',
    ...rules.map(
      ([, rule]) =>
        `${plain(rule.meaning)}\n\n- Proof enough to refuse a second one: ${sets(rule.auto)}\n- Worth a look by a person: ${sets(rule.review)}`,
    ),
  ].join('\n\n');
}

export function listsPage(catalog: Catalog): string {
  return page('Reference lists', [
    'The values that a choice offers. Each key is what the API writes and reads.',
    ...byKey(catalog.lists).map(([key, list]) =>
      [
        `## ${key}`,
        `${plain(list.meaning)} Owner: ${plain(list.owner)}.`,
        table(
          ['Key', 'Label', 'Meaning'],
          list.values.map((value) => [
            code(value.key),
            plain(value.label) + (value.active === false ? ' (retired)' : ''),
            plain(value.meaning ?? ''),
          ]),
        ),
      ].join('\n\n'),
    ),
  ]);
}

export function pipelinePage(pipeline: PipelineModel, catalog: Catalog): string {
  const object = catalog.objects.get(pipeline.object)!;
  const env = checkpointEnv(catalog, object);
  const itemRow = (item: ItemModel): string[] => [
    code(item.id),
    plain(item.kind.missing(item.settings, env).say),
    plain(item.definition.why),
    `[${item.kind.key}](../checkpoints.md#${item.kind.key})${item.definition.mode === 'advise' ? ', advises only' : ''}`,
    plain(item.owner),
  ];
  const stages = pipeline.stages.map((stage) => {
    const items = (moment: string): string => {
      const rows = pipeline.items
        .filter((item) => item.stage === stage.key && item.moment === moment)
        .map(itemRow);
      const head = moment === 'enter' ? 'To enter it, or stand beyond it' : 'To go on from it';
      return rows.length === 0
        ? ''
        : `**${head}:**\n\n${table(['Item', 'What is said when it is missing', 'Why', 'Kind', 'Owner'], rows)}`;
    };
    return [
      `## ${stage.index + 1}. ${plain(stage.label)}`,
      [
        `- Key: ${code(stage.key)}; outcome: ${stage.outcome}`,
        `- Goal: ${plain(stage.goal)}`,
        `- Expected action: ${plain(stage.action)}`,
        ...(stage.guidance ? [`- Guidance: ${plain(stage.guidance)}`] : []),
        ...(stage.probability === undefined ? [] : [`- Probability: ${stage.probability} %`]),
        ...(stage.stale_after ? [`- Stale after: ${stage.stale_after}`] : []),
      ].join('\n'),
      items('enter'),
      items('leave'),
    ]
      .filter((part) => part !== '')
      .join('\n\n');
  });
  const { definition } = pipeline;
  return page(definition.label, [
    plain(definition.meaning),
    [
      `- Key: ${code(pipeline.key)}; object: [${pipeline.object}](../objects/${pipeline.object}.md)${definition.default ? '; where a record goes that names no pipeline' : ''}`,
      `- Owner: ${plain(definition.owner)}`,
      ...(definition.entry
        ? [
            `- Only records of which this holds: ${plain(explainCondition(definition.entry, { catalog, object: object.key, place: 'entry' }))}`,
          ]
        : []),
    ].join('\n'),
    ...stages,
  ]);
}

export function rolesPage(catalog: Catalog): string {
  const scopeWords = (scope: Scope, object: string): string => {
    if (typeof scope === 'string') return scope;
    if (Array.isArray(scope)) return scope.map((one: Scope) => scopeWords(one, object)).join(' or ');
    return catalog.objects.has(object)
      ? `where ${explainCondition(scope, { catalog, object, place: 'role' })}`
      : 'where a condition holds';
  };
  return page('Roles', [
    'What each role may do. A scope is `none`, `own`, `team`, `all`, `linked` (readable where what it belongs to is) or a condition; what is not granted is refused. The row `*` stands for every object that is not named.',
    ...byKey(catalog.roles).map(([key, role]) => {
      const grants = Object.entries(role.grants);
      const used = verbs.filter((verb) => grants.some(([, grant]) => grant[verb] !== undefined));
      const rows = grants.map(([object, grant]) => [
        code(object),
        ...used.map((verb) => (grant[verb] === undefined ? '' : plain(scopeWords(grant[verb], object)))),
      ]);
      const masks = grants.flatMap(([object, grant]) =>
        Object.entries(grant.fields ?? {}).map(([field, may]) => `- ${code(`${object}.${field}`)}: ${may}`),
      );
      return [
        `## ${key}`,
        `${plain(role.meaning)} Owner: ${plain(role.owner)}.`,
        table(['Object', ...used], rows),
        masks.length > 0 ? `Fields apart from their record:\n\n${masks.join('\n')}` : '',
        role.permissions ? `Also: ${role.permissions.map(code).join(', ')}.` : '',
      ]
        .filter((part) => part !== '')
        .join('\n\n');
    }),
  ]);
}
