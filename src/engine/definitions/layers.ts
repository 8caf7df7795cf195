/**
 * One definition above another, key by key. `difference` gives what a workspace says that its packs do not;
 * `lay` puts it back above them, also above later packs, so that upgrades still arrive wherever the
 * workspace has no word of its own.
 */
import { entriesOf, shapeAt, valueOf, type Entries, type Shape } from './shape.ts';

/**
 * What differs: for a map or keyed array an object of the keys that do (`null`: taken away; `$order`: the
 * order, where it is not the natural one; `$whole`: nothing below it counts); else the value itself.
 */
export type Difference = unknown;

const order = '$order';
const whole = '$whole';

type Marked = Record<string, unknown> & { $order?: string[]; $whole?: unknown };

const isMarked = (value: unknown): value is Marked =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Same meaning: the order of keys in a map that is taken whole does not count, that of an array does. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => same(item, b[index]));
  }
  const left = Object.entries(a).filter(([, value]) => value !== undefined);
  const right = Object.entries(b).filter(([, value]) => value !== undefined);
  return (
    left.length === right.length &&
    left.every(([key, value]) => Object.hasOwn(b, key) && same(value, (b as Record<string, unknown>)[key]))
  );
}

/** What `next` says other than `base`; undefined when they mean the same. */
export function difference(base: unknown, next: unknown, shape: Shape): Difference | undefined {
  if (next === undefined) return base === undefined ? undefined : null;
  if (shape.kind === 'whole') return same(base, next) ? undefined : next;
  const before = entriesOf(base, shape);
  const after = entriesOf(next, shape);
  if (!before || !after || otherKind(before, after, shape)) return { [whole]: next };
  const result: Marked = {};
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const change = difference(before.get(key), after.get(key), shapeAt(shape, key));
    if (change !== undefined) result[key] = change;
  }
  if (shape.kind !== 'object') {
    const natural = [...before.keys()].filter((key) => after.has(key));
    natural.push(...[...after.keys()].filter((key) => !before.has(key)));
    if (!same(natural, [...after.keys()])) result[order] = [...after.keys()];
  }
  return Object.keys(result).length === 0 ? undefined : result;
}

/** Settings of one kind mean nothing to another: such a change is taken whole. */
const otherKind = (before: Entries, after: Entries, shape: Shape): boolean =>
  shape.kind === 'object' && shape.loose && before.get('type') !== after.get('type');

/** `change` laid above `base`; undefined when nothing is left. */
export function lay(base: unknown, change: Difference | undefined, shape: Shape): unknown {
  if (change === undefined) return base;
  if (change === null) return undefined;
  if (shape.kind === 'whole' || !isMarked(change)) return change;
  if (Object.hasOwn(change, whole)) return change[whole];
  const before = entriesOf(base, shape);
  if (!before) return undefined; // what it was a part of is gone
  const merged: Entries = new Map(before);
  for (const [key, part] of Object.entries(change)) {
    if (key === order) continue;
    const value = lay(before.get(key), part, shapeAt(shape, key));
    if (value === undefined) merged.delete(key);
    else merged.set(key, value);
  }
  return valueOf(change[order] ? inOrder(merged, change[order], [...before.keys()]) : merged, shape);
}

/** The wanted order; what it does not know stands behind its neighbour from below. */
function inOrder(entries: Entries, wanted: readonly string[], below: readonly string[]): Entries {
  const keys = wanted.filter((key) => entries.has(key));
  for (const key of entries.keys()) {
    if (keys.includes(key)) continue;
    const neighbour = below
      .slice(0, Math.max(below.indexOf(key), 0))
      .findLast((other) => keys.includes(other));
    keys.splice(neighbour === undefined ? keys.length : keys.indexOf(neighbour) + 1, 0, key);
  }
  return new Map(keys.map((key) => [key, entries.get(key)]));
}

/** A pack above the packs it needs: as written, maps and keyed arrays merged, all else replaced. */
export function extend(base: unknown, over: unknown, shape: Shape): unknown {
  const before = entriesOf(base, shape);
  const after = entriesOf(over, shape);
  if (!before || !after || otherKindNamed(before, after, shape)) return over === undefined ? base : over;
  const merged: Entries = new Map(before);
  for (const [key, value] of after) merged.set(key, extend(before.get(key), value, shapeAt(shape, key)));
  return valueOf(merged, shape);
}

const otherKindNamed = (before: Entries, after: Entries, shape: Shape): boolean =>
  after.has('type') && otherKind(before, after, shape);

export type Conflict = { path: string; was: unknown; pack: unknown; workspace: unknown };

/** Where a pack changed the very keys that the workspace had changed. The workspace's word stands. */
export function conflicts(
  was: unknown,
  pack: unknown,
  change: Difference | undefined,
  shape: Shape,
  path = '',
): Conflict[] {
  if (change === undefined || same(was, pack)) return [];
  const below = entriesOf(was, shape);
  const now = entriesOf(pack, shape);
  if (shape.kind !== 'whole' && isMarked(change) && !Object.hasOwn(change, whole) && below && now) {
    return Object.entries(change)
      .filter(([key]) => key !== order)
      .flatMap(([key, part]) =>
        conflicts(below.get(key), now.get(key), part, shapeAt(shape, key), path ? `${path}.${key}` : key),
      );
  }
  const workspace = lay(pack, change, shape);
  return same(workspace, pack) ? [] : [{ path, was, pack, workspace }];
}

/** The change as lines of `- path: value` and `+ path: value`, for people. */
export function changeLines(before: unknown, after: unknown, shape: Shape, path = ''): string[] {
  const left = entriesOf(before, shape);
  const right = entriesOf(after, shape);
  if ((left || before === undefined) && (right || after === undefined) && (left || right)) {
    const [from, to] = [[...(left?.keys() ?? [])], [...(right?.keys() ?? [])]];
    const lines = [...new Set([...from, ...to])].flatMap((key) =>
      changeLines(left?.get(key), right?.get(key), shapeAt(shape, key), path ? `${path}.${key}` : key),
    );
    const moved = shape.kind !== 'object' && left && right && !same(stay(from, to), stay(to, from));
    return moved
      ? [...lines, `- ${path}: order ${from.join(', ')}`, `+ ${path}: order ${to.join(', ')}`]
      : lines;
  }
  if (same(before, after)) return [];
  return [
    ...(before === undefined ? [] : [`- ${path}: ${JSON.stringify(before)}`]),
    ...(after === undefined ? [] : [`+ ${path}: ${JSON.stringify(after)}`]),
  ];
}

const stay = (keys: readonly string[], others: readonly string[]): string[] =>
  keys.filter((key) => others.includes(key));
