/** The few facts by which a record is known beside its name: whom it belongs to, and the money at stake. */
import type { PublicField, PublicObject } from '../../core/catalog/public-catalog.ts';

/** The first link to another object, and the first figure marked as financial; each where there is one. */
export function keyFacts(object: PublicObject): PublicField[] {
  const own = object.fields.filter((field) => !field.system && !object.name_fields.includes(field.key));
  const link = own.find(
    (field) =>
      field.link_to !== undefined && field.link_to !== object.key && field.key !== object.owner_field,
  );
  const money = own.find((field) => field.sensitivity === 'financial' && field.traits.includes('numeric'));
  return [link, money].filter((field) => field !== undefined);
}
