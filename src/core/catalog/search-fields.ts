/** Which fields the stored search text may hold: those that no role hides, so that a search cannot leak. */
import type { Catalog, FieldModel, ObjectModel } from './catalog.ts';

export function searchTextFields(catalog: Catalog, object: ObjectModel): FieldModel[] {
  return object.searchFields
    .map((key) => object.fields.get(key))
    .filter(
      (field): field is FieldModel =>
        field?.type.searchText !== undefined && !hiddenBySomeRole(catalog, field),
    );
}

const hiddenBySomeRole = (catalog: Catalog, field: FieldModel): boolean =>
  [...catalog.roles.values()].some((role) => {
    const grant = role.grants[field.object] ?? role.grants['*'];
    return grant?.fields?.[field.key] === 'hidden';
  });
