import type { Catalog, FieldModel } from '../../core/catalog/catalog.ts';

/** Keys of the values that a field may have, as its type says; none where anything goes. */
export function allowedValues(field: FieldModel, catalog: Catalog): string[] {
  const schema = field.type.schema(field, catalog).write ?? {};
  const items = schema['items'] as Record<string, unknown> | undefined;
  const found = schema['enum'] ?? items?.['enum'];
  return Array.isArray(found) ? found.filter((one) => typeof one === 'string') : [];
}
