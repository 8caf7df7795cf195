/**
 * Makes the tables ready for a catalog that is not in force yet. Everything here is invisible to the catalog
 * in force and may be begun again: new tables, new columns, copies beside the columns in use, indexes. The
 * one exception is a unique index over a column in use, which is therefore built last.
 */
import type { PoolClient } from 'pg';
import type { Catalog } from '../../core/catalog/catalog.ts';
import type { Workspace } from '../../core/context/context.ts';
import { invalid, issue } from '../../core/errors/problem.ts';
import { ident, row, sql, type Queryable } from '../../core/sql/sql.ts';
import { copiesFor, formerNames, isTemporary, nextSearch, underConstruction, type Copy } from './copies.ts';
import {
  addColumns,
  addKey,
  createIndex,
  createTable,
  dropColumns,
  dropIndex,
  dropKey,
  renameColumn,
  renameIndex,
  validateKey,
} from './ddl.ts';
import { desiredTables, indexesOf, searchIndex, type IndexSpec, type TableSpec } from './desired.ts';
import { changedSince, fillAll, fillChanged, transactionHorizon, type FillEnv } from './fill.ts';
import { liveTables, type LiveTables } from './introspect.ts';
import { fitting } from './names.ts';
import { ddl, inOwnTransaction, patientDdl } from './patience.ts';
import { planTables, type TablePlan } from './plan.ts';

export type Preparation = {
  client: PoolClient;
  /** In force; undefined before the first. */
  before: Catalog | undefined;
  after: Catalog;
  workspace: Workspace;
  leaveEmpty: boolean;
  /** Number of the version to come: names former columns. */
  version: number;
  /** Called before each step; for logs, and for tests that let it die there. */
  step?(name: string): void | Promise<void>;
};

export type Prepared = {
  /** Columns wait to be put in their places. */
  pending: boolean;
  /** Brings the rest up to date and puts new columns in their places; within the switch. */
  finish(): Promise<void>;
  /** After the switch: drops what nobody asks for any more. */
  cleanUp(): Promise<void>;
  /** When there is no switch after all: takes back what others could notice. */
  giveUp(): Promise<void>;
};

export async function prepareTables(input: Preparation): Promise<Prepared> {
  const { client, before, after, workspace } = input;
  const step = async (name: string): Promise<void> => input.step?.(name);
  await dropTemporaryColumns(client);
  let live = await liveTables(client);
  const { copies: wanted, issues } = copiesFor(before, after, live, workspace);
  if (issues.length > 0) throw invalid(issues);
  const building = underConstruction(after, wanted);
  const copies = inFillingOrder(wanted, building);
  const specs = desiredTables(building).map((spec) => withNextSearch(spec, copies));
  await makeWay(input, planTables(specs, live));
  live = await liveTables(client);
  const plan = planTables(specs, live);
  const built: IndexSpec[] = [];
  const giveUp = async (): Promise<void> => {
    for (const index of built) await patientDdl(client, dropIndex(index.name, 'concurrently'));
    await dropTemporaryColumns(client);
  };
  try {
    for (const table of plan) {
      if (table.create) await createWhole(client, table.spec, step);
      else if (table.add.length > 0) {
        await step(`columns of ${table.object}`);
        await ddl(client, addColumns(table.object, table.add));
      }
    }
    const env: FillEnv = { client, catalog: building, workspace, leaveEmpty: input.leaveEmpty };
    const horizons = await fillCopies(env, copies, step);
    const waiting = plan.flatMap((table) =>
      table.create ? [] : table.indexes.map((index) => ({ object: table.object, ...index })),
    );
    for (const { object, index, invalid: broken } of waiting.filter(({ index: { unique } }) => !unique)) {
      await step(`index ${index.name}`);
      await buildIndex(client, object, index, broken);
    }
    for (const { object, keys } of plan) {
      for (const { key, there } of keys) {
        await step(`key ${key.name}`);
        if (!there) await ddl(client, addKey(object, key, 'not valid'));
        await patientDdl(client, validateKey(object, key));
      }
    }
    for (const { object, index, invalid: broken } of waiting.filter(({ index: { unique } }) => unique)) {
      await step(`unique index ${index.name}`);
      built.push(index);
      await buildUniqueIndex(client, after, object, index, broken);
    }
    return {
      pending: copies.length > 0,
      giveUp,
      async finish() {
        for (const copy of copies)
          await fillChanged(env, copy, await changedSince(env, copy, horizons.get(copy)!));
        for (const text of putInPlace(input, copies, building, live)) await client.query(text);
      },
      cleanUp: () => clearAway(client, after, step),
    };
  } catch (error) {
    await giveUp().catch(() => {});
    throw error;
  }
}

