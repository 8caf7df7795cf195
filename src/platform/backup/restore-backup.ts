/**
 * Puts a backup back into an empty place. The file is read twice: once to its end, so that a damaged one changes
 * nothing, and once to load it, in one transaction that is compared row by row with what was counted before it
 * counts. Whoever kills it on the way leaves an empty place.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { compile, ident, join, raw, row, sql, type Sql } from '../../core/sql/sql.ts';
import { layMigrations } from '../database/migrate.ts';
import type { LocalFileStore } from '../files/file-store.ts';
import { tableNames } from './describe-tables.ts';
import { nameOf, type BackupTable, type Contents, type Manifest } from './manifest.ts';
import { checkBackup, sections } from './read-backup.ts';
import { backupRefusal, damaged } from './refusal.ts';
import { refuseWithoutRoom } from './room.ts';
import { rowDigest } from './row-digest.ts';
import { withLongSession } from './session.ts';
import { copied } from './write-backup.ts';

export type RestoreInput = {
  path: string;
  connection: pg.ClientConfig;
  /** Where the files' bytes go; without it they stay out, as a check of the database alone wants it. */
  files?: Pick<LocalFileStore, 'spool' | 'keep'>;
  /** The folder that files go to, and whether the database lies there as well: room is looked for first. */
  room?: { folder: string; database: boolean };
  /** Folder of the numbered SQL files. */
  migrations: string;
  /** Bytes of the backup read so far, in both passes together. */
  onRead?: (bytes: number) => void;
  /** Looked at between tables: stops, and nothing is there. */
  signal?: AbortSignal;
};

export type Restored = { manifest: Manifest; contents: Contents };

/** @throws Error `backup_damaged`, `backup_newer`, `backup_place` where something is there already */
export async function restoreBackup(input: RestoreInput): Promise<Restored> {
  return withLongSession(input.connection, async (client) => {
    await refuseFullPlace(client);
    let before = 0;
    const read = input.onRead ?? (() => {});
    const checked = await checkBackup(input.path, (bytes) => {
      before = bytes;
      read(bytes);
    });
    input.signal?.throwIfAborted();
    await refuseTightPlace(input, checked);
    await client.query('BEGIN');
    await load(client, input, checked, (bytes) => read(before + bytes));
    await client.query('COMMIT');
    // What the planner knows of a table is not part of it.
    await client.query('ANALYZE');
    return checked;
  });
}

async function refuseFullPlace(client: pg.Client): Promise<void> {
  const names = await tableNames(client);
  if (names.length === 0) return;
  throw backupRefusal(
    'backup_place',
    'There is something here already, and a restore replaces nothing. Restore into an empty place: another ' +
      'DATA_DIR, or a new database for DATABASE_URL (CREATE DATABASE …).',
  );
}

/** Rows take at least what they take as text. */
async function refuseTightPlace({ room, files }: RestoreInput, { contents }: Restored): Promise<void> {
  if (!room) return;
  const rows = room.database ? contents.tables.reduce((sum, table) => sum + table.bytes, 0) : 0;
  await refuseWithoutRoom('This restore', room.folder, rows + (files ? contents.file_bytes : 0));
}

