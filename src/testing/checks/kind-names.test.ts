import { expect, test } from 'vitest';
import { namedKinds } from './kind-names.ts';
import { parseSource } from './syntax.ts';

const keys = {
  fields: new Set(['money', 'date']),
  operators: new Set(['eq']),
  checkpoints: new Set(['activity']),
};
const check = (path: string, text: string) => namedKinds(parseSource(path, text), keys).map(({ say }) => say);

test('asking for a kind by its name is refused, however it is written', () => {
  const ways = [
    "if (field.type.key === 'money') run();",
    "if ('money' !== field.type.key) run();",
    "switch (field.type.key) { case 'date': run(); }",
    "if (['money', 'date'].includes(field.type.key)) run();",
    "if (field.type === 'money') run();",
    "if (test.operator.key === 'eq') run();",
    "if (item.kind.key === 'activity') run();",
  ];
  for (const way of ways) expect(check('src/engine/a.ts', way).length, way).toBeGreaterThan(0);
});

test('asking for a capability, or comparing something else, is fine', () => {
  const ways = [
    "if (field.type.role === 'stage') run();",
    "if (activity.type === 'money') run();",
    "if (node.kind === 'activity') run();",
    'if (field.type.key === other.type.key) run();',
  ];
  for (const way of ways) expect(check('src/engine/a.ts', way), way).toEqual([]);
});

test('a kind knows its own name, but not its neighbour’s', () => {
  const text = "if (field.type.key === 'money') run();";
  expect(check('src/kinds/fields/money/money.ts', text)).toEqual([]);
  expect(check('src/kinds/operators/eq.ts', "if (operator.key === 'eq') run();")).toEqual([]);
  expect(check('src/kinds/fields/date/date.ts', text)).toHaveLength(1);
});
