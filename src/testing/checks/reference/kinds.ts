/** Pages about kinds: field types, operators with the variables, checkpoint kinds. */
import { z } from 'zod';
import type { Catalog, FieldModel } from '../../../core/catalog/catalog.ts';
import { places, variablesOf, type Place } from '../../../core/conditions/variables.ts';
import { limits } from '../../../core/conditions/grammar.ts';
import type { FieldType } from '../../../core/kinds/field-type.ts';
import type { ArgumentShape, Operator } from '../../../core/kinds/operator.ts';
import { code, page, plain, propertyTable, table } from './markdown.ts';

const settingsOf = (schema: z.ZodType): string =>
  propertyTable(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));

/** A field of the type: one of the shipped ones, else one with the least settings that do. */
function sampleField(type: FieldType, catalog: Catalog): FieldModel | undefined {
  for (const object of catalog.objects.values()) {
    for (const field of object.fields.values()) if (field.type.key === type.key) return field;
  }
  for (const settings of [{}, ...type.cases.map((each) => each.settings ?? {})]) {
    const parsed = type.settings.safeParse(settings);
    if (!parsed.success) continue;
    const definition = { type: type.key, label: type.label, owner: 'administrator', meaning: type.meaning };
    return {
      key: 'field',
      object: 'accounts',
      label: type.label,
      type,
      settings: parsed.data,
      definition,
      system: false,
      required: false,
      unique: false,
      indexed: false,
      maintained: type.maintained ?? false,
    };
  }
  return undefined;
}

const byKey = <T extends { key: string }>(all: Iterable<T>): T[] =>
  [...all].sort((a, b) => (a.key < b.key ? -1 : 1));

const takes = (operator: Operator, traits: readonly string[]): boolean =>
  operator.needs.every((trait) => traits.includes(trait));

export function fieldTypesPage(catalog: Catalog): string {
  const operators = byKey(Object.values(catalog.kinds.operators));
  const parts = byKey(Object.values(catalog.kinds.fields)).map((type) => {
    const field = sampleField(type, catalog);
    const traits = field ? type.traits(field) : [];
    const columns = field ? type.columns(field) : [];
    const shown = (name: string): string => code(name.replace(field!.key, '<field>'));
    return [
      `## ${type.key}`,
      plain(type.meaning) + (type.maintained ? ' The engine fills it; callers may not write it.' : ''),
      `- Traits: ${traits.map(code).join(', ') || 'none'}`,
      `- Columns: ${
        columns
          .map(
            (column) =>
              `${shown(column.name)} ${code(column.type + (column.collateC ? ' COLLATE "C"' : ''))}`,
          )
          .join(', ') || 'none'
      }`,
      `- Operators: ${
        operators
          .filter((operator) => takes(operator, traits))
          .map((operator) => code(operator.key))
          .join(', ') || 'none'
      }`,
      settingsOf(type.settings),
    ]
      .filter((part) => part !== '')
      .join('\n\n')
      .replaceAll('\n\n- ', '\n- ')
      .replace('\n- Traits', '\n\n- Traits');
  });
  return page('Field types', [
    'What a field may be. Beside the settings listed here every field takes those that all fields share: see [the schema of objects](schema/objects.schema.json) and the [guide](../guide/definitions.md).',
    ...parts,
  ]);
}

const argumentWords: Record<ArgumentShape, { takes: string; example: string; words: string[] }> = {
  value: { takes: 'one value', example: '10000', words: ['10,000'] },
  values: { takes: 'a list of values', example: '[a, b]', words: ['A', 'B'] },
  range: { takes: '`[from, to]`', example: '[1, 5]', words: ['1', '5'] },
  flag: { takes: '`true` or `false`', example: 'true', words: [] },
  text: { takes: 'text', example: 'berg', words: ['“berg”'] },
  duration: { takes: 'a span such as `14d`', example: '14d', words: ['14 days'] },
  word: { takes: 'a word', example: '', words: [] },
};

export function operatorsPage(catalog: Catalog): string {
  const types = byKey(Object.values(catalog.kinds.fields));
  const rows = byKey(Object.values(catalog.kinds.operators)).map((operator) => {
    const { takes: argument, words, example } = argumentWords[operator.argument];
    const word = operator.words?.[0] ?? '';
    const shown = operator.words ? operator.words.map(code).join(', ') : argument;
    return [
      code(operator.key),
      shown,
      operator.needs.map(code).join(', '),
      code(`{ field: { ${operator.key}: ${operator.words ? word : example} } }`),
      plain(`field ${operator.explain(operator.words ? [word] : words, true)}`),
      types
        .filter((type) => {
          const field = sampleField(type, catalog);
          return field !== undefined && takes(operator, type.traits(field));
        })
        .map((type) => code(type.key))
        .join(', '),
    ];
  });
  const shorts = byKey(Object.values(catalog.kinds.operators)).filter((operator) => operator.short);
  const variables = (Object.keys(places) as Place[]).map((place) => [
    plain(places[place].words),
    variablesOf(place).map(code).join(', ') || 'none',
    places[place].links ? 'yes' : 'no',
  ]);
  return page('Operators of the condition language', [
    'The [guide](../guide/conditions.md) explains the language; this page lists its words.',
    table(['Operator', 'Argument', 'The field must be', 'Written', 'Read as', 'Field types'], rows),
    '## Without an operator',
    table(
      ['Written', 'Means', 'Where the field is'],
      shorts.map((operator) => [
        {
          value: '`{ field: value }`',
          values: '`{ field: [a, b] }`',
          null: '`{ field: null }`',
        }[operator.short!],
        code(operator.key),
        operator.needs.map(code).join(', '),
      ]),
    ),
    '## Variables, and where they may stand',
    table(['In', 'Variables', 'Paths over links and related records'], variables),
    '## Limits',
    table(
      ['Of', 'At most'],
      [
        ['groups within groups', String(limits.depth)],
        ['groups and tests together', String(limits.nodes)],
        ['values in a list', String(limits.list)],
        ['characters of a text', String(limits.text)],
        ['links that a path follows', String(limits.links)],
      ],
    ),
  ]);
}

export function checkpointsPage(catalog: Catalog): string {
  return page('Checkpoint kinds', [
    'An item of a checkpoint is one of these kinds. Beside its own settings each item takes `key`, `type`, `why`, and may take `owner`, `mode`, `enforce_from` and `article`.',
    ...byKey(Object.values(catalog.kinds.checkpoints)).map((kind) =>
      [`## ${kind.key}`, plain(kind.meaning), settingsOf(kind.settings)]
        .filter((part) => part !== '')
        .join('\n\n'),
    ),
  ]);
}
