/** Reads a backup from its first byte to its last, a section at a time, and checks it on the way. */
import { createHash } from 'node:crypto';
import { unpacked, type Part } from './archive.ts';
import {
  nameOf,
  readContents,
  readManifest,
  type BackupTable,
  type Contents,
  type Manifest,
} from './manifest.ts';
import { damaged } from './refusal.ts';
import { rowDigest } from './row-digest.ts';

/** `body` is read to its end before the next section is asked for. */
export type Section =
  | { kind: 'manifest'; manifest: Manifest }
  | { kind: 'table'; table: BackupTable; body: AsyncIterable<Buffer> }
  | { kind: 'file'; sha256: string; body: AsyncIterable<Buffer> }
  | { kind: 'contents'; contents: Contents };

export type ReadProgress = (bytes: number) => void;

/** What was given counts once the iteration ended without throwing. @throws Error `backup_damaged`, `backup_newer` */
export async function* sections(path: string, onRead?: ReadProgress): AsyncGenerator<Section> {
  const parts = unpacked(path, onRead);
  let next = await parts.next();
  if (next.done || next.value.name !== 'manifest.json') throw damaged('it does not begin with a manifest');
  const manifest = readManifest(next.value.body);
  const tables = new Map(manifest.tables.map((table) => [nameOf(table), table]));
  yield { kind: 'manifest', manifest };
  next = await parts.next();
  let contents: Contents | undefined;
  while (!next.done) {
    if (contents) throw damaged(`${next.value.name} stands behind its contents`);
    if (next.value.name === 'contents.json') {
      contents = readContents(next.value.body);
      yield { kind: 'contents', contents };
      next = await parts.next();
      continue;
    }
    const { folder, name, stem } = partName(next.value);
    const body = async function* (): AsyncGenerator<Buffer> {
      for (let number = 1; !next.done && next.value.name.startsWith(`${stem}.`); number++) {
        if (next.value.name !== `${stem}.${String(number).padStart(6, '0')}`) {
          throw damaged(`${next.value.name} stands in the wrong place`);
        }
        yield next.value.body;
        next = await parts.next();
      }
    };
    if (folder === 'files') {
      yield { kind: 'file', sha256: name, body: body() };
    } else {
      const table = tables.get(name);
      if (!table || table.left_out) throw damaged(`its manifest does not name ${name}`);
      tables.delete(name);
      yield { kind: 'table', table, body: body() };
    }
  }
  if (!contents) throw damaged('its contents are missing');
}

function partName({ name }: Part): { folder: string; name: string; stem: string } {
  const found = /^((tables|files)\/([a-z0-9_.]+))\.(\d{6,})$/.exec(name);
  if (!found || (found[2] === 'files' && !/^[0-9a-f]{64}$/.test(found[3]!))) {
    throw damaged(`it holds ${name}, which no backup does`);
  }
  return { folder: found[2]!, name: found[3]!, stem: found[1]! };
}

/** Reads all of it and compares every row and byte with what was counted. @throws as `sections` does */
export async function checkBackup(
  path: string,
  onRead?: ReadProgress,
): Promise<{ manifest: Manifest; contents: Contents }> {
  let manifest: Manifest | undefined;
  let contents: Contents | undefined;
  const found = new Map<string, { rows: number; digest: string }>();
  const badFiles = new Set<string>();
  for await (const section of sections(path, onRead)) {
    if (section.kind === 'manifest') manifest = section.manifest;
    else if (section.kind === 'contents') contents = section.contents;
    else if (section.kind === 'table') {
      const digest = rowDigest();
      for await (const chunk of section.body) digest.add(chunk);
      found.set(nameOf(section.table), { rows: digest.rows(), digest: digest.hex() });
    } else {
      const sum = createHash('sha256');
      for await (const chunk of section.body) sum.update(chunk);
      if (sum.digest('hex') !== section.sha256) badFiles.add(section.sha256);
    }
  }
  for (const { table, rows, digest } of contents!.tables) {
    const rowsFound = found.get(table);
    if (rows !== (rowsFound?.rows ?? 0) || (rowsFound && rowsFound.digest !== digest)) {
      throw damaged(`the rows of ${table} are not those that were counted`);
    }
  }
  for (const sha256 of badFiles) {
    if (!contents!.missing_files.includes(sha256)) throw damaged(`the file ${sha256} is not what it was`);
  }
  return { manifest: manifest!, contents: contents! };
}
