/**
 * The shape of a condition, without a catalog: JSON → tree. It reads what strangers send, so every limit
 * is met before anything is looked at deeper: nesting, number of tests, lists, texts.
 */
import { issue, type Issue } from '../errors/problem.ts';

export const limits = {
  /** Nested groups. */
  depth: 20,
  /** Groups and tests together. */
  nodes: 500,
  /** Values of one list. */
  list: 1_000,
  /** Characters of one text. */
  text: 10_000,
  /** Links that a path follows. */
  links: 4,
} as const;

/** A test of one field. Without operator the shape of the argument decides (`short`). */
export type Test = { at: string; operator?: string; short?: 'value' | 'values' | 'null'; argument: unknown };

export type Tree =
  | { kind: 'all' | 'any'; at: string; parts: readonly Tree[] }
  | { kind: 'not'; at: string; part: Tree }
  | { kind: 'test'; at: string; name: string; test: Test }
  | { kind: 'related'; at: string; name: string; quantifier: 'some' | 'none'; where: Tree }
  | {
      kind: 'related';
      at: string;
      name: string;
      quantifier: 'count';
      where: Tree | undefined;
      tests: readonly Test[];
    };

export const groupWords = ['all', 'any', 'not'] as const;
const relatedWords = new Set(['some', 'none', 'count']);

type Reader = { issues: Issue[]; nodes: number; full: boolean };

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A step of a path as it may be repeated to the caller: short, whatever was sent. */
const step = (key: string): string => (key.length > 60 ? `${key.slice(0, 60)}…` : key);
const under = (at: string, key: string): string => (at === '' ? step(key) : `${at}.${step(key)}`);

/** Reads a condition. With any issue the tree holds only what could be read, and must not be used. */
export function parseCondition(condition: unknown, path: string): { tree: Tree; issues: Issue[] } {
  const reader: Reader = { issues: [], nodes: 0, full: false };
  const tree = readGroup(condition, path, 1, reader) ?? { kind: 'any', at: path, parts: [] };
  return { tree, issues: reader.issues };
}

function refuse(
  reader: Reader,
  at: string,
  code: string,
  message: string,
  fix: string,
  params?: Record<string, unknown>,
): undefined {
  if (reader.issues.length < 50) reader.issues.push(issue(at, code, message, fix, params));
  return undefined;
}

/** Counts a node; false once there are too many, and says so once. */
function room(reader: Reader, at: string): boolean {
  if (++reader.nodes <= limits.nodes) return true;
  if (!reader.full) {
    reader.full = true;
    refuse(
      reader,
      at,
      'too_many_tests',
      `A condition holds at most ${limits.nodes} tests.`,
      'Use a list of values (in) in place of many single tests.',
    );
  }
  return false;
}

function readGroup(value: unknown, at: string, depth: number, reader: Reader): Tree | undefined {
  if (depth > limits.depth) {
    return refuse(
      reader,
      at,
      'too_deep',
      `A condition nests at most ${limits.depth} deep.`,
      'Flatten the groups: all within all, and any within any, can be one list.',
    );
  }
  if (!isObject(value)) {
    return refuse(
      reader,
      at,
      'invalid_condition',
      'A condition is an object such as {"stage": "new"}.',
      'Write {} for no condition, {field: value} for one test, {all: […]} for several.',
    );
  }
  if (!room(reader, at)) return undefined;
  const parts: Tree[] = [];
  for (const [key, inner] of Object.entries(value)) {
    if (reader.full) return undefined;
    const here = under(at, key);
    if (key === 'all' || key === 'any') {
      if (!Array.isArray(inner)) {
        refuse(
          reader,
          here,
          'invalid_condition',
          `“${key}” takes a list of conditions.`,
          `Write {"${key}": [{…}, {…}]}.`,
        );
        continue;
      }
      const members: Tree[] = [];
      for (let index = 0; index < inner.length && !reader.full; index++) {
        const member = readGroup(inner[index], `${here}.${index}`, depth + 1, reader);
        if (member) members.push(member);
      }
      parts.push({ kind: key, at: here, parts: members });
    } else if (key === 'not') {
      const part = readGroup(inner, here, depth + 1, reader);
      if (part) parts.push({ kind: 'not', at: here, part });
    } else {
      parts.push(...readField(key, inner, here, depth, reader));
    }
  }
  return parts.length === 1 ? parts[0] : { kind: 'all', at, parts };
}

