/**
 * JSON Schema of each sort of definition, with the settings of every kind in its place, so that an editor
 * completes and checks YAML as it is written. What only a catalog can know (does that list exist?) is not in it.
 */
import { z } from 'zod';
import type { Kinds } from '../../core/catalog/catalog.ts';
import { sortKeys, sorts, type Sort } from '../../core/definitions/index.ts';
import { FieldShape } from '../../core/definitions/object.ts';
import { CheckpointItem } from '../../core/definitions/pipeline.ts';
import { PackDefinition } from './packs.ts';
import type { DefinitionFile } from './read-yaml.ts';

const draft = 'https://json-schema.org/draft/2020-12/schema';

type Schema = { [key: string]: unknown };
type ObjectSchema = Schema & { properties: Record<string, Schema>; required?: string[]; allOf?: Schema[] };

const plain = (schema: z.ZodType): ObjectSchema => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest as ObjectSchema;
};

/** The schema of each sort's files. */
export function definitionSchemas(kinds: Kinds): Record<Sort, Schema> {
  const field = withKinds(plain(FieldShape), kinds.fields);
  const item = withKinds(plain(CheckpointItem), kinds.checkpoints);
  const schemas = Object.fromEntries(sortKeys.map((sort) => [sort, plain(sorts[sort])])) as Record<
    Sort,
    ObjectSchema
  >;
  const fields = schemas.objects.properties['fields']!;
  fields['additionalProperties'] = field;
  const stage = schemas.pipelines.properties['stages']!['items'] as ObjectSchema;
  for (const moment of ['enter', 'leave']) stage.properties[moment]!['items'] = item;
  const result: Record<string, Schema> = {};
  for (const [sort, schema] of Object.entries(schemas)) {
    result[sort] = { $schema: draft, title: `A definition of ${sort}`, ...schema };
  }
  return result;
}

type Kind = { key: string; label: string; meaning: string; settings: z.ZodType };

/** Common keys, and beside each `type` the settings of that kind alone. */
function withKinds(common: ObjectSchema, kinds: Readonly<Record<string, Kind>>): ObjectSchema {
  const all = Object.values(kinds);
  const anyKey = Object.fromEntries(Object.keys(common.properties).map((key) => [key, true]));
  const { additionalProperties: _, ...rest } = common;
  return {
    ...rest,
    properties: {
      ...common.properties,
      type: {
        description: common.properties['type']?.['description'],
        enum: all.map(({ key }) => key),
        // For editors that show them beside each choice.
        enumDescriptions: all.map(({ meaning }) => meaning),
      },
    },
    allOf: all.map((kind) => {
      const { properties, required } = plain(kind.settings);
      return {
        if: { properties: { type: { const: kind.key } }, required: ['type'] },
        then: {
          description: kind.meaning,
          properties: { ...anyKey, ...properties },
          ...(required ? { required } : {}),
          additionalProperties: false,
        },
      };
    }),
  };
}

/** The schemas as files of the reference, also that of `pack.yaml`. */
export function schemaFiles(kinds: Kinds): DefinitionFile[] {
  const pack = {
    $schema: draft,
    title: 'A pack',
    ...plain(PackDefinition),
  };
  return Object.entries({ ...definitionSchemas(kinds), pack }).map(([name, schema]) => ({
    path: `${name}.schema.json`,
    text: `${JSON.stringify(schema, null, 2)}\n`,
  }));
}
