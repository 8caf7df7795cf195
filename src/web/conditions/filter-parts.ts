/**
 * A list's condition as the parts of its sentence, and back. What the builder cannot take apart (any, not,
 * related records) stays whole: it is shown, kept and removed as one part.
 */
import type { Condition } from '../api/records.ts';

export type Test = { path: string; operator: string; argument: unknown };
export type FilterPart = { test: Test } | { whole: Condition };

const groups = new Set(['all', 'any', 'not']);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The parts that must all hold, in their order. */
export function filterParts(where: Condition | undefined): FilterPart[] {
  if (!where) return [];
  return Object.entries(where).flatMap(([key, value]): FilterPart[] => {
    if (key === 'all' && Array.isArray(value)) return value.filter(isObject).flatMap(filterParts);
    if (groups.has(key)) return [{ whole: { [key]: value } }];
    if (Array.isArray(value)) return [{ test: { path: key, operator: 'in', argument: value } }];
    if (value === null) return [{ test: { path: key, operator: 'missing', argument: true } }];
    if (!isObject(value)) return [{ test: { path: key, operator: 'eq', argument: value } }];
    if ('some' in value || 'none' in value || 'count' in value) return [{ whole: { [key]: value } }];
    return Object.entries(value).map(([operator, argument]) => ({ test: { path: key, operator, argument } }));
  });
}

export function filterCondition(parts: readonly FilterPart[]): Condition | undefined {
  if (parts.length === 0) return undefined;
  return {
    all: parts.map((part) =>
      'test' in part ? { [part.test.path]: { [part.test.operator]: part.test.argument } } : part.whole,
    ),
  };
}
