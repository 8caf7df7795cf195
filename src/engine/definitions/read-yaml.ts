/**
 * YAML that nobody vouches for, into data and the places of its keys. Its size, depth, aliases and keys are
 * bounded here, and every finding names the file and the line.
 */
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Node } from 'yaml';
import { issue, type Issue } from '../../core/errors/problem.ts';

/** A file of definitions: `objects/deals.yaml`, relative to the folder that holds the sorts. */
export type DefinitionFile = { path: string; text: string };

export type Read = {
  value?: unknown;
  issues: Issue[];
  /** Line, from 1, of what a path such as `fields.amount.type` names, or of the nearest thing around it. */
  lineOf(path: readonly PropertyKey[]): number;
};

const maxBytes = 1_000_000;
const maxDepth = 60;
/** Of aliases in one text: enough to repeat a part, too few to blow it up. */
export const maxAliases = 50;
const refusedKeys = new Set(['__proto__', 'constructor', 'prototype']);

/** Line ends and byte order mark do not matter, and a text ends with a line end. */
export const normalText = (text: string): string =>
  `${text
    .replace(/^\uFEFF/, '')
    .replaceAll('\r\n', '\n')
    .trimEnd()}\n`;

export function readYaml(file: DefinitionFile): Read {
  const lines = new LineCounter();
  const fail = (line: number, code: string, message: string, fix: string): Read => ({
    issues: [issue(`${file.path}:${line}`, code, message, fix)],
    lineOf: () => line,
  });
  if (Buffer.byteLength(file.text) > maxBytes) {
    return fail(
      1,
      'too_large',
      'The file is larger than 1 MB.',
      'Split it, or take out what is not definition.',
    );
  }
  // eslint-disable-next-line no-control-regex
  const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.exec(file.text);
  if (control || !file.text.isWellFormed()) {
    const line = file.text.slice(0, control?.index ?? 0).split('\n').length;
    return fail(
      line,
      'bad_characters',
      'The file holds characters that are not text.',
      'Save it as UTF-8 text.',
    );
  }
  if (nesting(file.text) > maxDepth * 4) {
    return fail(1, 'too_deep', 'The file is nested too deep.', `Nest at most ${maxDepth} levels.`);
  }
  const document = parseDocument(file.text, {
    lineCounter: lines,
    uniqueKeys: true,
    strict: true,
    version: '1.2',
  });
  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0) {
    return {
      issues: broken.map((error) =>
        issue(
          `${file.path}:${lines.linePos(error.pos[0]).line}`,
          error.code === 'DUPLICATE_KEY' ? 'duplicate_key' : 'bad_yaml',
          '{what}',
          error.code === 'DUPLICATE_KEY' ? 'Keep one of the two.' : 'Mend the YAML at this line.',
          { what: error.message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '.') },
        ),
      ),
      lineOf: () => 1,
    };
  }
  const lineOf = (path: readonly PropertyKey[]): number => lineAt(document.contents, path, lines);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: maxAliases });
  } catch {
    return fail(
      1,
      'too_many_aliases',
      'The file repeats too much through aliases.',
      'Write the repeated parts out.',
    );
  }
  const odd = oddPart(value, []);
  if (odd) return fail(lineOf(odd.path), odd.code, odd.message, odd.fix);
  return { value, issues: [], lineOf };
}

/** An upper bound of the nesting, before anything recursive runs over the text. */
function nesting(text: string): number {
  let open = 0;
  let most = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i);
    if (character === 91 || character === 123) most = Math.max(most, ++open);
    else if (character === 93 || character === 125) open = Math.max(0, open - 1);
  }
  const indent = /^(?:[ -]*)/gm;
  for (const [blank] of text.matchAll(indent)) most = Math.max(most, blank.length);
  return most;
}

type Odd = { path: PropertyKey[]; code: string; message: string; fix: string };

function oddPart(value: unknown, path: PropertyKey[]): Odd | undefined {
  if (path.length > maxDepth) {
    return {
      path,
      code: 'too_deep',
      message: 'This is nested too deep.',
      fix: `Nest at most ${maxDepth} levels.`,
    };
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return { path, code: 'bad_number', message: 'This is not a number.', fix: 'Write a number in digits.' };
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, part] of Object.entries(value)) {
    const at = [...path, Array.isArray(value) ? Number(key) : key];
    if (refusedKeys.has(key)) {
      return {
        path: at,
        code: 'reserved_word',
        message: `“${key}” cannot be a key.`,
        fix: 'Choose another name.',
      };
    }
    const odd = oddPart(part, at);
    if (odd) return odd;
  }
  return undefined;
}

function lineAt(root: Node | null, path: readonly PropertyKey[], lines: LineCounter): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const segment of path) {
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isScalar(item.key) && String(item.key.value) === String(segment),
      );
      if (!pair) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(segment)] ?? node.items.find((part) => keyIn(part) === segment);
      if (!item) break;
      offset = (item as Node).range?.[0] ?? offset;
      node = item;
    } else break;
  }
  return lines.linePos(offset).line;
}

export const keyIn = (node: unknown): unknown => (isMap(node) ? node.get('key') : undefined);
