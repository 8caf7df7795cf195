/**
 * How a definition is cut into keys: which maps are merged key by key, which arrays are keyed, and what is
 * one value that is taken whole (a condition, a list of field keys). Read off the zod schemas, so that a new
 * sort or setting needs nothing here.
 */
import type { z } from 'zod';
import { sorts, type Sort } from '../../core/definitions/index.ts';

export type Shape =
  /** One value: replaced, never merged. */
  | { kind: 'whole' }
  /** Known keys; `loose` where a kind's own settings stand beside them. */
  | { kind: 'object'; keys: ReadonlyMap<string, Shape>; loose: boolean }
  /** Free keys, one shape; their order means something. */
  | { kind: 'record'; of: Shape }
  /** An array of objects told apart by `key`; its order means something. */
  | { kind: 'keyed'; of: Shape };

const whole: Shape = { kind: 'whole' };

/** The shape of each sort of definition. */
export const shapes: Readonly<Record<Sort, Shape>> = Object.fromEntries(
  Object.entries(sorts).map(([sort, schema]) => [sort, shapeOf(schema)]),
) as Record<Sort, Shape>;

type Def = {
  type: string;
  innerType?: z.ZodType;
  shape?: Record<string, z.ZodType>;
  catchall?: { def: Def };
  valueType?: { def: Def };
  element?: { def: Def };
};

export function shapeOf(schema: z.ZodType): Shape {
  const def = schema.def as unknown as Def;
  if (def.innerType) return shapeOf(def.innerType);
  if (def.shape) {
    const keys = new Map(Object.entries(def.shape).map(([key, inner]) => [key, shapeOf(inner)]));
    return { kind: 'object', keys, loose: def.catchall?.def.type === 'unknown' };
  }
  // A record of anything is a condition: a sentence, whose parts mean nothing alone.
  if (def.valueType) {
    return def.valueType.def.type === 'unknown'
      ? whole
      : { kind: 'record', of: shapeOf(def.valueType as unknown as z.ZodType) };
  }
  if (def.element?.def.shape && 'key' in def.element.def.shape) {
    return { kind: 'keyed', of: shapeOf(def.element as unknown as z.ZodType) };
  }
  return whole;
}

export type Entries = Map<string, unknown>;

/** A map or keyed array as entries in order; undefined when the value is neither. */
export function entriesOf(value: unknown, shape: Shape): Entries | undefined {
  if (shape.kind === 'keyed') {
    if (!Array.isArray(value)) return undefined;
    return new Map(value.map((item, index) => [keyOf(item) ?? `#${index}`, item]));
  }
  if (shape.kind === 'whole' || typeof value !== 'object' || value === null || Array.isArray(value))
    return undefined;
  return new Map(Object.entries(value));
}

/** Entries back to the map or keyed array that the shape asks for. */
export function valueOf(entries: Entries, shape: Shape): unknown {
  return shape.kind === 'keyed' ? [...entries.values()] : Object.fromEntries(entries);
}

export const shapeAt = (shape: Shape, key: string): Shape =>
  shape.kind === 'object' ? (shape.keys.get(key) ?? whole) : shape.kind === 'whole' ? whole : shape.of;

const keyOf = (item: unknown): string | undefined => {
  const key = (item as { key?: unknown } | null)?.key;
  return typeof key === 'string' ? key : undefined;
};

/** The value with the keys of its objects in the order of the schema; maps and arrays keep theirs. */
export function inSchemaOrder(value: unknown, shape: Shape): unknown {
  const entries = entriesOf(value, shape);
  if (!entries) return value;
  const known = shape.kind === 'object' ? [...shape.keys.keys()].filter((key) => entries.has(key)) : [];
  const order = [...known, ...[...entries.keys()].filter((key) => !known.includes(key))];
  return valueOf(
    new Map(order.map((key) => [key, inSchemaOrder(entries.get(key), shapeAt(shape, key))])),
    shape,
  );
}