async function load(
  client: pg.Client,
  input: RestoreInput,
  { manifest, contents }: Restored,
  onRead: (bytes: number) => void,
): Promise<void> {
  await layMigrations(client, input.migrations, manifest.migrations);
  await compareTables(client, manifest);
  const records = manifest.tables.filter((table) => table.made !== null);
  for (const table of records) await run(client, createTable(table));
  // The migrations' own first rows make room for those that were in force.
  const filled = manifest.tables.filter((table) => !table.left_out && table.made === null);
  await run(client, sql`TRUNCATE ${join(filled.map((table) => ident(table.schema, table.name)))} CASCADE`);
  for await (const section of sections(input.path, onRead)) {
    input.signal?.throwIfAborted();
    if (section.kind === 'table') await loadRows(client, section.table, section.body);
    else if (section.kind === 'file') await loadFile(input, section, contents);
  }
  for (const table of records) {
    for (const { name, definition } of table.made!.constraints) {
      if (definition.startsWith('FOREIGN KEY')) continue;
      await run(client, sql`ALTER TABLE ${nameIn(table)} ADD CONSTRAINT ${ident(name)} ${raw(definition)}`);
    }
    for (const { definition } of table.made!.indexes) await run(client, raw(definition));
  }
  for (const table of records) {
    for (const { name, definition } of table.made!.constraints) {
      if (!definition.startsWith('FOREIGN KEY')) continue;
      await run(client, sql`ALTER TABLE ${nameIn(table)} ADD CONSTRAINT ${ident(name)} ${raw(definition)}`);
    }
  }
  for (const { schema, name, value, called } of manifest.sequences) {
    await row(
      client,
      sql`SELECT setval(format('%I.%I', ${schema}::text, ${name}::text)::regclass, ${value}::bigint, ${called})`,
    );
  }
  await compareRows(client, manifest, contents);
}

const nameIn = (table: BackupTable): Sql => ident(table.schema, table.name);

/** As one statement, whatever a definition holds: the extended protocol takes no second one. */
async function run(client: pg.Client, statement: Sql): Promise<void> {
  await client.query({ ...compile(statement), queryMode: 'extended' } as pg.QueryConfig);
}

/** The migrations that it names must make the tables that it names. */
async function compareTables(client: pg.Client, manifest: Manifest): Promise<void> {
  const made = new Set((await tableNames(client)).map((name) => name.replaceAll('"', '')));
  const named = manifest.tables.filter((table) => table.made === null).map(nameOf);
  if (named.length === made.size && named.every((name) => made.has(name))) return;
  throw damaged('its tables are not those that its migrations make');
}

function createTable(table: BackupTable): Sql {
  const columns = table.columns.map(
    ({ name, type, collation, not_null }) =>
      sql`${ident(name)} ${raw(type)} ${collation === null ? raw('') : sql`COLLATE ${ident(collation)}`} ${raw(not_null ? 'NOT NULL' : '')}`,
  );
  const { options } = table.made!;
  const having = options.length === 0 ? raw('') : raw(`WITH (${options.join(', ')})`);
  return sql`CREATE TABLE ${nameIn(table)} (${join(columns)}) ${having}`;
}

async function loadRows(client: pg.Client, table: BackupTable, body: AsyncIterable<Buffer>): Promise<void> {
  const columns = join(table.columns.map(({ name }) => ident(name)));
  const { text } = compile(sql`COPY ${nameIn(table)} (${columns}) FROM STDIN`);
  await pipeline(Readable.from(body), client.query(copyFrom(text)));
}

async function loadFile(
  { files }: RestoreInput,
  { sha256, body }: { sha256: string; body: AsyncIterable<Buffer> },
  contents: Contents,
): Promise<void> {
  if (!files) {
    for await (const _ of body);
    return;
  }
  const spooled = await files.spool(Readable.from(body));
  try {
    if (spooled.sha256 === sha256) await files.keep(spooled);
    else if (!contents.missing_files.includes(sha256)) throw damaged(`the file ${sha256} is not what it was`);
  } finally {
    await spooled.discard();
  }
}

/** As the backup counted them, read back from the tables as they now stand. */
async function compareRows(client: pg.Client, manifest: Manifest, contents: Contents): Promise<void> {
  const counted = new Map(contents.tables.map((table) => [table.table, table]));
  for (const table of manifest.tables) {
    const expected = counted.get(nameOf(table));
    if (!expected) continue;
    const digest = rowDigest();
    for await (const chunk of copied(client, table)) digest.add(chunk);
    if (digest.rows() !== expected.rows || digest.hex() !== expected.digest)
      throw damaged(`the rows of ${nameOf(table)} did not arrive as they were written`);
  }
}
