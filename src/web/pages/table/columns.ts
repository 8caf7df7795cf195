/** Which columns a table shows: what the address says, else what was last chosen here, else a sensible few. */
import type { PublicField, PublicObject } from '../../../core/catalog/public-catalog.ts';
import { viewOf } from '../../../kinds/fields/views.ts';
import { fieldOf, type PublicPipeline } from '../../api/catalog.ts';
import { keyFacts } from '../../record/key-facts.ts';

/** Key of the first column: what the record is called. */
export const nameColumn = 'name';

export const nameWidth = 230;

/** Width of all columns beside the name that fit on a laptop without pushing, px. */
const room = 900;

/** Fields that a column can be made of; the name fields together are the first column. */
export const columnFields = (object: PublicObject): PublicField[] =>
  object.fields.filter(
    (field) => !object.name_fields.includes(field.key) && !viewOf(field).wide && field.key !== 'id',
  );

/**
 * Whom it belongs to, where it stands, the money, whose it is; then what the checkpoints ask for, then the
 * rest in the order of the definition, as far as there is room.
 */
export function defaultColumns(object: PublicObject, pipelines: readonly PublicPipeline[]): string[] {
  const asked = new Set(
    pipelines
      .filter((pipeline) => pipeline.object === object.key)
      .flatMap((pipeline) => pipeline.stages)
      .filter((stage) => stage.outcome === 'open')
      .flatMap((stage) => stage.items.flatMap((item) => item.fields)),
  );
  const [first, second] = keyFacts(object).map((field) => field.key);
  const before = [first, object.stage_field, second, object.owner_field];
  const rank = ({ key }: PublicField): number =>
    before.includes(key) ? before.indexOf(key) : asked.has(key) ? before.length : before.length + 1;
  let free = room;
  return columnFields(object)
    .filter((field) => !field.system && field.role !== 'pipeline')
    .sort((a, b) => rank(a) - rank(b))
    .filter((field) => {
      const { width } = viewOf(field);
      const fits = width <= free;
      if (fits) free -= width;
      return fits;
    })
    .map((field) => field.key);
}

const place = (object: PublicObject): string => `groundwork:columns:${object.key}`;

type Kept = { columns?: string[]; widths?: Record<string, number> };

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What was last chosen on this device; storage may be closed or hold anything. */
export function keptColumns(object: PublicObject): Kept {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(place(object)) ?? '{}');
    if (!isObject(kept)) return {};
    const { columns, widths } = kept;
    return {
      columns: Array.isArray(columns) ? columns.filter((key) => typeof key === 'string') : undefined,
      widths: isObject(widths)
        ? Object.fromEntries(
            Object.entries(widths).filter((entry): entry is [string, number] => Number.isFinite(entry[1])),
          )
        : undefined,
    };
  } catch {
    return {};
  }
}

export function keepColumns(object: PublicObject, change: Kept): void {
  try {
    localStorage.setItem(place(object), JSON.stringify({ ...keptColumns(object), ...change }));
  } catch {
    // Closed storage: the choice lasts as long as the page.
  }
}

/** Living fields among the keys, in their order. */
export const chosenFields = (object: PublicObject, keys: readonly string[]): PublicField[] =>
  keys.flatMap((key) => {
    const field = fieldOf(object, key);
    return field && !object.name_fields.includes(key) ? [field] : [];
  });

/** Fields that the server must send for these columns. */
export const readFields = (object: PublicObject, columns: readonly PublicField[]): string[] => [
  ...new Set(
    [
      'id',
      'version',
      ...object.name_fields,
      ...columns.map((field) => field.key),
      object.pipeline_field,
      object.stage_field,
      object.owner_field,
    ].filter((key): key is string => key !== undefined && fieldOf(object, key) !== undefined),
  ),
];
