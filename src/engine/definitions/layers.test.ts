import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { changeLines, conflicts, difference, lay } from './layers.ts';
import { shapes } from './shape.ts';
import { amendYaml, writeYaml } from './write-yaml.ts';

const shape = shapes.pipelines;
const word = fc.constantFrom('a', 'b', 'c', 'd');
const item = fc.record(
  {
    key: word,
    type: fc.constantFrom('fields', 'condition'),
    why: fc.string({ maxLength: 5 }),
    condition: fc.json().map((text) => ({ x: JSON.parse(text) as unknown })),
  },
  { requiredKeys: ['key', 'type'] },
);
const keyed = <T extends { key: string }>(one: fc.Arbitrary<T>) =>
  fc.uniqueArray(one, { selector: ({ key }) => key, maxLength: 4 });
const pipeline = fc.record(
  {
    label: fc.string({ maxLength: 5 }),
    entry: fc.record({ a: fc.integer(), b: fc.integer() }, { requiredKeys: [] }),
    dates: fc.record({ opened: word, closed: word }, { requiredKeys: [] }),
    stages: keyed(
      fc.record(
        { key: word, goal: fc.string({ maxLength: 5 }), enter: keyed(item) },
        { requiredKeys: ['key'] },
      ),
    ),
    transitions: fc.array(fc.record({ from: word, to: word })),
  },
  { requiredKeys: ['label'] },
);

const written = (value: unknown): string => JSON.stringify(parse(writeYaml('pipelines', value)));

test('what differs, laid above the packs, gives the workspace’s definition again, order included', () => {
  fc.assert(
    fc.property(pipeline, pipeline, (base, next) => {
      const change = difference(base, next, shape);
      expect(written(lay(base, change, shape))).toBe(written(next));
      expect(difference(base, base, shape)).toBeUndefined();
      expect(change === undefined).toBe(changeLines(base, next, shape).length === 0);
      const stored: unknown = JSON.parse(JSON.stringify(change ?? null));
      if (change !== undefined) expect(written(lay(base, stored, shape))).toBe(written(next));
    }),
    { numRuns: 200 },
  );
});

test('a text amended to another definition says exactly that definition', () => {
  fc.assert(
    fc.property(pipeline, pipeline, (base, next) => {
      const amended = amendYaml('pipelines', writeYaml('pipelines', base), next);
      expect(difference(parse(amended), next, shape)).toBeUndefined();
    }),
    { numRuns: 100 },
  );
});

test('an upgrade of the packs arrives wherever the workspace said nothing', () => {
  fc.assert(
    fc.property(pipeline, pipeline, pipeline, (old, upgraded, own) => {
      const change = difference(old, own, shape);
      const now = lay(upgraded, change, shape) as typeof old;
      if (own.label === old.label) expect(now.label).toBe(upgraded.label);
      else expect(now.label).toBe(own.label);
      if (change === undefined) expect(written(now)).toBe(written(upgraded));
    }),
  );
});

test('comments stay where they are while a definition is mended', () => {
  const text = `# What we sell
label: Colour # shown
owner: crm_owner
meaning: What it looks like.
values:
  # warm
  - { key: red, label: Red }
  - { key: blue, label: Blue } # cold
`;
  const value = parse(text) as { label: string; values: object[] };
  value.label = 'Tint';
  value.values = [value.values[0]!, { key: 'green', label: 'Green' }, value.values[1]!];
  expect(amendYaml('lists', text, value)).toBe(`# What we sell
label: Tint # shown
owner: crm_owner
meaning: What it looks like.
values:
  # warm
  - { key: red, label: Red }
  - key: green
    label: Green
  - { key: blue, label: Blue } # cold
`);
});

test('a key that both the pack and the workspace changed is a conflict; the workspace’s word stands', () => {
  const was = { label: 'a', owner: 'o', stages: [{ key: 'x', goal: 'g1' }] };
  const own = { label: 'b', owner: 'o', stages: [{ key: 'x', goal: 'g2' }] };
  const pack = { label: 'c', owner: 'p', stages: [{ key: 'x', goal: 'g2' }] };
  const change = difference(was, own, shape);
  expect(conflicts(was, pack, change, shape)).toEqual([
    { path: 'label', was: 'a', pack: 'c', workspace: 'b' },
  ]);
  expect(lay(pack, change, shape)).toEqual({ label: 'b', owner: 'p', stages: [{ key: 'x', goal: 'g2' }] });
});

test('a checkpoint item of another kind is taken whole: settings of two kinds do not mix', () => {
  const was = { label: 'a', stages: [{ key: 'x', enter: [{ key: 'i', type: 'fields', fields: ['a'] }] }] };
  const own = { label: 'a', stages: [{ key: 'x', enter: [{ key: 'i', type: 'file' }] }] };
  const pack = {
    label: 'a',
    stages: [{ key: 'x', enter: [{ key: 'i', type: 'fields', fields: ['a', 'b'] }] }],
  };
  expect(lay(pack, difference(was, own, shape), shape)).toEqual(own);
});
