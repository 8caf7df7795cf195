/** What a backup says of itself: the manifest in front, the contents behind what they count. */
import { z } from 'zod';
import { backupRefusal, damaged } from './refusal.ts';

/** Rises when an older Groundwork could no longer read what is written. */
export const formatVersion = 1;

const Name = z.string().min(1).max(63);

/**
 * As PostgreSQL writes a type, and nothing that could be more than a type: `numeric(19,4)`, `numeric(5,-2)`, `text[]`,
 * `timestamp(3) with time zone`, `"char"`, `public.citext`, `crm."Of ours"`.
 */
const typeName = '(?:[a-z_][a-z0-9_ ]*|"(?:[^"]|"")+")';
const Type = z
  .string()
  .regex(new RegExp(`^${typeName}(?:\\.${typeName})?(?:\\(-?\\d+(?:, ?-?\\d+)*\\))?[a-z ]*(?:\\[\\])*$`));

const Table = z.object({
  schema: z.enum(['crm', 'platform', 'auth']),
  name: Name,
  columns: z.array(z.object({ name: Name, type: Type, collation: Name.nullable(), not_null: z.boolean() })),
  /** Rows stay out: keys without --with-key, or what is true of one place alone. */
  left_out: z.boolean(),
  /** How a record table is made; platform tables are made by the migrations. Definitions as PostgreSQL writes them. */
  made: z
    .object({
      options: z.array(z.string().regex(/^[a-z_]+=[a-z0-9.-]+$/)),
      constraints: z.array(
        z.object({ name: Name, definition: z.string().regex(/^(PRIMARY KEY|UNIQUE|FOREIGN KEY|CHECK) /) }),
      ),
      indexes: z.array(z.object({ name: Name, definition: z.string().regex(/^CREATE (UNIQUE )?INDEX /) })),
    })
    .nullable(),
});
export type BackupTable = z.infer<typeof Table>;

const Manifest = z.object({
  format: z.literal('groundwork backup'),
  format_version: z.number().int(),
  /** The Groundwork that wrote it. */
  product: z.string(),
  postgresql: z.string(),
  moment: z.object({
    /** Every change acknowledged before it is in the backup. */
    at: z.iso.datetime({ offset: true }),
    last_event: z.number().int().nullable(),
    /** The same moment as a position among the commits, as pg_visible_in_snapshot reads it on the server it came from. */
    snapshot: z
      .string()
      .regex(/^\d+:\d+:[\d,]*$/)
      .optional(),
  }),
  definitions: z.object({ version: z.number().int(), epoch: z.number().int() }),
  migrations: z.array(z.object({ number: z.number().int(), name: z.string(), sha256: z.string() })),
  with_key: z.boolean(),
  /** The same in words. */
  says: z.string(),
  tables: z.array(Table),
  sequences: z.array(
    z.object({
      schema: Name,
      name: Name,
      value: z.string().regex(/^-?\d+$/),
      called: z.boolean(),
    }),
  ),
});
export type Manifest = z.infer<typeof Manifest>;

const Contents = z.object({
  tables: z.array(
    z.object({
      table: z.string(),
      rows: z.number().int(),
      bytes: z.number().int(),
      digest: z.string(),
    }),
  ),
  files: z.number().int(),
  file_bytes: z.number().int(),
  /** Content hashes of files whose bytes were not in the file store, or not as they should be. */
  missing_files: z.array(z.string()),
});
export type Contents = z.infer<typeof Contents>;

export const nameOf = (table: Pick<BackupTable, 'schema' | 'name'>): string =>
  `${table.schema}.${table.name}`;

/** @throws Error `backup_damaged`, `backup_newer` */
export function readManifest(body: Buffer): Manifest {
  const given = json(body);
  const { format, format_version: version, product } = (given ?? {}) as Record<string, unknown>;
  if (format !== 'groundwork backup') throw damaged('it is not a backup of Groundwork');
  if (typeof version === 'number' && version > formatVersion) {
    throw backupRefusal(
      'backup_newer',
      `This backup was made by a newer Groundwork (${String(product)}). Restore it with that version or a later one.`,
    );
  }
  const parsed = Manifest.safeParse(given);
  if (!parsed.success)
    throw damaged(`its manifest is not in order (${parsed.error.issues[0]!.path.join('.')})`);
  return parsed.data;
}

/** @throws Error `backup_damaged` */
export function readContents(body: Buffer): Contents {
  const parsed = Contents.safeParse(json(body));
  if (!parsed.success) throw damaged('its contents are not in order');
  return parsed.data;
}

function json(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw damaged('its description is not readable', error);
  }
}
