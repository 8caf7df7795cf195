/** What a record is called: its name fields, in their order. */
import type { PublicObject } from '../../core/catalog/public-catalog.ts';

/** '' where none of them is filled or may be read. */
export const recordName = (record: Record<string, unknown>, object: PublicObject): string =>
  object.name_fields
    .map((key) => record[key])
    .map((value) => (typeof value === 'object' && value !== null && 'name' in value ? value.name : value))
    .filter((value) => value !== null && value !== undefined && value !== '')
    .join(' ');
