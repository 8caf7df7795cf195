import { join } from 'node:path';
import { expect, test } from 'vitest';
import { kinds } from '../../kinds/index.ts';
import { definitionSchemas } from './json-schema.ts';
import { loadPacks } from './packs.ts';

const root = join(import.meta.dirname, '../../..');
type Branch = {
  if: { properties: { type: { const: string } } };
  then: { properties: object; required?: string[] };
};

test('the schema of a field knows the settings of its type, for every field that is shipped', () => {
  const schemas = definitionSchemas(kinds) as any;
  const branches = schemas.objects.properties.fields.additionalProperties.allOf as Branch[];
  expect(branches.map((branch) => branch.if.properties.type.const).sort()).toEqual(
    Object.keys(kinds.fields).sort(),
  );
  const objects = loadPacks(join(root, 'packs')).flatMap(({ entries }) =>
    entries.filter(({ sort }) => sort === 'objects'),
  );
  let fields = 0;
  for (const { definition } of objects) {
    for (const field of Object.values((definition as { fields: Record<string, { type: string }> }).fields)) {
      const { then } = branches.find((branch) => branch.if.properties.type.const === field.type)!;
      expect(Object.keys(then.properties)).toEqual(expect.arrayContaining(Object.keys(field)));
      expect(Object.keys(field)).toEqual(expect.arrayContaining(then.required ?? []));
      fields++;
    }
  }
  expect(fields).toBeGreaterThan(50);
});

test('the schema of a checkpoint item knows the settings of its kind', () => {
  const { stages } = (definitionSchemas(kinds).pipelines as any).properties;
  for (const moment of ['enter', 'leave']) {
    const branches = stages.items.properties[moment].items.allOf as Branch[];
    expect(branches.map((branch) => branch.if.properties.type.const).sort()).toEqual(
      Object.keys(kinds.checkpoints).sort(),
    );
  }
});
