import { expect, test } from 'vitest';
import { missingPaths } from './document-paths.ts';
import { findingLines } from './finding.ts';
import { readProjectFile } from './project-files.ts';

test('every path that ARCHITECTURE.md names exists', () => {
  const text = readProjectFile('ARCHITECTURE.md');
  expect(text.match(/`src\/[^`]+`/g)!.length).toBeGreaterThan(20);
  expect(findingLines(missingPaths({ path: 'ARCHITECTURE.md', text }))).toBe('');
});

test('a path that does not exist is named with its line', () => {
  const text = 'Look at `src/core/sql/sql.ts`.\nThen at `src/core/no-such.ts` and [this](docs/none.md).\n';
  expect(missingPaths({ path: 'ARCHITECTURE.md', text })).toEqual([
    { file: 'ARCHITECTURE.md', line: 2, say: 'names src/core/no-such.ts, which does not exist.' },
    { file: 'ARCHITECTURE.md', line: 2, say: 'names docs/none.md, which does not exist.' },
  ]);
});

test('a place held open in a path is met by any file there, and by none where there is none', () => {
  const text = '`src/kinds/fields/<type>/<type>.ts` `src/kinds/fields/<type>/<type>.rb`';
  expect(missingPaths({ path: 'ARCHITECTURE.md', text }).map(({ say }) => say)).toEqual([
    'names src/kinds/fields/<type>/<type>.rb, which does not exist.',
  ]);
});

test('code blocks are examples, not claims', () => {
  const text = '```\n`src/nowhere.ts`\n```\n';
  expect(missingPaths({ path: 'ARCHITECTURE.md', text })).toEqual([]);
});
