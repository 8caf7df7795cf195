/** What is to be done so that the tables stand as a catalog asks: additive, and the same plan however often it is asked for. */
import { canonicalType, type LiveTable, type LiveTables } from './introspect.ts';
import { isOurs } from './names.ts';
import type { ColumnSpec, IndexSpec, KeySpec, TableSpec } from './desired.ts';

export type TablePlan = {
  object: string;
  /** The whole table is missing. */
  create: boolean;
  spec: TableSpec;
  add: readonly ColumnSpec[];
  /** Columns of that name that hold something else. */
  mistyped: readonly { column: ColumnSpec; has: string }[];
  /** Missing, or left invalid by a build that did not come to its end. */
  indexes: readonly { index: IndexSpec; invalid: boolean }[];
  keys: readonly { key: KeySpec; there: boolean }[];
  /** Ours, and asked for no more. */
  surplus: { indexes: readonly string[]; keys: readonly string[] };
};

export function planTables(desired: readonly TableSpec[], live: LiveTables): TablePlan[] {
  return desired.map((spec) => planTable(spec, live.get(spec.object)));
}

function planTable(spec: TableSpec, live: LiveTable | undefined): TablePlan {
  const has = (column: ColumnSpec) => live?.columns.get(column.name);
  return {
    object: spec.object,
    create: live === undefined,
    spec,
    add: live === undefined ? [] : spec.columns.filter((column) => !has(column)),
    mistyped: spec.columns.flatMap((column) => {
      const found = has(column);
      return !found || sameColumn(column, found) ? [] : [{ column, has: found.type }];
    }),
    indexes: spec.indexes
      .filter((index) => !live?.indexes.get(index.name)?.valid)
      .map((index) => ({ index, invalid: live?.indexes.has(index.name) ?? false })),
    keys: spec.keys
      .filter((key) => !live?.keys.get(key.name)?.validated)
      .map((key) => ({ key, there: live?.keys.has(key.name) ?? false })),
    surplus: {
      indexes: [...(live?.indexes.keys() ?? [])].filter(
        (name) => isOurs(name) && !spec.indexes.some((index) => index.name === name),
      ),
      keys: [...(live?.keys.keys() ?? [])].filter(
        (name) => isOurs(name) && !spec.keys.some((key) => key.name === name),
      ),
    },
  };
}

const sameColumn = (column: ColumnSpec, live: { type: string; collation: string | null }): boolean =>
  canonicalType(column.type) === live.type && (!column.collateC || live.collation === 'C');

/** True when the tables stand as asked; `surplus` may still wait to be cleared away. */
export const isDone = (plan: readonly TablePlan[]): boolean =>
  plan.every(
    (table) =>
      !table.create &&
      table.add.length + table.mistyped.length + table.indexes.length + table.keys.length === 0,
  );

export const hasSurplus = (plan: readonly TablePlan[]): boolean =>
  plan.some((table) => table.surplus.indexes.length + table.surplus.keys.length > 0);
