/**
 * Writes a backup: every table as one snapshot sees it, and the bytes of every file that it names, as a stream
 * that holds one part in memory. It takes the lightest lock there is (ACCESS SHARE): reads and writes go on;
 * only a change of definitions waits, and so cannot tear a table in the middle.
 */
import { createHash } from 'node:crypto';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { FileStore } from '../../core/context/context.ts';
import { compile, ident, join, row, rows, sql } from '../../core/sql/sql.ts';
import { compressor, inParts, packed, type Part } from './archive.ts';
import { describeSequences, describeTables, tableNames } from './describe-tables.ts';
import { formatVersion, nameOf, type BackupTable, type Contents, type Manifest } from './manifest.ts';
import { backupRefusal } from './refusal.ts';
import { rowDigest } from './row-digest.ts';
import { withLongSession } from './session.ts';

export type BackupInput = {
  connection: pg.ClientConfig;
  files: Pick<FileStore, 'open'>;
  /** The version of Groundwork. */
  product: string;
  /** Also what signs sessions, and the sessions. */
  withKey: boolean;
  /** Rows and files written so far, and about how many there are. */
  onProgress?: (state: { done: number; total: number }) => void;
  signal?: AbortSignal;
};

export type BackupSummary = { manifest: Manifest; contents: Contents };

/** Ends `to` when all is written. @throws Error `backup_nothing` where there is no Groundwork data yet */
export async function writeBackup(input: BackupInput, to: Writable): Promise<BackupSummary> {
  return withLongSession(input.connection, async (client) => {
    const manifest = await takeSnapshot(client, input);
    const contents: Contents = { tables: [], files: 0, file_bytes: 0, missing_files: [] };
    const signal = input.signal ?? new AbortController().signal;
    await pipeline(packed(parts(client, input, manifest, contents)), compressor(), to, { signal });
    await client.query('ROLLBACK');
    return { manifest, contents };
  });
}

/**
 * Begins the transaction all of it is read in. The tables are locked before the snapshot is taken, and looked
 * up again by it: what was made or changed in between is met by another try.
 */
async function takeSnapshot(client: pg.Client, input: BackupInput): Promise<Manifest> {
  for (;;) {
    const names = await tableNames(client);
    if (!names.includes('platform.migrations')) throw nothingThere();
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    try {
      await client.query(`LOCK TABLE ${names.join(', ')} IN ACCESS SHARE MODE`);
      // The first statement after the locks takes the snapshot, right after it began.
      const moment = await row<{ at: string; snapshot: string }>(
        client,
        sql`SELECT to_char(statement_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at,
                   pg_current_snapshot()::text AS snapshot`,
      );
      if (String(await tableNames(client)) === String(names)) return await describe(client, input, moment!);
    } catch (error) {
      if ((error as { code?: string }).code !== '42P01') throw error; // dropped meanwhile
    }
    await client.query('ROLLBACK');
  }
}

async function describe(
  client: pg.Client,
  { product, withKey }: BackupInput,
  { at, snapshot }: { at: string; snapshot: string },
): Promise<Manifest> {
  const moment = await row<{ last_event: string | null; postgresql: string }>(
    client,
    sql`SELECT (SELECT max(id) FROM platform.events WHERE xid = (SELECT max(xid) FROM platform.events)) AS last_event,
               current_setting('server_version') AS postgresql`,
  );
  const definitions = await row<{ version: number; epoch: number }>(
    client,
    sql`SELECT version, epoch FROM platform.definition_state`,
  );
  return {
    format: 'groundwork backup',
    format_version: formatVersion,
    product,
    postgresql: moment!.postgresql,
    moment: { at, last_event: moment!.last_event === null ? null : Number(moment!.last_event), snapshot },
    definitions: { version: Number(definitions!.version), epoch: Number(definitions!.epoch) },
    migrations: await rows(client, sql`SELECT number, name, sha256 FROM platform.migrations ORDER BY number`),
    with_key: withKey,
    says: withKey
      ? 'Holds the key that signs sessions, and the sessions: guard it like a password.'
      : 'Does not hold the key that signs sessions: after a restore everybody signs in anew.',
    tables: await describeTables(client, { withKey }),
    sequences: await describeSequences(client),
  };
}

