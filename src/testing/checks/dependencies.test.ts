import { expect, test } from 'vitest';
import { dependencyFindings } from './dependencies.ts';

const table = '| package | why | licence |\n|---|---|---|\n| `zod` | schemas of what comes in | MIT |\n';
const licences: Record<string, string> = { zod: 'MIT', sneaky: 'SSPL-1.0' };
const check = (dependencies: Record<string, string>, text: string) =>
  dependencyFindings({ dependencies }, text, (name) => licences[name]).map(({ say }) => say);

test('a dependency with its reason and licence passes', () => {
  expect(check({ zod: '4.6.7' }, table)).toEqual([]);
});

test('a dependency without a line is named', () => {
  expect(check({ zod: '4.6.7', yaml: '2.9.1' }, table)).toEqual(['yaml has no line: say why it is there.']);
});

test('a line without its dependency is named', () => {
  expect(check({}, table)).toEqual(['zod is no dependency any more; take the name out.']);
});

test('a licence that is not ours to use, or not the package’s own, is named', () => {
  const line = '| `sneaky` | it was there one day | MIT |\n';
  expect(check({ zod: '1', sneaky: '1' }, table + line)).toEqual(['sneaky is under SSPL-1.0, not MIT.']);
  expect(check({ zod: '1', sneaky: '1' }, table + line.replace('MIT', 'SSPL-1.0'))).toEqual([
    '“SSPL-1.0” is no licence that we take; decide about it first.',
  ]);
});
