import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { leaks, lockFindings, mayLeak } from './leaks.ts';
import { root } from './project-files.ts';

test('the folder that the checkout lies in is a leak', () => {
  expect(leaks({ path: 'a.ts', text: `one\nread('${root}/x')` })).toMatchObject([{ line: 2 }]);
});

test('somebody’s home folder is a leak, a path of the product is none', () => {
  const home = ['', 'home', 'anna', 'x'].join('/');
  expect(leaks({ path: 'a.md', text: `see ${home}` })).toHaveLength(1);
  expect(leaks({ path: 'a.md', text: 'see src/core/sql/sql.ts and ./data' })).toEqual([]);
});

test('a private key is a leak', () => {
  expect(leaks({ path: 'a.md', text: ['-----BEGIN', 'PRIVATE KEY-----'].join(' ') })).toHaveLength(1);
});

test('a lock file with a download address or without a hash is refused', () => {
  const lock = (entry: object): string =>
    JSON.stringify({ lockfileVersion: 3, packages: { '': {}, 'node_modules/a': entry } });
  expect(lockFindings(lock({ version: '1.0.0', integrity: 'sha512-x' }))).toEqual([]);
  expect(
    lockFindings(lock({ version: '1.0.0', integrity: 'sha512-x', resolved: 'https://x.example/a' })),
  ).toHaveLength(1);
  expect(lockFindings(lock({ version: '1.0.0' }))).toHaveLength(1);
});

test('pictures are not read', () => {
  expect(mayLeak('docs/a.png')).toBe(false);
  expect(mayLeak('.ci/run')).toBe(true);
  expect(dirname(root)).not.toBe(root);
});
