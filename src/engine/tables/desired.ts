/** The tables that a catalog asks for: a column per field and part, indexes, and keys to other records. */
import type { Catalog, FieldModel, ObjectModel } from '../../core/catalog/catalog.ts';
import { searchTextFields } from '../../core/catalog/search-fields.ts';
import { companionColumns } from '../../core/catalog/system-fields.ts';
import { compile, ident, raw, sql, type Sql } from '../../core/sql/sql.ts';
import { nameOfPart } from './names.ts';

export type ColumnSpec = { name: string; type: string; collateC: boolean; notNull: boolean; field?: string };

export type IndexSpec = {
  name: string;
  unique: boolean;
  /** `USING … (…) WHERE …`: what stands behind the table's name. */
  definition: string;
  /** The field whose values it keeps apart, of a unique index. */
  field?: string;
};

export type KeySpec = { name: string; column: string; target: string; field: string };

export type TableSpec = {
  object: string;
  columns: readonly ColumnSpec[];
  indexes: readonly IndexSpec[];
  keys: readonly KeySpec[];
};

/** System columns that the engine always fills. */
const neverEmpty = new Set(['id', 'version', 'created_at', 'updated_at']);

const living = raw('WHERE "archived_at" IS NULL');

export function desiredTables(catalog: Catalog): TableSpec[] {
  return [...catalog.objects.values()].map((object) => desiredTable(catalog, object));
}

export function desiredTable(catalog: Catalog, object: ObjectModel): TableSpec {
  const fields = [...object.fields.values()];
  return {
    object: object.key,
    columns: [
      ...fields.flatMap((field) => columnsOf(field)),
      ...companionColumns.map(({ name, type, ...more }) => ({
        name,
        type,
        collateC: 'collateC' in more,
        notNull: false,
      })),
    ],
    indexes: indexesOf(catalog, object),
    keys: fields.flatMap((field) => keyOf(catalog, field) ?? []),
  };
}

export const columnsOf = (field: FieldModel): ColumnSpec[] =>
  field.type.columns(field).map(({ name, type, collateC }) => ({
    name,
    type,
    collateC: collateC ?? false,
    notNull: field.system && neverEmpty.has(name),
    field: field.key,
  }));

/** True where the field has columns of its own to index, keep apart or copy. */
export const isStored = (field: FieldModel): boolean => field.type.columns(field).length > 0;

export const operandOf = (field: FieldModel, table: string): Sql =>
  field.type.operand?.(field, table) ?? ident(table, field.type.columns(field)[0]!.name);

/** System fields link without a key: whoever wrote a record is never a reason to refuse a change. */
export function keyOf(catalog: Catalog, field: FieldModel): KeySpec | undefined {
  const target = field.type.linkTo?.(field);
  if (!target || field.system || !isStored(field) || !catalog.objects.has(target)) return undefined;
  const column = field.type.columns(field)[0]!.name;
  return {
    name: nameOfPart(field.object, field.key, 'fk', `${column} ${target}`),
    column,
    target,
    field: field.key,
  };
}

export function indexesOf(catalog: Catalog, object: ObjectModel): IndexSpec[] {
  const found = new Map<string, IndexSpec>();
  const add = (about: string, unique: boolean, body: Sql, says: string, field?: string): void => {
    const index = indexSpec(object.key, about, unique, body, says, field);
    found.set(index.definition + (unique ? ' unique' : ''), index);
  };
  for (const field of object.fields.values()) {
    for (const index of fieldIndexes(field))
      found.set(index.definition + (index.unique ? ' unique' : ''), index);
  }
  if (object.stageField) {
    add('gaps', false, sql`USING btree ("id") WHERE cardinality("gaps") > 0`, 'gaps');
  }
  // What a match rule compares is looked up at each create.
  for (const rule of catalog.matchRules.values()) {
    if (rule.object !== object.key) continue;
    for (const keys of [...(rule.auto ?? []), ...(rule.review ?? [])]) {
      const fields = keys
        .map((key) => object.fields.get(key))
        .filter((field) => field !== undefined && isStored(field));
      if (fields.length !== keys.length || fields.some((field) => isSet(field!))) continue;
      if (fields.length === 1 && fields[0]!.unique) continue;
      const parts = fields.map((field) => sql`(${operandOf(field!, object.key)})`);
      const body = sql`USING btree (${commaed(parts)}, "id") ${living}`;
      add(keys.join('_'), false, body, fields.map((field) => field!.type.operandType(field!)).join());
    }
  }
  if (searchTextFields(catalog, object).length > 0) found.set('search', searchIndex(object.key, 'search__'));
  add('archived', false, sql`USING btree ("id") WHERE "archived_at" IS NOT NULL`, 'archived');
  return [...found.values()];
}

/**
 * fastupdate: a write appends its trigrams to a list of at most 1 MB, which a later one sorts in; without
 * it each write would touch some thirty pages of the index.
 */
export const searchIndex = (object: string, column: string): IndexSpec =>
  indexSpec(
    object,
    'search',
    false,
    sql`USING gin (${ident(column)} public.gin_trgm_ops) WITH (fastupdate = on, gin_pending_list_limit = 1024) ${living}`,
    'search',
  );

/** Indexes of one field alone. */
export function fieldIndexes(field: FieldModel): IndexSpec[] {
  if (!isStored(field)) return [];
  const found: IndexSpec[] = [];
  const operand = operandOf(field, field.object);
  const says = field.type.operandType(field);
  const linked = field.type.linkTo?.(field) !== undefined && !field.system;
  // A unique index finds as well; a second one would only cost its writes.
  if (field.unique) {
    const body = sql`USING btree ((${operand})) ${living}`;
    found.push(indexSpec(field.object, field.key, true, body, says, field.key));
  } else if (linked || field.indexed || field.type.role === 'stage') {
    const body = isSet(field)
      ? sql`USING gin ((${operand})) ${living}`
      : sql`USING btree (${commaed(sortKeys(field, operand))}, "id") ${living}`;
    found.push(indexSpec(field.object, field.key, false, body, says));
  }
  return found;
}

/** Characters of a text that fit into an index twice, folded and as written, whatever letters they are. */
const mostIndexedTwice = 255;

/** An index that lists can follow to the end: text sorts folded first, then as written. */
function sortKeys(field: FieldModel, operand: Sql): Sql[] {
  const order = field.type.order?.(field, field.object) ?? [];
  const short =
    ((field.settings as { maxLength?: number }).maxLength ?? mostIndexedTwice) <= mostIndexedTwice;
  return order.length > 1 && field.indexed && short
    ? [sql`(${operand})`, ident(field.key)]
    : [sql`(${operand})`];
}

const isSet = (field: FieldModel): boolean => field.type.traits(field).includes('set');

function indexSpec(
  object: string,
  about: string,
  unique: boolean,
  body: Sql,
  says: string,
  field?: string,
): IndexSpec {
  const { text, values } = compile(body);
  if (values.length > 0) throw new Error(`The index on ${object}.${about} would need a parameter: ${text}`);
  const name = nameOfPart(object, about, unique ? 'ux' : 'ix', `${text} ${says}`);
  return { name, unique, definition: text, ...(field === undefined ? {} : { field }) };
}

const commaed = (parts: readonly Sql[]): Sql =>
  parts.slice(1).reduce((all, part) => sql`${all}, ${part}`, parts[0]!);