/** What stands at a field's or related records' name. */
function readField(name: string, value: unknown, at: string, depth: number, reader: Reader): Tree[] {
  if (!isObject(value)) return readTests(value, at, reader).map((test) => ({ kind: 'test', at, name, test }));
  const found: Tree[] = [];
  const operators: Record<string, unknown> = Object.create(null);
  for (const [key, inner] of Object.entries(value)) {
    if (!relatedWords.has(key)) operators[key] = inner;
    else if (key === 'count') found.push(...readCount(name, inner, under(at, key), depth, reader));
    else {
      const where = readGroup(inner, under(at, key), depth + 1, reader);
      if (where) found.push({ kind: 'related', at, name, quantifier: key as 'some' | 'none', where });
    }
  }
  if (Object.keys(operators).length > 0) {
    for (const test of readTests(operators, at, reader)) found.push({ kind: 'test', at, name, test });
  }
  if (Object.keys(value).length === 0) {
    refuse(
      reader,
      at,
      'invalid_condition',
      `Nothing is asked of “${step(name)}”.`,
      'Write a value or {operator: value}.',
    );
  }
  return found;
}

/** `{gte: 3, where: C}` or `3`. */
function readCount(name: string, value: unknown, at: string, depth: number, reader: Reader): Tree[] {
  let where: Tree | undefined;
  let asked: unknown = value;
  if (isObject(value)) {
    const { where: inner, ...operators } = value;
    asked = operators;
    if (inner !== undefined) {
      where = readGroup(inner, under(at, 'where'), depth + 1, reader);
      if (!where) return [];
    }
  }
  if (isObject(asked) && Object.keys(asked).length === 0) {
    refuse(
      reader,
      at,
      'invalid_condition',
      '“count” needs a number to compare with.',
      'Write {count: {gte: 1}}.',
    );
    return [];
  }
  return [{ kind: 'related', at, name, quantifier: 'count', where, tests: readTests(asked, at, reader) }];
}

function readTests(value: unknown, at: string, reader: Reader): Test[] {
  if (isObject(value)) {
    return Object.entries(value).flatMap(([operator, argument]) => {
      const here = under(at, operator);
      return room(reader, here) && argumentHolds(argument, here, reader)
        ? [{ at: here, operator, argument }]
        : [];
    });
  }
  if (!room(reader, at) || !argumentHolds(value, at, reader)) return [];
  if (value === null) return [{ at, short: 'null', argument: true }];
  return [{ at, short: Array.isArray(value) ? 'values' : 'value', argument: value }];
}

/** Scalars, flat objects (an amount with its currency) and lists of these: nothing else reaches a type. */
function argumentHolds(argument: unknown, at: string, reader: Reader): boolean {
  if (!Array.isArray(argument)) return literalHolds(argument, at, reader);
  if (argument.length > limits.list) {
    refuse(
      reader,
      at,
      'list_too_long',
      `A list here holds at most ${limits.list.toLocaleString('en')} values; this one has ${argument.length.toLocaleString('en')}.`,
      'Ask in several calls, or filter by what these records have in common.',
    );
    return false;
  }
  return argument.every((member, index) => literalHolds(member, `${at}.${index}`, reader));
}

function literalHolds(value: unknown, at: string, reader: Reader): boolean {
  if (isObject(value)) {
    const members = Object.entries(value);
    if (members.length <= 8 && members.every(([, member]) => !isObject(member) && !Array.isArray(member))) {
      return members.every(([key, member]) => literalHolds(member, under(at, key), reader));
    }
  } else if (typeof value === 'string') {
    if (value.length > limits.text) {
      const most = limits.text.toLocaleString('en');
      refuse(reader, at, 'text_too_long', `A text here has at most ${most} characters.`, 'Shorten it.');
      return false;
    }
    if (value.includes('\0') || !value.isWellFormed()) {
      refuse(
        reader,
        at,
        'invalid_text',
        'This text holds characters that no text has.',
        'Remove them, then try again.',
      );
      return false;
    }
    return true;
  } else if (
    typeof value === 'boolean' ||
    value === null ||
    (typeof value === 'number' && Number.isFinite(value))
  ) {
    return true;
  }
  refuse(
    reader,
    at,
    'invalid_value',
    'A value here is a text, a number, true or false.',
    'Write one value, or a list of values.',
  );
  return false;
}
