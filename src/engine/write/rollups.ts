/**
 * Rollups: stored on the parent, kept in the child's transaction. The parents are locked in one statement and
 * recomputed in the NEXT, which takes a new snapshot: one UPDATE with a subquery would wait for the lock and
 * then count with the old one. A rollup raises no version and writes no event.
 */
import { allOf } from './all-of.ts';
import type { Catalog, FieldModel, RollupModel } from '../../core/catalog/catalog.ts';
import type { RollupSource } from '../../core/kinds/field-type.ts';
import { conditionReads } from '../../core/conditions/reads.ts';
import { conditionToSql, fieldToSql } from '../../core/conditions/to-sql.ts';
import { and, ident, join, or, raw, sql, type Queryable, type Sql } from '../../core/sql/sql.ts';
import { parseEnvOf } from '../access/access.ts';
import { oldValue, type Row } from './row.ts';
import type { Run } from './run.ts';
import type { Context } from '../../core/context/context.ts';

/** Parent ids by object, and the rollup fields to recompute there. */
export type Stale = Map<string, { ids: Set<string>; fields: Map<string, FieldModel> }>;

/** Which parents a batch makes stale: those linked before and those linked now. */
export function staleParents(catalog: Catalog, rows: readonly Row[]): Stale {
  const stale: Stale = new Map();
  for (const row of rows) {
    for (const model of catalog.rollupsFrom.get(row.object.key) ?? []) {
      if (row.kind === 'update' && !touches(catalog, row, model)) continue;
      for (const source of model.rollup.sources) {
        if (source.of !== row.object.key) continue;
        for (const id of linkedIds(row, source.by)) {
          const entry = stale.get(model.parent) ?? { ids: new Set(), fields: new Map() };
          entry.ids.add(id);
          entry.fields.set(model.field.key, model.field);
          stale.set(model.parent, entry);
        }
      }
    }
  }
  return stale;
}

/** The record that a link named, before and after this write. */
export function linkedIds(row: Row, link: string): string[] {
  const field = row.object.fields.get(link);
  if (!field) return [];
  const before = oldValue(row, field);
  const after = row.values.has(link) ? row.values.get(link) : before;
  return [...new Set([before, after])].filter((id): id is string => typeof id === 'string');
}

function touches(catalog: Catalog, row: Row, model: RollupModel): boolean {
  return [...row.values.keys()].some((key) => fieldsRead(catalog, row.object.key, model).has(key));
}

const readsMemo = new WeakMap<RollupModel, Map<string, ReadonlySet<string>>>();

/** Own fields of the child that a rollup reads: the link, what is measured, what its condition asks. */
function fieldsRead(catalog: Catalog, child: string, model: RollupModel): ReadonlySet<string> {
  let byChild = readsMemo.get(model);
  if (!byChild) readsMemo.set(model, (byChild = new Map()));
  let known = byChild.get(child);
  if (!known) {
    known = new Set(
      model.rollup.sources
        .filter((source) => source.of === child)
        .flatMap((source) => [
          source.by,
          ...(source.field ? [source.field] : []),
          ...(source.where === undefined
            ? []
            : conditionReads(source.where, { catalog, object: child, place: 'rollup' }).fields),
        ]),
    );
    byChild.set(child, known);
  }
  return known;
}

/** Recomputes the rollups of parents that are locked already. */
export async function recomputeRollups(run: Run, on: Queryable, stale: Stale): Promise<void> {
  await allOf(
    [...stale].map(([parent, { ids, fields }]) =>
      run.query(
        on,
        rollupUpdate(run.context, parent, [...fields.values()], sql`q.id = ANY(${[...ids].sort()}::uuid[])`),
      ),
    ),
  );
}

/** UPDATE that brings rollups of the parents under a condition (alias `q`) up to date, touching only rows that differ. */
export function rollupUpdate(
  context: Pick<Context, 'catalog' | 'workspace' | 'now'>,
  parent: string,
  fields: readonly FieldModel[],
  where: Sql,
): Sql {
  const columns = fields.map((field) => ({
    column: field.type.columns(field)[0]!,
    value: rememberedValue(context, field),
  }));
  const table = ident('crm', parent);
  const values = join(
    columns.map(({ column, value }, index) => sql`(${value})::${raw(column.type)} AS ${ident(`v${index}`)}`),
  );
  const assignments = join(
    columns.map(({ column }, index) => sql`${ident(column.name)} = n.${ident(`v${index}`)}`),
  );
  const differs = or(
    columns.map(({ column }, index) => sql`p.${ident(column.name)} IS DISTINCT FROM n.${ident(`v${index}`)}`),
  );
  return sql`UPDATE ${table} p SET ${assignments} FROM (SELECT q.id, ${values} FROM ${table} q WHERE ${where}) n WHERE p.id = n.id AND ${differs}`;
}

const valueMemo = new WeakMap<FieldModel, Map<string, Sql>>();

/** The recount of a rollup, worked out once per workspace settings: its condition knows no clock and no caller. */
function rememberedValue(context: Pick<Context, 'catalog' | 'workspace' | 'now'>, field: FieldModel): Sql {
  const key = `${context.workspace.timeZone} ${context.workspace.currency} ${context.workspace.country}`;
  let byWorkspace = valueMemo.get(field);
  if (!byWorkspace) valueMemo.set(field, (byWorkspace = new Map<string, Sql>()));
  let known = byWorkspace.get(key);
  if (!known) byWorkspace.set(key, (known = rollupValue(context, field)));
  return known;
}

function rollupValue(context: Pick<Context, 'catalog' | 'workspace' | 'now'>, field: FieldModel): Sql {
  const rollup = field.type.rollup!(field);
  const parts = rollup.sources.map((source) => sourceValue(context, rollup.fn, source));
  if (parts.length === 1) return parts[0]!;
  if (rollup.fn === 'count' || rollup.fn === 'sum') return join(parts, ' + ');
  return sql`${raw(rollup.fn === 'min' ? 'LEAST' : 'GREATEST')}(${join(parts)})`;
}

function sourceValue(
  context: Pick<Context, 'catalog' | 'workspace' | 'now'>,
  fn: string,
  source: RollupSource,
): Sql {
  const env = {
    catalog: context.catalog,
    object: source.of,
    alias: 'c',
    place: 'rollup' as const,
    scope: { me: null, teams: [] },
    parse: parseEnvOf(context as Context),
  };
  const conditions = [sql`c.${ident(source.by)} = q.id`, raw('c.archived_at IS NULL')];
  if (source.where !== undefined) conditions.push(conditionToSql(source.where, env));
  const measured = source.field === undefined ? raw('*') : fieldToSql(source.field, env).sql;
  const value = fn === 'sum' ? sql`coalesce(sum(${measured}), 0)` : sql`${raw(fn)}(${measured})`;
  return sql`(SELECT ${value} FROM ${ident('crm', source.of)} c WHERE ${and(conditions)})`;
}
