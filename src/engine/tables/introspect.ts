/** The record tables as they stand in the database. */
import { rows, sql, type Queryable } from '../../core/sql/sql.ts';

export type LiveTable = {
  columns: Map<string, { type: string; collation: string | null; notNull: boolean }>;
  /** `valid` is false for what a CREATE INDEX CONCURRENTLY left that did not come to its end. */
  indexes: Map<string, { valid: boolean; unique: boolean }>;
  /** Foreign keys. */
  keys: Map<string, { validated: boolean }>;
};
export type LiveTables = Map<string, LiveTable>;

export async function liveTables(on: Queryable): Promise<LiveTables> {
  const found = await rows<{
    name: string;
    columns: { name: string; type: string; collation: string | null; notNull: boolean }[];
    indexes: { name: string; valid: boolean; unique: boolean }[] | null;
    keys: { name: string; validated: boolean }[] | null;
  }>(
    on,
    sql`SELECT c.relname AS name,
          (SELECT coalesce(json_agg(json_build_object(
                    'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'notNull', a.attnotnull,
                    'collation', (SELECT collname FROM pg_collation l WHERE l.oid = a.attcollation))
                    ORDER BY a.attnum), '[]')
             FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
          (SELECT json_agg(json_build_object('name', i.relname, 'valid', x.indisvalid, 'unique', x.indisunique))
             FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = c.oid) AS indexes,
          (SELECT json_agg(json_build_object('name', k.conname, 'validated', k.convalidated))
             FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f') AS keys
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'crm' AND c.relkind IN ('r', 'p')`,
  );
  return new Map(
    found.map((table) => [
      table.name,
      {
        columns: new Map(table.columns.map(({ name, ...rest }) => [name, rest])),
        indexes: new Map((table.indexes ?? []).map(({ name, ...rest }) => [name, rest])),
        keys: new Map((table.keys ?? []).map(({ name, ...rest }) => [name, rest])),
      },
    ]),
  );
}

const aliases: Readonly<Record<string, string>> = {
  int: 'integer',
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  bool: 'boolean',
  float8: 'double precision',
  timestamptz: 'timestamp with time zone',
  timestamp: 'timestamp without time zone',
  decimal: 'numeric',
  varchar: 'character varying',
};

/** A type's name as PostgreSQL writes it: `numeric(19, 4)[]` and `numeric(19,4)[]` are one. */
export function canonicalType(type: string): string {
  const parts = /^\s*([a-z0-9_ ]+?)\s*(\([0-9, ]+\))?\s*((?:\[\])*)\s*$/.exec(type.toLowerCase());
  if (!parts) return type;
  const [, name, size = '', array = ''] = parts;
  const zone = /^(timestamptz|timestamp)$/.exec(name!);
  const digits = size.replaceAll(' ', '');
  if (zone) return `timestamp${digits} ${zone[1] === 'timestamptz' ? 'with' : 'without'} time zone${array}`;
  return `${aliases[name!] ?? name}${digits}${array}`;
}
