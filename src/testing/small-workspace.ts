/**
 * A workspace on a database of its own with two objects, a list and a role, for tests of how definitions come
 * into force: `useSmallWorkspace()` at the top of a test file gives every test a fresh one.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { PoolClient } from 'pg';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { uuidV7 } from '../core/identity/uuid-v7.ts';
import { isProblem, type Issue } from '../core/errors/problem.ts';
import { kinds } from '../kinds/index.ts';
import { migrate } from '../platform/database/migrate.ts';
import { testDatabase, type TestDatabase } from './database.ts';
import { applyDefinitions, type ApplyInput } from '../engine/definitions/apply.ts';
import { exportFiles } from '../engine/definitions/export.ts';
import { definitionVersions, type DefinitionContext } from '../engine/definitions/into-force.ts';
import type { DefinitionFile } from '../engine/definitions/read-yaml.ts';
import { readState } from '../engine/definitions/state.ts';
import { startDefinitions } from '../engine/definitions/start.ts';
import type { CatalogStore } from '../engine/definitions/store.ts';

export const workspace = { name: 'Test', timeZone: 'UTC', currency: 'EUR', country: 'DE' };
export const log = { info() {}, warn() {}, error() {} };

export const packs: Record<string, string> = {
  'core/pack.yaml': 'key: core\nlabel: Core\nversion: 1.0.0\nmeaning: A small pack for tests.\n',
  'core/lists/colour.yaml': `# Colours we paint in.
label: Colour
owner: administrator
meaning: What a thing looks like.
values:
  - { key: red, label: Red } # warm
  - { key: blue, label: Blue }
  - { key: green, label: Green }
`,
  'core/objects/users.yaml': `label: { one: User, many: Users }
owner: administrator
meaning: A person of our own who works in this CRM.
side: setup
name: name
serves: user
fields:
  name: { type: text, label: Name, owner: administrator, meaning: What colleagues call this person. }
`,
  'core/objects/things.yaml': `# A thing we made.
label: { one: Thing, many: Things }
owner: administrator
meaning: Something that we made and can show.
side: sales
name: name
search: [name]
fields:
  # How people call it.
  name: { type: text, label: Name, owner: administrator, meaning: What people call the thing. }
  code: { type: text, label: Code, owner: administrator, meaning: The code on its label. }
  serial: { type: text, label: Serial, owner: administrator, meaning: The number stamped on it. }
  colour: { type: choice, list: colour, label: Colour, owner: administrator, meaning: What it looks like. }
  parent: { type: link, to: things, label: Parent, owner: administrator, meaning: The thing it is a part of. }
  weight: { type: number, label: Weight, owner: administrator, meaning: What it weighs in kilograms. }
`,
  'core/roles/administrator.yaml': `label: Administrator
owner: administrator
meaning: Sees to it that everything works.
grants:
  '*': { create: all, read: all, edit: all, archive: all }
permissions: [definitions.read, definitions.apply]
`,
};

export let packsDir: string;
export let database: TestDatabase;
export let store: CatalogStore;
const folders: string[] = [];

export function write(dir: string, files: Record<string, string>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  return dir;
}

export function temporary(): string {
  const dir = mkdtempSync(join(tmpdir(), 'definitions-'));
  folders.push(dir);
  return dir;
}

export const start = (listen = false): Promise<CatalogStore> =>
  startDefinitions({
    pool: database.pool,
    packsDir,
    kinds,
    workspace,
    log,
    pollMs: 60_000,
    ...(listen ? { listen: database.connection } : {}),
  });

export function useSmallWorkspace(): void {
  beforeAll(() => {
    packsDir = write(temporary(), packs);
  });
  afterAll(() => {
    for (const dir of folders) rmSync(dir, { recursive: true, force: true });
  });
  beforeEach(async () => {
    rmSync(packsDir, { recursive: true, force: true });
    write(packsDir, packs);
    database = await testDatabase({ empty: true });
    await migrate(database.pool, join(import.meta.dirname, '../../migrations'));
    store = await start();
    return async () => {
      await store.close();
      await database.drop();
    };
  });
}

export const context = (may = true): DefinitionContext => ({
  pool: database.pool,
  principal: { kind: 'user', id: 'u1', name: 'Ada', user: 'u1', teams: [], roles: ['administrator'] },
  workspace,
  log,
  catalog: store.current(),
  may: () => may,
});

export const apply = (
  files: DefinitionFile[],
  more: Partial<ApplyInput> = {},
  step?: (name: string) => unknown,
) => applyDefinitions(context(), { files, ...more }, { step: step as never });

export const exported = async (): Promise<DefinitionFile[]> => exportFiles(await readState(database.pool));

export async function fileOf(path: string): Promise<DefinitionFile> {
  return (await exported()).find((file) => file.path === path)!;
}

/** One file of the export with a piece of its text replaced. */
export async function edited(path: string, from: string | RegExp, to: string): Promise<DefinitionFile> {
  const file = await fileOf(path);
  expect(file.text).toMatch(from);
  return { path, text: file.text.replace(from, to) };
}

export const withField = (field: string): Promise<DefinitionFile> =>
  edited('objects/things.yaml', /$/, `  ${field}\n`);
export const sizeField =
  'size: { type: number, label: Size, owner: administrator, meaning: How long it is in metres. }';

export async function refusedWith(work: Promise<unknown>): Promise<readonly Issue[]> {
  try {
    await work;
  } catch (error) {
    if (isProblem(error)) return error.body.errors;
    throw error;
  }
  throw new Error('it was not refused');
}

export const columns = async (table: string): Promise<string[]> => {
  const { rows } = await database.pool.query<{ name: string }>(
    `SELECT column_name AS name FROM information_schema.columns WHERE table_schema = 'crm' AND table_name = $1 ORDER BY 1`,
    [table],
  );
  return rows.map(({ name }) => name);
};

export const indexes = async (
  table: string,
): Promise<{ name: string; valid: boolean; unique: boolean }[]> => {
  const { rows } = await database.pool.query(
    `SELECT c.relname AS name, i.indisvalid AS valid, i.indisunique AS unique FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE i.indrelid = ('crm.' || $1)::regclass ORDER BY 1`,
    [table],
  );
  return rows;
};

/** A thing as the write path stores it, with its event. */
export async function thing(
  values: Record<string, unknown>,
  on: { query: PoolClient['query'] } = database.pool,
): Promise<string> {
  const id = uuidV7();
  const all: Record<string, unknown> = {
    id,
    version: 1,
    created_at: new Date(),
    updated_at: new Date(),
    ...values,
  };
  const names = Object.keys(all);
  await on.query(
    `INSERT INTO crm.things (${names.map((name) => `"${name}"`).join(', ')}) VALUES (${names.map((_, at) => `$${at + 1}`).join(', ')})`,
    Object.values(all),
  );
  await on.query(
    `INSERT INTO platform.events (object, record, version, type, actor, actor_name, channel) VALUES ('things', $1, 1, 'created', 'user:1', 'Ada', 'test')`,
    [id],
  );
  return id;
}

/** Everything that tells whether anything was changed. */
export async function snapshot(): Promise<unknown> {
  const state = await readState(database.pool);
  return {
    files: exportFiles(state),
    epoch: state.epoch,
    version: state.version,
    versions: (await definitionVersions(database.pool)).length,
  };
}

/** The line, from 1, in which a part of a text stands first. */
export const lineOf = (text: string, part: string): number =>
  text.split('\n').findIndex((line) => line.includes(part)) + 1;
