/** DDL text. Names come from the catalog; nothing a caller wrote gets here but keys that its schema checked. */
import { ident } from '../../core/sql/sql.ts';
import type { ColumnSpec, IndexSpec, KeySpec, TableSpec } from './desired.ts';

export const quoted = (...names: readonly string[]): string => ident(...names).chunks[0]!;

export const columnDdl = (column: ColumnSpec): string =>
  `${quoted(column.name)} ${column.type}${column.collateC ? ' COLLATE "C"' : ''}${column.notNull ? ' NOT NULL' : ''}`;

/** Room on each page, so that a change of a record can stay on it and touch no index. */
export const createTable = (spec: TableSpec): string =>
  `CREATE TABLE crm.${quoted(spec.object)} (\n  ${[...spec.columns.map(columnDdl), 'PRIMARY KEY ("id")'].join(',\n  ')}\n) WITH (fillfactor = 90)`;

export const addColumns = (object: string, columns: readonly ColumnSpec[]): string =>
  `ALTER TABLE crm.${quoted(object)} ${columns.map((column) => `ADD COLUMN IF NOT EXISTS ${columnDdl(column)}`).join(', ')}`;

export const createIndex = (object: string, index: IndexSpec, how: 'at once' | 'concurrently'): string =>
  `CREATE ${index.unique ? 'UNIQUE ' : ''}INDEX ${how === 'concurrently' ? 'CONCURRENTLY ' : ''}${quoted(index.name)} ON crm.${quoted(object)} ${index.definition}`;

export const dropIndex = (name: string, how: 'at once' | 'concurrently'): string =>
  `DROP INDEX ${how === 'concurrently' ? 'CONCURRENTLY ' : ''}IF EXISTS crm.${quoted(name)}`;

export const addKey = (object: string, key: KeySpec, how: 'checked' | 'not valid'): string =>
  `ALTER TABLE crm.${quoted(object)} ADD CONSTRAINT ${quoted(key.name)} FOREIGN KEY (${quoted(key.column)}) REFERENCES crm.${quoted(key.target)} ("id")${how === 'not valid' ? ' NOT VALID' : ''}`;

export const validateKey = (object: string, key: KeySpec): string =>
  `ALTER TABLE crm.${quoted(object)} VALIDATE CONSTRAINT ${quoted(key.name)}`;

export const dropKey = (object: string, name: string): string =>
  `ALTER TABLE crm.${quoted(object)} DROP CONSTRAINT IF EXISTS ${quoted(name)}`;

export const dropColumns = (object: string, names: readonly string[]): string =>
  `ALTER TABLE crm.${quoted(object)} ${names.map((name) => `DROP COLUMN IF EXISTS ${quoted(name)}`).join(', ')}`;

export const renameColumn = (object: string, from: string, to: string): string =>
  `ALTER TABLE crm.${quoted(object)} RENAME COLUMN ${quoted(from)} TO ${quoted(to)}`;

export const renameIndex = (from: string, to: string): string =>
  `ALTER INDEX crm.${quoted(from)} RENAME TO ${quoted(to)}`;
