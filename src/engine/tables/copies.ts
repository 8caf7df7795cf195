/**
 * Columns that must be filled from what is there before a new catalog comes into force: a field of another
 * type (the old values read by the new one), a new or changed rollup, search text over other fields. All of
 * them are filled beside the columns in use, under names of their own, so that until the switch nobody sees
 * them; `renames` says what the switch then does.
 */
import type { Catalog, FieldModel, ObjectModel } from '../../core/catalog/catalog.ts';
import { searchTextFields } from '../../core/catalog/search-fields.ts';
import type { Workspace } from '../../core/context/context.ts';
import { issue, type Issue } from '../../core/errors/problem.ts';
import { compile, raw } from '../../core/sql/sql.ts';
import { rollupUpdate } from '../write/rollups.ts';
import type { LiveTables } from './introspect.ts';
import { fitting } from './names.ts';

export type Copy = {
  object: string;
  /** The field as it will stand; none for search text. */
  field?: FieldModel;
  /** The same under the name that it has until the switch. */
  temporary?: FieldModel;
} & (
  | { kind: 'values'; from: FieldModel; temporary: FieldModel }
  | { kind: 'rollup'; temporary: FieldModel; children: readonly { object: string; by: string }[] }
  | { kind: 'search'; fields: readonly FieldModel[] }
);

/** Search text under construction. Field keys hold no double underscore, so this is no field's column. */
export const nextSearch = 'search__next';
const suffix = '__n';

/** True for a column that only an apply under way knows. */
export const isTemporary = (column: string): boolean =>
  column === nextSearch || /__n(__[a-z0-9_]+)?$/.test(column);

const under = (field: FieldModel, key: string): FieldModel => ({ ...field, key });

/** Names that the columns of a field take when another type's take theirs. */
export function formerNames(field: FieldModel, version: number): { from: string; to: string }[] {
  const from = field.type.columns(field);
  const to = field.type.columns(under(field, `${field.key}__was_${version}`));
  return from.map((column, index) => ({ from: column.name, to: fitting(to[index]!.name) }));
}

/** What must be filled, given the tables as they stand. A table that is not there yet has nothing to fill. */
export function copiesFor(
  before: Catalog | undefined,
  after: Catalog,
  live: LiveTables,
  workspace: Workspace,
): { copies: Copy[]; issues: Issue[] } {
  const copies: Copy[] = [];
  const issues: Issue[] = [];
  for (const object of after.objects.values()) {
    const table = live.get(object.key);
    if (!table) continue;
    const old = before?.objects.get(object.key);
    for (const field of object.fields.values()) {
      const was = old?.fields.get(field.key) ?? old?.retired.get(field.key);
      const rollup = field.type.rollup?.(field);
      const stands = was !== undefined && was.type.columns(was).every(({ name }) => table.columns.has(name));
      if (rollup) {
        if (
          stands &&
          before &&
          sameRollup({ catalog: before, field: was }, { catalog: after, field }, workspace)
        )
          continue;
        const children = rollup.sources.map(({ of, by }) => ({ object: of, by }));
        copies.push({
          kind: 'rollup',
          object: object.key,
          field,
          temporary: under(field, field.key + suffix),
          children,
        });
      } else if (stands && !field.system && !field.maintained && field.type.columns(field).length > 0) {
        const change = valueChange(was, field);
        if (change === 'refused') issues.push(noSuchChange(was, field));
        if (change === 'copied' && was.type.columns(was).length > 0) {
          copies.push({
            kind: 'values',
            object: object.key,
            from: was,
            field,
            temporary: under(field, field.key + suffix),
          });
        }
      }
    }
    if (old && before && searchSays(before, old) !== searchSays(after, object)) {
      copies.push({ kind: 'search', object: object.key, fields: searchTextFields(after, object) });
    }
  }
  return { copies, issues };
}

/** Whether a field's stored values mean the same to its new definition. */
function valueChange(was: FieldModel, now: FieldModel): 'none' | 'copied' | 'refused' {
  const links = (field: FieldModel) => field.type.linkTo?.(field);
  const lists = (field: FieldModel) => field.type.listOf?.(field);
  if (was.type.role !== now.type.role || links(was) !== links(now)) return 'refused';
  const sameColumns = columnsSay(was) === columnsSay(now);
  if (sameColumns && (was.type.key === now.type.key || links(now) !== undefined)) {
    return lists(was) === lists(now) ? 'none' : 'copied';
  }
  return 'copied';
}

const columnsSay = (field: FieldModel): string =>
  JSON.stringify(
    field.type.columns(field).map(({ name, type, collateC }) => [name, type, collateC ?? false]),
  );

const noSuchChange = (was: FieldModel, now: FieldModel): Issue =>
  issue(
    `objects.${now.object}.fields.${now.key}.type`,
    'type_change',
    '“{label}” cannot turn from {was} into {now}: its values would point elsewhere.',
    'Give the new field a key of its own, and retire this one.',
    { label: was.label, was: was.type.label, now: now.type.label },
  );

/** Which fields make an object's search text, and how each is read. */
const searchSays = (catalog: Catalog, object: ObjectModel): string =>
  JSON.stringify(searchTextFields(catalog, object).map((field) => [field.key, field.type.key]));

type In = { catalog: Catalog; field: FieldModel };

/** Two rollups are one when they compute the same SQL: a condition may mean other stages than before. */
function sameRollup(was: In, now: In, workspace: Workspace): boolean {
  if (!was.field.type.rollup?.(was.field) || columnsSay(was.field) !== columnsSay(now.field)) return false;
  const says = ({ catalog, field }: In): string => {
    try {
      return JSON.stringify(
        compile(rollupUpdate({ catalog, workspace }, field.object, [field], raw('true'))),
      );
    } catch {
      return ''; // its condition names what is not there: the catalog check says so
    }
  };
  return says(was) === says(now);
}

/** The catalog with those fields under their temporary names: what tables must hold until the switch. */
export function underConstruction(after: Catalog, copies: readonly Copy[]): Catalog {
  const objects = new Map(after.objects);
  for (const object of new Set(copies.map((copy) => copy.object))) {
    const model = objects.get(object)!;
    const fields = new Map(model.fields);
    for (const copy of copies) {
      if (copy.object === object && copy.field && copy.temporary) fields.set(copy.field.key, copy.temporary);
    }
    objects.set(object, { ...model, fields });
  }
  return { ...after, objects };
}