/** DDL for a database that has none of these tables yet: one text, to be run in one transaction. */
export function createAll(catalog: Catalog): string {
  const specs = desiredTables(catalog);
  return [
    ...specs.map(createTable),
    ...specs.flatMap((spec) => spec.indexes.map((index) => createIndex(spec.object, index, 'at once'))),
    ...specs.flatMap((spec) => spec.keys.map((key) => addKey(spec.object, key, 'checked'))),
  ].join(';\n');
}

/** Drops indexes and keys of ours that the catalog in force does not ask for. */
export async function clearAway(
  client: PoolClient,
  catalog: Catalog,
  step: (name: string) => Promise<void> = async () => {},
): Promise<void> {
  for (const { object, surplus } of planTables(desiredTables(catalog), await liveTables(client))) {
    for (const name of surplus.keys) {
      await step(`drop ${name}`);
      await ddl(client, dropKey(object, name));
    }
    for (const name of surplus.indexes) {
      await step(`drop ${name}`);
      await patientDdl(client, dropIndex(name, 'concurrently'));
    }
  }
}

/** What an apply that died left half-filled. Safe only under the lock on definitions. */
export async function dropTemporaryColumns(client: PoolClient): Promise<void> {
  for (const [object, table] of await liveTables(client)) {
    const names = [...table.columns.keys()].filter(isTemporary);
    if (names.length > 0) await ddl(client, dropColumns(object, names));
  }
}

async function createWhole(
  client: PoolClient,
  spec: TableSpec,
  step: (name: string) => Promise<void>,
): Promise<void> {
  await step(`table ${spec.object}`);
  await inOwnTransaction(client, async () => {
    await client.query(createTable(spec));
    for (const index of spec.indexes) await client.query(createIndex(spec.object, index, 'at once'));
  });
}

async function buildIndex(
  client: PoolClient,
  object: string,
  index: IndexSpec,
  broken: boolean,
): Promise<void> {
  if (broken) await patientDdl(client, dropIndex(index.name, 'concurrently'));
  await patientDdl(client, createIndex(object, index, 'concurrently'));
}

async function buildUniqueIndex(
  client: PoolClient,
  after: Catalog,
  object: string,
  index: IndexSpec,
  broken: boolean,
): Promise<void> {
  try {
    await buildIndex(client, object, index, broken);
  } catch (error) {
    if ((error as { code?: string }).code !== '23505') throw error;
    const key = index.field!.replace(/__n$/, '');
    throw invalid([notUnique(object, key, after.objects.get(object)!.fields.get(key)!.label)]);
  }
}

export const notUnique = (object: string, key: string, label: string, count?: number) =>
  issue(
    `objects.${object}.fields.${key}.unique`,
    'values_not_unique',
    count === undefined
      ? '“{label}” holds the same value in several records.'
      : '“{label}” holds the same value in several records: {count} values occur more than once.',
    'Merge or mend those records first, then ask for uniqueness.',
    { label, count },
  );

/**
 * A column of that name which no definition in force uses, left by a version that was reverted: dropped when
 * it is empty, else put aside under another name.
 */
async function makeWay(input: Preparation, plan: readonly TablePlan[]): Promise<void> {
  const { client, before, version } = input;
  for (const { object, mistyped } of plan) {
    for (const { column, has } of mistyped) {
      const model = before?.objects.get(object);
      const inUse = [...(model?.fields.values() ?? [])].some((field) =>
        field.type.columns(field).some(({ name }) => name === column.name),
      );
      if (inUse || column.field === undefined || model?.fields.get(column.field)?.system) {
        throw new Error(
          `crm.${object}.${column.name} is ${has} in the database, and ${column.type} by its definition.`,
        );
      }
      if (await isEmpty(client, object, column.name)) await ddl(client, dropColumns(object, [column.name]));
      else await ddl(client, renameColumn(object, column.name, fitting(`${column.name}__was_${version}`)));
    }
  }
}

