import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deepestJson, parseJson } from './parse-json.ts';

const refusalOf = (text: string): unknown => {
  try {
    parseJson(text, 'where');
    return undefined;
  } catch (error) {
    const { status, errors } = (
      error as { body: { status: number; errors: { path: string; code: string }[] } }
    ).body;
    return [status, errors[0]!.path, errors[0]!.code];
  }
};

test.for<[text: string, status: number, path: string, code: string]>([
  ['{', 400, 'where', 'malformed_json'],
  ['', 400, 'where', 'malformed_json'],
  ['{"a": "\\u0000"}', 422, 'where.a', 'unstorable_text'],
  ['{"a": ["ok", "\\udfff"]}', 422, 'where.a.1', 'unstorable_text'],
  ['{"a": {"__proto__": 1}}', 422, 'where.a', 'reserved_key'],
  ['{"constructor": {"prototype": {}}}', 422, 'where', 'reserved_key'],
  ['[-1e999]', 422, 'where.0', 'number_too_large'],
])('%s is refused where it is wrong', ([text, ...meant]) => {
  expect(refusalOf(text)).toEqual(meant);
});

test('nesting is taken to the limit and no further', () => {
  const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
  expect(refusalOf(nested(deepestJson))).toBeUndefined();
  expect(refusalOf(nested(deepestJson + 1))).toEqual([422, expect.stringMatching(/^where\.0/), 'too_deep']);
  expect(refusalOf(nested(500_000))).toEqual([422, expect.any(String), 'too_deep']);
});

test('all other JSON comes through as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (text) => {
      if (/__proto__|constructor|\\u0000|\\ud[89a-f]/i.test(text)) return;
      expect(parseJson(text)).toEqual(JSON.parse(text));
    }),
  );
});
