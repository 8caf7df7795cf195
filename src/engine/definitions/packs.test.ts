import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { isProblem, type Issue } from '../../core/errors/problem.ts';
import { loadPacks } from './packs.ts';
import { baseOf, resolve } from './state.ts';

const made: string[] = [];
afterEach(() => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true });
});

function folder(files: Record<string, string>): string {
  const dir = mkdtempSync(join(tmpdir(), 'packs-'));
  made.push(dir);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  return dir;
}

function refused(files: Record<string, string>): readonly Issue[] {
  try {
    loadPacks(folder(files));
  } catch (error) {
    if (isProblem(error)) return error.body.errors;
    throw error;
  }
  throw new Error('the packs were taken');
}

const pack = (key: string, needs: string[] = []) =>
  `key: ${key}\nlabel: ${key}\nversion: 1.0.0\nmeaning: A pack for this test.\nneeds: [${needs.join(', ')}]\n`;
const list =
  'label: Colour\nowner: crm_owner\nmeaning: What it looks like.\nvalues:\n  - { key: red, label: Red }\n';

test('the shipped packs hold together', () => {
  const packs = loadPacks(join(import.meta.dirname, '../../../packs'));
  expect(packs.map(({ key }) => key).slice(0, 2)).toEqual(['base', 'sales']);
});

test('a pack stands behind those it needs, and may add to their definitions', () => {
  const dir = folder({
    'alpha/pack.yaml': pack('alpha', ['zulu']),
    'alpha/lists/colour.yaml': 'values:\n  - { key: blue, label: Blue }\n  - { key: red, meaning: Warm. }\n',
    'zulu/pack.yaml': pack('zulu'),
    'zulu/lists/colour.yaml': list,
  });
  const packs = loadPacks(dir);
  expect(packs.map(({ key }) => key)).toEqual(['zulu', 'alpha']);
  const definitions = resolve({
    base: baseOf(packs.flatMap(({ entries }) => entries)),
    own: new Map(),
  });
  expect(definitions.lists['colour']!.values).toEqual([
    { key: 'red', label: 'Red', meaning: 'Warm.' },
    { key: 'blue', label: 'Blue' },
  ]);
});

test('every finding is reported at once, with file and line', () => {
  const found = refused({
    'a/pack.yaml': pack('a'),
    'a/lists/colour.yaml':
      'label: Colour\nmeaning: What it looks like.\nvalues:\n  - key: Red\n    label: Red\n    colour: red\n',
    'a/objects/things.yaml': 'label: [\n',
    'a/listen/x.yaml': list,
  });
  const said = found.map(({ path, message }) => `${path} ${message}`).join('\n');
  expect(said).toContain('lists.colour.owner a/lists/colour.yaml:1: “owner” is missing.');
  expect(said).toMatch(/lists\.colour\.values\.Red\.key a\/lists\/colour\.yaml:4: .*snake_case/);
  expect(said).toMatch(/colour\.yaml:6: There is no key “colour” here/);
  expect(said).toMatch(/^a\/objects\/things\.yaml:\d/m);
  expect(said).toContain('a/listen/x.yaml There is no sort of definition called “listen”');
  expect(found.every(({ fix }) => fix.say.length > 5)).toBe(true);
});

test('packs that need each other in a ring, or one that is not there, are refused', () => {
  const ring = refused({ 'a/pack.yaml': pack('a', ['b']), 'b/pack.yaml': pack('b', ['a']) });
  expect(ring.map(({ code }) => code)).toEqual(['cycle']);
  expect(ring[0]!.message).toContain('a → b → a');
  expect(refused({ 'a/pack.yaml': pack('a', ['c']) }).map(({ code }) => code)).toEqual(['unknown_pack']);
});

test.each([
  ['a key given twice', `${list}label: Again\n`, 'duplicate_key'],
  ['aliases that multiply', bomb(), 'too_many_aliases'],
  ['nesting without end', `label: ${'['.repeat(5000)}${']'.repeat(5000)}\n`, 'too_deep'],
  ['a key that reaches into prototypes', `${list}__proto__: { a: 1 }\n`, 'reserved_word'],
  ['a tag that asks for code', `${list}x: !!js/function "function(){}"\n`, 'bad_yaml'],
  ['NUL bytes', `${list}# \u0000\n`, 'bad_characters'],
  ['no map at all', '- a\n- b\n', 'bad_yaml'],
])('%s is refused', (_name, text, code) => {
  const codes = refused({ 'a/pack.yaml': pack('a'), 'a/lists/colour.yaml': text }).map((found) => found.code);
  expect(codes).toContain(code);
});

function bomb(): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let i = 1; i < 9; i++)
    lines.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
    );
  return `${lines.join('\n')}\n`;
}
