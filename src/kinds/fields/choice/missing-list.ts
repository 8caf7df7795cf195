import type { Catalog, FieldModel } from '../../../core/catalog/catalog.ts';
import { suggestion } from '../../../core/catalog/nearest.ts';
import { issue, type Issue } from '../../../core/errors/problem.ts';

/** A choice whose reference list does not exist. */
export function missingList(field: FieldModel<{ list: string }>, catalog: Catalog): readonly Issue[] {
  const { list } = field.settings;
  if (catalog.lists.has(list)) return [];
  return [
    issue(
      `objects.${field.object}.fields.${field.key}.list`,
      'unknown_list',
      'There is no reference list “{list}”.',
      suggestion(list, catalog.lists.keys(), `Add lists/${list}.yaml, or name a list that exists.`),
      { list },
    ),
  ];
}
