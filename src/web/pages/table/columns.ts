/** Which columns a table shows: what the address says, else what was last chosen here, else a sensible few. */
import type { PublicField, PublicObject } from '../../../core/catalog/public-catalog.ts';
import { viewOf } from '../../../kinds/fields/views.ts';
import { fieldOf } from '../../api/catalog.ts';

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

/** In the order of the definition: where it stands, whose it is, and as many first facts as there is room for. */
export function defaultColumns(object: PublicObject): string[] {
  const own = columnFields(object).filter((field) => !field.system && field.role !== 'pipeline');
  const must = new Set([object.stage_field, object.owner_field]);
  let free = room;
  for (const field of own) if (must.has(field.key)) free -= viewOf(field).width;
  return own
    .filter((field) => {
      if (must.has(field.key)) return true;
      const { width } = viewOf(field);
      if (width > free) return false;
      free -= width;
      return true;
    })
    .map((field) => field.key);
}

const place = (object: PublicObject): string => `groundwork:columns:${object.key}`;

type Kept = { columns?: string[]; widths?: Record<string, number> };

/** What was last chosen on this device; storage may be closed or hold anything. */
export function keptColumns(object: PublicObject): Kept {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(place(object)) ?? '{}');
    return typeof kept === 'object' && kept !== null ? (kept as Kept) : {};
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
