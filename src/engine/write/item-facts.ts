/**
 * What a checkpoint item reads, what is evidence for it, and its SQL: the same for every write of a catalog, and
 * costly to work out, so each is worked out once. The SQL depends on the workspace's zone and currency too, and is
 * not remembered under a stopped clock.
 */
import type { ItemModel } from '../../core/catalog/catalog.ts';
import type { CheckpointEnv } from '../../core/kinds/checkpoint-kind.ts';
import type { Sql } from '../../core/sql/sql.ts';
import type { Run } from './run.ts';

const fieldsMemo = new WeakMap<ItemModel, readonly string[]>();
const evidenceMemo = new WeakMap<ItemModel, readonly string[]>();
const sqlMemo = new WeakMap<ItemModel, Map<string, Sql>>();

/** Own fields that the item reads. */
export function itemFields(item: ItemModel, env: CheckpointEnv): readonly string[] {
  let known = fieldsMemo.get(item);
  if (!known) fieldsMemo.set(item, (known = item.kind.fields(item.settings, env)));
  return known;
}

/** Objects whose records are its evidence, those that its fields are rolled up from included. */
export function itemEvidence(item: ItemModel, env: CheckpointEnv): readonly string[] {
  let known = evidenceMemo.get(item);
  if (!known) {
    const rolledUp = itemFields(item, env).flatMap((key) => {
      const field = env.object.fields.get(key);
      return field?.type.rollup?.(field).sources.map((source) => source.of) ?? [];
    });
    evidenceMemo.set(item, (known = [...item.kind.evidence(item.settings, env), ...rolledUp]));
  }
  return known;
}

/** Boolean over the record's row `t`. */
export function itemSql(run: Run, item: ItemModel, env: CheckpointEnv): Sql {
  const { now, workspace } = run.context;
  if (now) return item.kind.holds(item.settings, env);
  const key = `${workspace.timeZone} ${workspace.currency} ${workspace.country}`;
  let byWorkspace = sqlMemo.get(item);
  if (!byWorkspace) sqlMemo.set(item, (byWorkspace = new Map<string, Sql>()));
  let known = byWorkspace.get(key);
  if (!known) byWorkspace.set(key, (known = item.kind.holds(item.settings, env)));
  return known;
}