async function isEmpty(on: Queryable, object: string, column: string): Promise<boolean> {
  const found = await row<{ used: boolean }>(
    on,
    sql`SELECT EXISTS (SELECT 1 FROM ${ident('crm', object)} WHERE ${ident(column)} IS NOT NULL) AS used`,
  );
  return !found!.used;
}

const withNextSearch = (spec: TableSpec, copies: readonly Copy[]): TableSpec => {
  const copy = copies.find(({ kind, object }) => kind === 'search' && object === spec.object);
  if (copy?.kind !== 'search') return spec;
  const column = { name: nextSearch, type: 'text', collateC: true, notNull: false };
  const indexes = spec.indexes.filter(({ name }) => name !== searchIndex(spec.object, 'search__').name);
  const index = copy.fields.length > 0 ? [searchIndex(spec.object, nextSearch)] : [];
  return { ...spec, columns: [...spec.columns, column], indexes: [...indexes, ...index] };
};

/** Values first: search text and rollups may read a field that is being copied itself. */
function inFillingOrder(copies: readonly Copy[], building: Catalog): Copy[] {
  const order = { values: 0, search: 1, rollup: 2 };
  return copies
    .toSorted((a, b) => order[a.kind] - order[b.kind])
    .map((copy) => {
      if (copy.kind !== 'search') return copy;
      const fields = building.objects.get(copy.object)!.fields;
      return { ...copy, fields: copy.fields.map((field) => fields.get(field.key)!) };
    });
}

async function fillCopies(
  env: FillEnv,
  copies: readonly Copy[],
  step: (name: string) => Promise<void>,
): Promise<Map<Copy, string>> {
  const horizons = new Map<Copy, string>();
  for (const copy of copies) {
    await step(`fill ${copy.object}.${copy.field?.key ?? 'search'}`);
    horizons.set(copy, await transactionHorizon(env.client));
    await fillAll(env, copy);
    await step(`catch up ${copy.object}.${copy.field?.key ?? 'search'}`);
    await catchUp(env, copy, horizons);
  }
  return horizons;
}

/** What changed during the fill, outside the switch, so that little is left for it. */
async function catchUp(env: FillEnv, copy: Copy, horizons: Map<Copy, string>): Promise<void> {
  for (let round = 0; round < 10; round++) {
    const since = horizons.get(copy)!;
    const horizon = await transactionHorizon(env.client);
    const ids = await changedSince(env, copy, since);
    await inOwnTransaction(env.client, () => fillChanged(env, copy, ids));
    horizons.set(copy, horizon);
    if (ids.length < 500) return;
  }
}

/** DDL of the switch: old columns aside, new ones into their places, indexes with them. Catalog entries only. */
function putInPlace(
  input: Preparation,
  copies: readonly Copy[],
  building: Catalog,
  live: LiveTables,
): string[] {
  const { before, after, version } = input;
  const statements: string[] = [];
  for (const copy of copies) {
    if (copy.kind === 'search') {
      statements.push(
        dropColumns(copy.object, ['search__']),
        renameColumn(copy.object, nextSearch, 'search__'),
      );
      if (copy.fields.length > 0) {
        statements.push(
          renameIndex(searchIndex(copy.object, nextSearch).name, searchIndex(copy.object, 'search__').name),
        );
      }
      continue;
    }
    const field = copy.field!;
    const model = before?.objects.get(copy.object);
    const was = model?.fields.get(field.key) ?? model?.retired.get(field.key);
    const stands = (name: string): boolean => live.get(copy.object)!.columns.has(name);
    for (const { from, to } of was ? formerNames(was, version) : []) {
      if (!stands(from)) continue;
      statements.push(
        was!.type.rollup ? dropColumns(copy.object, [from]) : renameColumn(copy.object, from, to),
      );
    }
    const from = copy.temporary.type.columns(copy.temporary);
    const to = field.type.columns(field);
    to.forEach((column, index) => statements.push(renameColumn(copy.object, from[index]!.name, column.name)));
  }
  for (const object of new Set(copies.filter(({ field }) => field).map((copy) => copy.object))) {
    const from = indexesOf(building, building.objects.get(object)!);
    const to = indexesOf(after, after.objects.get(object)!);
    const wanted = new Set(from.map(({ name }) => name));
    from.forEach((index, at) => {
      const name = to[at]!.name;
      if (index.name === name) return;
      if (!wanted.has(name)) statements.push(dropIndex(name, 'at once'));
      statements.push(renameIndex(index.name, name));
    });
  }
  return statements;
}