async function* parts(
  client: pg.Client,
  input: BackupInput,
  manifest: Manifest,
  contents: Contents,
): AsyncGenerator<Part> {
  const progress = { done: 0, total: await estimate(client) };
  const tell = (more: number): void => {
    progress.done += more;
    input.onProgress?.({ ...progress, total: Math.max(progress.total, progress.done) });
  };
  yield { name: 'manifest.json', body: Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`) };
  for (const table of manifest.tables) {
    if (table.left_out) continue;
    const digest = rowDigest();
    let told = 0;
    for await (const part of inParts(`tables/${nameOf(table)}`, copied(client, table))) {
      digest.add(part.body);
      tell(digest.rows() - told);
      told = digest.rows();
      yield part;
    }
    contents.tables.push({
      table: nameOf(table),
      rows: digest.rows(),
      bytes: digest.bytes(),
      digest: digest.hex(),
    });
  }
  for await (const file of filesOf(client)) {
    yield* fileParts(input.files, file, contents);
    tell(1);
  }
  yield { name: 'contents.json', body: Buffer.from(`${JSON.stringify(contents, null, 2)}\n`) };
}

async function estimate(client: pg.Client): Promise<number> {
  const found = await row<{ total: string }>(
    client,
    sql`SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint AS total FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('crm', 'platform', 'auth') AND c.relkind = 'r'`,
  );
  return Number(found!.total);
}

/** Rows as COPY text. Transaction numbers mean nothing to another server: all that is restored is long past. */
export function copied(client: pg.Client, table: BackupTable): AsyncIterable<Buffer> {
  const columns = table.columns.map(({ name, type }) =>
    type === 'xid8' ? sql`'0'::xid8 AS ${ident(name)}` : ident(name),
  );
  const { text } = compile(
    sql`COPY (SELECT ${join(columns)} FROM ${ident(table.schema, table.name)}) TO STDOUT`,
  );
  return client.query(copyTo(text)) as AsyncIterable<Buffer>;
}

type Stored = { sha256: string; stored_as: string; size: number };

async function* filesOf(client: pg.Client): AsyncGenerator<Stored> {
  for (let after = Buffer.alloc(0); ;) {
    const page = await rows<{ sha256: Buffer; stored_as: string; size: string }>(
      client,
      sql`SELECT DISTINCT ON (sha256) sha256, stored_as, size FROM platform.files
          WHERE sha256 > ${after} ORDER BY sha256 LIMIT 500`,
    );
    for (const { sha256, ...file } of page) {
      yield { sha256: sha256.toString('hex'), stored_as: file.stored_as, size: Number(file.size) };
    }
    if (page.length === 0) return;
    after = page.at(-1)!.sha256 as Buffer<ArrayBuffer>;
  }
}

/** A file that is gone or not what it was ends no backup: it is named in the contents instead. */
async function* fileParts(
  files: Pick<FileStore, 'open'>,
  file: Stored,
  contents: Contents,
): AsyncGenerator<Part> {
  const sum = createHash('sha256');
  let bytes = 0;
  try {
    const body = await files.open(file.stored_as);
    for await (const part of inParts(`files/${file.sha256}`, body as AsyncIterable<Buffer>)) {
      sum.update(part.body);
      bytes += part.body.length;
      yield part;
    }
    if (bytes === 0) yield { name: `files/${file.sha256}.000001`, body: Buffer.alloc(0) };
  } catch {
    contents.missing_files.push(file.sha256);
    return;
  }
  contents.files += 1;
  contents.file_bytes += bytes;
  if (sum.digest('hex') !== file.sha256) contents.missing_files.push(file.sha256);
}

const nothingThere = (): Error =>
  backupRefusal(
    'backup_nothing',
    'There is nothing to back up: this database holds no Groundwork data yet. Check DATA_DIR and DATABASE_URL.',
  );
