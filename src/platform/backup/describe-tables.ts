/** Which tables there are and how each is made, read off PostgreSQL: definitions make record tables at run time. */
import type { ClientBase } from 'pg';
import { rows, sql } from '../../core/sql/sql.ts';
import { nameOf, type BackupTable, type Manifest } from './manifest.ts';

/** Rows that are true of this place alone, or open a door: whoever restores gets new ones. */
const ofThisPlace = new Set(['platform.setup_link', 'platform.backups', 'platform.failed_attempts']);
const keys = new Set(['platform.secrets', 'auth.sessions', 'auth.verifications']);

export async function tableNames(on: ClientBase): Promise<string[]> {
  const found = await rows<{ name: string }>(
    on,
    sql`SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('crm', 'platform', 'auth') AND c.relkind = 'r' ORDER BY 1`,
  );
  return found.map(({ name }) => name);
}

type Found = {
  schema: BackupTable['schema'];
  name: string;
  columns: BackupTable['columns'];
  options: string[] | null;
  constraints: { name: string; definition: string; to: string | null }[] | null;
  indexes: { name: string; definition: string }[] | null;
};

/** Each table behind those that its foreign keys point to, so that rows can be loaded in this order. */
export async function describeTables(on: ClientBase, options: { withKey: boolean }): Promise<BackupTable[]> {
  const found = await rows<Found>(
    on,
    sql`SELECT n.nspname AS schema, c.relname AS name, c.reloptions AS options,
          (SELECT coalesce(json_agg(json_build_object(
                    'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'not_null', a.attnotnull,
                    'collation', CASE WHEN a.attcollation <> t.typcollation THEN l.collname END)
                    ORDER BY a.attnum), '[]')
             FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
             LEFT JOIN pg_collation l ON l.oid = a.attcollation
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
          (SELECT json_agg(json_build_object(
                    'name', k.conname, 'definition', pg_get_constraintdef(k.oid),
                    'to', CASE WHEN k.confrelid <> k.conrelid THEN m.nspname || '.' || o.relname END)
                    ORDER BY k.contype = 'f', k.conname)
             FROM pg_constraint k
             LEFT JOIN pg_class o ON o.oid = k.confrelid LEFT JOIN pg_namespace m ON m.oid = o.relnamespace
             WHERE k.conrelid = c.oid AND k.contype IN ('p', 'u', 'c', 'f')) AS constraints,
          (SELECT json_agg(json_build_object('name', i.relname, 'definition', pg_get_indexdef(i.oid))
                    ORDER BY i.relname)
             FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
             WHERE x.indrelid = c.oid AND x.indisvalid
               AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.oid AND k.contype IN ('p', 'u')))
            AS indexes
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('crm', 'platform', 'auth') AND c.relkind = 'r' ORDER BY 1, 2`,
  );
  return inLoadingOrder(found).map((table) => {
    const { schema, name, columns } = table;
    const constraints = (table.constraints ?? []).map(({ to: _, ...constraint }) => constraint);
    return {
      schema,
      name,
      columns,
      left_out: ofThisPlace.has(nameOf(table)) || (!options.withKey && keys.has(nameOf(table))),
      made:
        schema === 'crm' ? { options: table.options ?? [], constraints, indexes: table.indexes ?? [] } : null,
    };
  });
}

function inLoadingOrder(tables: readonly Found[]): Found[] {
  const byName = new Map(tables.map((table) => [nameOf(table), table]));
  const ordered = new Set<Found>();
  const visiting = new Set<Found>();
  const visit = (table: Found): void => {
    if (ordered.has(table) || visiting.has(table)) return;
    visiting.add(table);
    // Record tables get their keys after their rows, and may point at each other in circles.
    if (table.schema !== 'crm') {
      for (const { to } of table.constraints ?? []) {
        const target = to === null ? undefined : byName.get(to);
        if (target) visit(target);
      }
    }
    ordered.add(table);
  };
  for (const table of tables) visit(table);
  return [...ordered];
}

/** They count on whatever a snapshot says, so that a value is never behind the rows. */
export const describeSequences = (on: ClientBase): Promise<Manifest['sequences']> =>
  rows(
    on,
    sql`SELECT schemaname AS schema, sequencename AS name, coalesce(last_value, start_value)::text AS value,
               last_value IS NOT NULL AS called
        FROM pg_sequences WHERE schemaname IN ('crm', 'platform', 'auth') ORDER BY 1, 2`,
  );
