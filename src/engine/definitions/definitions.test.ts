/** Definitions against a real database: what comes into force, when, and what does not. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { uuidV7 } from '../../core/identity/uuid-v7.ts';
import { isProblem, type Issue } from '../../core/errors/problem.ts';
import { kinds } from '../../kinds/index.ts';
import { migrate } from '../../platform/database/migrate.ts';
import { testDatabase, type TestDatabase } from '../../testing/database.ts';
import { applyDefinitions, revertDefinitions, type ApplyInput } from './apply.ts';
import { beginAtEpoch, readEpoch } from './epoch.ts';
import { diffDefinitions, exportDefinitions, exportFiles } from './export.ts';
import { definitionVersions, type DefinitionContext } from './into-force.ts';
import { readFolder } from './read-files.ts';
import type { DefinitionFile } from './read-yaml.ts';
import { readState } from './state.ts';
import { installDefinitions, startDefinitions } from './start.ts';
import { catalogStore, type CatalogStore } from './store.ts';
import { sweepUnfinished } from './sweep.ts';

const workspace = { name: 'Test', timeZone: 'UTC', currency: 'EUR', country: 'DE' };
const log = { info() {}, warn() {}, error() {} };

const packs: Record<string, string> = {
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

let packsDir: string;
let database: TestDatabase;
let store: CatalogStore;
const folders: string[] = [];

function write(dir: string, files: Record<string, string>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  return dir;
}

function temporary(): string {
  const dir = mkdtempSync(join(tmpdir(), 'definitions-'));
  folders.push(dir);
  return dir;
}

const start = (listen = false): Promise<CatalogStore> =>
  startDefinitions({
    pool: database.pool,
    packsDir,
    kinds,
    workspace,
    log,
    pollMs: 60_000,
    ...(listen ? { listen: database.connection } : {}),
  });

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
  await migrate(database.pool, join(import.meta.dirname, '../../../migrations'));
  store = await start();
  return async () => {
    await store.close();
    await database.drop();
  };
});

const context = (may = true): DefinitionContext => ({
  pool: database.pool,
  principal: { kind: 'user', id: 'u1', name: 'Ada', user: 'u1', teams: [], roles: ['administrator'] },
  workspace,
  log,
  catalog: store.current(),
  may: () => may,
});

const apply = (files: DefinitionFile[], more: Partial<ApplyInput> = {}, step?: (name: string) => unknown) =>
  applyDefinitions(context(), { files, ...more }, { step: step as never });

const exported = async (): Promise<DefinitionFile[]> => exportFiles(await readState(database.pool));

async function fileOf(path: string): Promise<DefinitionFile> {
  return (await exported()).find((file) => file.path === path)!;
}

/** One file of the export with a piece of its text replaced. */
async function edited(path: string, from: string | RegExp, to: string): Promise<DefinitionFile> {
  const file = await fileOf(path);
  expect(file.text).toMatch(from);
  return { path, text: file.text.replace(from, to) };
}

const withField = (field: string): Promise<DefinitionFile> =>
  edited('objects/things.yaml', /$/, `  ${field}\n`);
const sizeField =
  'size: { type: number, label: Size, owner: administrator, meaning: How long it is in metres. }';

async function refusedWith(work: Promise<unknown>): Promise<readonly Issue[]> {
  try {
    await work;
  } catch (error) {
    if (isProblem(error)) return error.body.errors;
    throw error;
  }
  throw new Error('it was not refused');
}

const columns = async (table: string): Promise<string[]> => {
  const { rows } = await database.pool.query<{ name: string }>(
    `SELECT column_name AS name FROM information_schema.columns WHERE table_schema = 'crm' AND table_name = $1 ORDER BY 1`,
    [table],
  );
  return rows.map(({ name }) => name);
};

const indexes = async (table: string): Promise<{ name: string; valid: boolean; unique: boolean }[]> => {
  const { rows } = await database.pool.query(
    `SELECT c.relname AS name, i.indisvalid AS valid, i.indisunique AS unique FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE i.indrelid = ('crm.' || $1)::regclass ORDER BY 1`,
    [table],
  );
  return rows;
};

/** A thing as the write path stores it, with its event. */
async function thing(
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
async function snapshot(): Promise<unknown> {
  const state = await readState(database.pool);
  return {
    files: exportFiles(state),
    epoch: state.epoch,
    version: state.version,
    versions: (await definitionVersions(database.pool)).length,
  };
}

describe('start', () => {
  test('packs are in force after the first start, and the next one finds nothing to do', async () => {
    expect([...store.current().objects.keys()].sort()).toEqual(['things', 'users']);
    expect(await columns('things')).toContain('search__');
    const before = await snapshot();
    const steps: string[] = [];
    await installDefinitions(database.pool, {
      packsDir,
      kinds,
      workspace,
      log,
      step: (name) => void steps.push(name),
    });
    expect(steps).toEqual([]);
    expect(await snapshot()).toEqual(before);
  });

  test('two processes that start together on an empty database both come up, and packs are applied once', async () => {
    const fresh = await testDatabase({ empty: true });
    try {
      await migrate(fresh.pool, join(import.meta.dirname, '../../../migrations'));
      const options = { pool: fresh.pool, packsDir, kinds, workspace, log, pollMs: 60_000 };
      const stores = await Promise.all([startDefinitions(options), startDefinitions(options)]);
      expect(stores.map((each) => each.current().epoch)).toEqual([1, 1]);
      expect(await definitionVersions(fresh.pool)).toHaveLength(1);
      await Promise.all(stores.map((each) => each.close()));
    } finally {
      await fresh.drop();
    }
  });

  test('a first start that dies half-way leaves an empty database, and the next one succeeds', async () => {
    const fresh = await testDatabase({ empty: true });
    try {
      await migrate(fresh.pool, join(import.meta.dirname, '../../../migrations'));
      const die = (name: string): void => {
        if (name === 'commit') throw new Error('died');
      };
      await expect(
        installDefinitions(fresh.pool, { packsDir, kinds, workspace, log, step: die }),
      ).rejects.toThrow('died');
      const { rows } = await fresh.pool.query(`SELECT 1 FROM pg_tables WHERE schemaname = 'crm'`);
      expect(rows).toEqual([]);
      await installDefinitions(fresh.pool, { packsDir, kinds, workspace, log });
      expect(await readEpoch(fresh.pool)).toBe(1);
    } finally {
      await fresh.drop();
    }
  });
});

describe('apply', () => {
  test('a new object and a new field are in force in another process within a moment', async () => {
    const other = await start(true);
    try {
      const boxes = (await fileOf('objects/users.yaml')).text
        .replaceAll(/user|person/gi, 'box')
        .replace('serves: box\n', '');
      const result = await apply([await withField(sizeField), { path: 'objects/boxes.yaml', text: boxes }]);
      expect(result.changes.map(({ key, change }) => `${key} ${change}`)).toEqual([
        'things changed',
        'boxes added',
      ]);
      for (let wait = 0; wait < 100 && other.current().epoch !== result.epoch; wait++) await sleep(20);
      expect(other.current().objects.get('things')!.fields.has('size')).toBe(true);
      expect(other.current().objects.has('boxes')).toBe(true);
      expect(await columns('things')).toContain('size');
      expect(await columns('boxes')).toContain('name');
      expect((await store.refresh()).epoch).toBe(result.epoch);
    } finally {
      await other.close();
    }
  });

  test('a process that missed the notice learns of the switch when it asks', async () => {
    const stale = await catalogStore({ pool: database.pool, kinds, log, pollMs: 60_000 });
    const { epoch } = await apply([await withField(sizeField)]);
    expect(stale.current().epoch).toBe(epoch - 1);
    expect((await stale.refresh()).objects.get('things')!.fields.has('size')).toBe(true);
    await stale.close();
  });

  test('whoever may not change definitions is refused, and no change makes no version', async () => {
    const before = await snapshot();
    const files = [await withField(sizeField)];
    await expect(applyDefinitions(context(false), { files })).rejects.toMatchObject({
      body: { status: 403 },
    });
    expect((await apply(await exported())).changes).toEqual([]);
    expect(await snapshot()).toEqual(before);
  });

  test('an apply that dies at any step before the switch has changed nothing that anyone can see', async () => {
    await thing({ name: 'A', serial: '1', weight: 5 });
    await thing({ name: 'B', serial: '2', weight: 6 });
    const file = await edited('objects/things.yaml', /$/, `  ${sizeField}\n`);
    const text = file.text
      .replace('search: [name]', 'search: [name, code]')
      .replace('serial: { type: text', 'serial: { type: number')
      .replace('weight: { type: number', 'weight: { type: number, unique: true')
      .replace('size: {', 'size: { indexed: true,')
      .concat(
        '  parts: { type: rollup, fn: count, of: things, by: parent, label: Parts, owner: administrator, meaning: How many parts it has. }\n',
      )
      .concat(
        '  maker: { type: link, to: makers, label: Maker, owner: administrator, meaning: Who made the thing. }\n',
      );
    const makers = packs['core/objects/users.yaml']!.replaceAll('User', 'Maker').replace(
      'serves: user\n',
      '',
    );
    const files = [
      { path: 'objects/things.yaml', text },
      { path: 'objects/makers.yaml', text: makers },
    ];
    const before = await snapshot();
    const epoch = await readEpoch(database.pool);
    const steps: string[] = [];
    await apply(files, {}, (name) => {
      steps.push(name);
      if (name === 'commit') throw new Error('died');
    }).catch((error: Error) => expect(error.message).toBe('died'));
    expect(
      steps.filter((name) => /^(table|columns|fill|catch up|index|key|unique index)/.test(name)).length,
    ).toBeGreaterThan(9);
    for (const fatal of steps) {
      for (const how of ['thrown', 'killed'] as const) {
        // As if nobody had got this far before; the last round leaves what it did to the apply that succeeds.
        await database.pool.query(`
          DROP TABLE IF EXISTS crm.makers CASCADE;
          ALTER TABLE crm.things DROP COLUMN IF EXISTS size, DROP COLUMN IF EXISTS parts, DROP COLUMN IF EXISTS maker`);
        const seen: string[] = [];
        const dying = apply(files, {}, async (name) => {
          seen.push(name);
          if (name !== fatal) return;
          if (how === 'thrown') throw new Error('died');
          await database.pool.query(
            `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()`,
          );
        });
        await expect(dying, `${how} at ${fatal}`).rejects.toThrow();
        expect(seen).toContain(fatal);
      }
      expect(await snapshot()).toEqual(before);
      expect((await store.refresh()).epoch).toBe(epoch);
      const { rows } = await database.pool.query('SELECT name, serial, weight FROM crm.things ORDER BY name');
      expect(rows).toEqual([
        { name: 'A', serial: '1', weight: '5.0000000000' },
        { name: 'B', serial: '2', weight: '6.0000000000' },
      ]);
    }
    // Killed between its last step and the switch, it may leave a unique index: any process takes it away.
    await sweepUnfinished(database.pool, store.current());
    const left = await indexes('things');
    expect(left.filter(({ unique, name }) => unique && !name.endsWith('_pkey'))).toEqual([]);
    // Whoever comes next starts over, and gets through.
    const result = await apply(files);
    expect(result.version).toBe(2);
    const { rows } = await database.pool.query(
      'SELECT serial, parts, search__, serial__was_2 FROM crm.things ORDER BY name',
    );
    expect(rows).toEqual([
      { serial: '1.0000000000', parts: 0, search__: 'a', serial__was_2: '1' },
      { serial: '2.0000000000', parts: 0, search__: 'b', serial__was_2: '2' },
    ]);
    expect((await indexes('things')).every(({ valid }) => valid)).toBe(true);
  }, 120_000);

  test('two applies at once both come into force, one after the other', async () => {
    const first = await withField(sizeField);
    const second = await edited('lists/colour.yaml', 'label: Colour', 'label: Tint');
    const results = await Promise.all([apply([first]), apply([second])]);
    expect(results.map(({ version }) => version).sort()).toEqual([2, 3]);
    const catalog = await store.refresh();
    expect(catalog.objects.get('things')!.fields.has('size')).toBe(true);
    expect(catalog.lists.get('colour')!.label).toBe('Tint');
  });

  test('every broken thing is reported at once, with file, line and fix, and nothing is applied', async () => {
    const before = await snapshot();
    const bad = (await fileOf('objects/things.yaml')).text
      .replace('type: number', 'type: nummer')
      .replace('list: colour', 'list: colors')
      .concat(
        '  all: { type: text, label: All, owner: administrator, meaning: A word that conditions need. }\n',
      )
      .concat('  noowner: { type: text, label: No owner, meaning: Nobody answers for it. }\n');
    const files = [
      { path: 'objects/things.yaml', text: bad },
      { path: 'objects/files.yaml', text: packs['core/objects/users.yaml']!.replace('serves: user\n', '') },
      { path: `objects/${'x'.repeat(64)}.yaml`, text: packs['core/objects/users.yaml']! },
      { path: 'lists/broken.yaml', text: 'label: [\n' },
      { path: 'roles/administrator.yaml', text: `${packs['core/roles/administrator.yaml']}wages: high\n` },
    ];
    const found = await refusedWith(apply(files));
    const said = found.map(({ path, message }) => `${path} | ${message}`).join('\n');
    expect(said).toContain(
      `objects.things.fields.noowner.owner | objects/things.yaml:${lineOf(bad, 'noowner:')}: “owner” is missing.`,
    );
    expect(said).toMatch(/objects\/x{64}\.yaml \| The file name/);
    expect(said).toMatch(/lists\/broken\.yaml:\d+ \|/);
    expect(said).toContain(
      'roles.administrator.wages | roles/administrator.yaml:7: There is no key “wages” here.',
    );
    expect(said).toMatch(/objects\.files \| objects\/files\.yaml:1: .*cannot be an object/);
    expect(found.every(({ fix }) => fix.say.length > 5)).toBe(true);
    // What the schema lets pass is found in the catalog, once the rest is mended.
    const rest = await refusedWith(
      apply([
        {
          path: 'objects/things.yaml',
          text: bad.replace('label: No owner', 'label: Owner, owner: administrator'),
        },
      ]),
    );
    const at = (part: string): string => `objects/things.yaml:${lineOf(bad, part)}: `;
    expect(rest.map(({ path, message }) => `${path} | ${message}`)).toEqual([
      `objects.things.fields.weight.type | ${at('weight:')}There is no field type “nummer”.`,
      `objects.things.fields.colour.list | ${at('colour:')}There is no reference list “colors”.`,
      `objects.things.fields.all | ${at('all:')}“all” is a word of the CRM and cannot be a field.`,
    ]);
    expect(await snapshot()).toEqual(before);
  });

  test('cycles are refused', async () => {
    const text = (await fileOf('objects/things.yaml')).text
      .concat(
        '  a: { type: computed, expression: { field: b }, gives: number, label: A, owner: administrator, meaning: Depends on b alone. }\n',
      )
      .concat(
        '  b: { type: computed, expression: { field: a }, gives: number, label: B, owner: administrator, meaning: Depends on a alone. }\n',
      );
    const found = await refusedWith(apply([{ path: 'objects/things.yaml', text }]));
    expect(found.map(({ path }) => path).join()).toMatch(/objects\.things\.fields\.[ab]/);
  });

  test('a value in use is retired or merged, never removed; an unused one may go', async () => {
    await thing({ name: 'A', colour: 'red' });
    await thing({ name: 'B', colour: 'red', archived_at: new Date() });
    const without = async (key: string) =>
      edited('lists/colour.yaml', new RegExp(`  - { key: ${key},.*\n`), '');
    const [found] = await refusedWith(apply([await without('red')]));
    expect(found).toMatchObject({ path: 'lists.colour.values.red', code: 'value_in_use' });
    expect(found!.message).toContain('“Red” stands in “Colour” of 2 things.');
    expect(found!.fix.say).toContain('active: false');
    await apply([await without('blue')]);
    await apply([await edited('lists/colour.yaml', 'label: Red }', 'label: Red, active: false }')]);
    const { values } = (await store.refresh()).lists.get('colour')!;
    expect(values).toEqual([
      { key: 'red', label: 'Red', active: false },
      { key: 'green', label: 'Green' },
    ]);
  });

  test('a field left out is hidden, its column and values stay, and it can come back', async () => {
    await thing({ name: 'A', code: 'x1' });
    const whole = await fileOf('objects/things.yaml');
    await apply([await edited('objects/things.yaml', /  code: .*\n/, '')]);
    const hidden = await store.refresh();
    expect(hidden.objects.get('things')!.fields.has('code')).toBe(false);
    expect(hidden.objects.get('things')!.retired.has('code')).toBe(true);
    expect((await apply(await exported())).changes).toEqual([]);
    await apply([whole]);
    expect((await store.refresh()).objects.get('things')!.fields.has('code')).toBe(true);
    const { rows } = await database.pool.query('SELECT code FROM crm.things');
    expect(rows).toEqual([{ code: 'x1' }]);
  });

  test('uniqueness is refused while values repeat, and binds once they do not', async () => {
    const a = await thing({ name: 'A', code: 'X', code__fold: 'x' });
    await thing({ name: 'B', code: 'x', code__fold: 'x' });
    const unique = await edited(
      'objects/things.yaml',
      'code: { type: text',
      'code: { type: text, unique: true',
    );
    const [found] = await refusedWith(apply([unique]));
    expect(found).toMatchObject({ code: 'values_not_unique', path: 'objects.things.fields.code.unique' });
    await database.pool.query(`UPDATE crm.things SET code = 'y', code__fold = 'y' WHERE id = $1`, [a]);
    await apply([unique]);
    await expect(thing({ name: 'C', code: 'Y', code__fold: 'y' })).rejects.toMatchObject({ code: '23505' });
    await apply([
      await edited('objects/things.yaml', 'unique: true, ', '').catch(async () =>
        edited('objects/things.yaml', ', unique: true', ''),
      ),
    ]);
    await thing({ name: 'C', code: 'Y', code__fold: 'y' });
  });

  test('absent files leave their definitions alone; prune retires them', async () => {
    const files = (await exported()).filter(({ path }) => path !== 'lists/colour.yaml');
    expect((await apply(files)).changes).toEqual([]);
    const [found] = await refusedWith(apply(files, { prune: true }));
    expect(found!.path).toBe('objects.things.fields.colour.list');
    const without = files.map((file) => ({ ...file, text: file.text.replace(/  colour: .*\n/, '') }));
    const { changes } = await apply(without, { prune: true });
    expect(changes.map(({ key, change }) => `${key} ${change}`)).toEqual([
      'things changed',
      'colour retired',
    ]);
    expect((await store.refresh()).lists.has('colour')).toBe(false);
    expect((await fileOf('lists/colour.yaml')).text).toContain('retired: true');
  });
});

describe('type change', () => {
  const toNumber = () => edited('objects/things.yaml', 'code: { type: text', 'code: { type: number');

  test('old values are read by the new type, also those written during the copy, and the former column stays', async () => {
    for (let i = 0; i < 20; i++) await thing({ name: 'T', code: String(i) });
    let late: string | undefined;
    let edge: string | undefined;
    await apply([await toNumber()], {}, async (name) => {
      if (name.startsWith('catch up things.code')) late = await thing({ name: 'late', code: '77' });
      if (name === 'switch') edge = await thing({ name: 'edge', code: '78' });
    });
    const { rows } = await database.pool.query('SELECT id, code, code__was_2 FROM crm.things ORDER BY code');
    expect(rows).toHaveLength(22);
    expect(rows.slice(-2)).toEqual([
      { id: late, code: '77.0000000000', code__was_2: '77' },
      { id: edge, code: '78.0000000000', code__was_2: '78' },
    ]);
  });

  test('values that cannot be read refuse the change with their count, unless they may be left empty', async () => {
    await thing({ name: 'A', code: '5' });
    await thing({ name: 'B', code: 'five' });
    const before = await snapshot();
    const [found] = await refusedWith(apply([await toNumber()]));
    expect(found).toMatchObject({ code: 'values_do_not_fit', path: 'objects.things.fields.code.type' });
    expect(found!.message).toMatch(/^1 values of “Code” .* “five”/);
    expect(await snapshot()).toEqual(before);
    expect((await columns('things')).filter((name) => name.includes('__n'))).toEqual([]);
    await apply([await toNumber()], { leaveEmpty: true });
    const { rows } = await database.pool.query('SELECT code, code__was_2 FROM crm.things ORDER BY name');
    expect(rows).toEqual([
      { code: '5.0000000000', code__was_2: '5' },
      { code: null, code__was_2: 'five' },
    ]);
  });

  test('a choice turns into text by its labels, and text into a choice by keys and labels', async () => {
    await thing({ name: 'A', colour: 'red' });
    await apply([await edited('objects/things.yaml', 'type: choice, list: colour,', 'type: text,')]);
    const { rows } = await database.pool.query('SELECT colour, colour__fold FROM crm.things');
    expect(rows).toEqual([{ colour: 'Red', colour__fold: 'red' }]);
    await apply([
      await edited('objects/things.yaml', 'colour: { type: text,', 'colour: { type: choice, list: colour,'),
    ]);
    const back = await database.pool.query('SELECT colour FROM crm.things');
    expect(back.rows).toEqual([{ colour: 'red' }]);
  });

  test('a link cannot turn into something else under its key', async () => {
    const [found] = await refusedWith(
      apply([await edited('objects/things.yaml', 'type: link, to: things', 'type: text')]),
    );
    expect(found).toMatchObject({ code: 'type_change', path: 'objects.things.fields.parent.type' });
  });
});

describe('rollups and search', () => {
  test('a new rollup counts what is there, and what is written while it is being filled', async () => {
    const parent = await thing({ name: 'P' });
    await thing({ name: 'a', parent });
    const rollup =
      'parts: { type: rollup, fn: count, of: things, by: parent, label: Parts, owner: administrator, meaning: How many parts it has. }';
    await apply([await withField(rollup)], {}, async (name) => {
      if (name === 'switch') await thing({ name: 'b', parent });
    });
    const { rows } = await database.pool.query('SELECT name, parts FROM crm.things ORDER BY name');
    expect(rows).toEqual([
      { name: 'P', parts: 2 },
      { name: 'a', parts: 0 },
      { name: 'b', parts: 0 },
    ]);
    await apply([await edited('objects/things.yaml', 'by: parent,', 'by: parent, where: { name: a },')]);
    const counted = await database.pool.query(`SELECT parts FROM crm.things WHERE name = 'P'`);
    expect(counted.rows).toEqual([{ parts: 0 }]); // no fold is stored here, so nothing is called a
  });

  test('search text over other fields is complete from the switch on', async () => {
    await thing({ name: 'Älpha', code: 'X9', search__: 'alpha' });
    await apply(
      [await edited('objects/things.yaml', 'search: [name]', 'search: [name, code]')],
      {},
      async (name) => {
        if (name === 'switch') await thing({ name: 'Beta', code: 'Y1', search__: 'beta' });
        if (name === 'commit' || name === 'clean up') return;
        const { rows } = await database.pool.query(`SELECT 1 FROM crm.things WHERE search__ LIKE '%x9%'`);
        expect(rows).toEqual([]);
      },
    );
    const { rows } = await database.pool.query('SELECT search__ FROM crm.things ORDER BY 1');
    expect(rows).toEqual([{ search__: 'alpha x9' }, { search__: 'beta y1' }]);
    expect((await indexes('things')).filter(({ name }) => name.includes('search'))).toHaveLength(1);
  });

  test('a field that a role may not see leaves the search text', async () => {
    await apply([await edited('objects/things.yaml', 'search: [name]', 'search: [name, code]')]);
    await thing({ name: 'A', code: 'secret', search__: 'a secret' });
    const role = packs['core/roles/administrator.yaml']!.replace('Administrator', 'Visitor')
      .replace(/  '\*'.*\n/, '  things: { read: all, fields: { code: hidden } }\n')
      .replace(/permissions.*\n/, '');
    await apply([{ path: 'roles/visitor.yaml', text: role }]);
    const { rows } = await database.pool.query('SELECT search__ FROM crm.things');
    expect(rows).toEqual([{ search__: 'a' }]);
  });
});

describe('under write load', () => {
  test('no write waits for an index, and none fails that knows how to reload', async () => {
    for (let i = 0; i < 300; i++) await thing({ name: `T${i}`, weight: i });
    let stop = false;
    let slowest = 0;
    let written = 0;
    let epoch = store.current().epoch;
    const failures: string[] = [];
    const writer = async (): Promise<void> => {
      const client = await database.pool.connect();
      try {
        while (!stop) {
          const begun = performance.now();
          const now = await beginAtEpoch(client);
          if (now === epoch) await thing({ name: 'W', weight: 1 }, client);
          await client.query('COMMIT');
          epoch = now;
          slowest = Math.max(slowest, performance.now() - begun);
          written++;
        }
      } catch (error) {
        failures.push(String(error));
      } finally {
        client.release();
      }
    };
    const writers = Array.from({ length: 4 }, writer);
    await apply([
      await edited('objects/things.yaml', 'weight: { type: number', 'weight: { type: number, indexed: true'),
    ]);
    await apply([await withField(sizeField)]);
    stop = true;
    await Promise.all(writers);
    expect(failures).toEqual([]);
    expect(written).toBeGreaterThan(10);
    expect(slowest).toBeLessThan(1500);
    expect(
      (await indexes('things')).some(({ name, valid }) => name.startsWith('things_weight_ix') && valid),
    ).toBe(true);
  });

  test('a table held by somebody else’s transaction is waited for in short turns that let writers through', async () => {
    const holder = await database.pool.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT 1 FROM crm.things');
    const applying = apply([await withField(sizeField)]);
    await sleep(150);
    const begun = performance.now();
    await thing({ name: 'while waiting' });
    expect(performance.now() - begun).toBeLessThan(1000);
    await holder.query('COMMIT');
    holder.release();
    expect((await applying).version).toBe(2);
  });
});

describe('versions', () => {
  test('export, apply, export give the same bytes, here and in another workspace', async () => {
    await apply([await withField(sizeField), await edited('lists/colour.yaml', 'label: Blue', 'label: Sky')]);
    const dir = temporary();
    await exportDefinitions(database.pool, { dir });
    const first = readFolder(dir);
    expect((await apply(first)).changes).toEqual([]);
    const byPath = (files: DefinitionFile[]) =>
      Object.fromEntries(files.map(({ path, text }) => [path, text]));
    expect(byPath(await exported())).toEqual(byPath(first));
    const second = await testDatabase({ empty: true });
    try {
      await migrate(second.pool, join(import.meta.dirname, '../../../migrations'));
      await installDefinitions(second.pool, { packsDir, kinds, workspace, log });
      await applyDefinitions({ ...context(), pool: second.pool }, { files: first });
      expect(exportFiles(await readState(second.pool))).toEqual(await exported());
    } finally {
      await second.drop();
    }
  });

  test('comments of packs and of applied files survive an export; a comment alone is a change of text', async () => {
    const file = await withField(`# Measured by hand.\n  ${sizeField}`);
    await apply([file]);
    const text = (await fileOf('objects/things.yaml')).text;
    expect(text).toBe(file.text);
    expect(text).toContain('# How people call it.');
    const remarked = { path: file.path, text: `# Reviewed.\n${text}` };
    const { changes } = await apply([remarked]);
    expect(changes).toMatchObject([{ key: 'things', change: 'text', lines: [] }]);
    expect((await fileOf('objects/things.yaml')).text).toBe(remarked.text);
  });

  test('a diff says what would change, key by key', async () => {
    const file = await edited('lists/colour.yaml', 'label: Blue', 'label: Sky');
    const diff = await diffDefinitions(database.pool, { files: [file, await withField(sizeField)] });
    expect(diff.same).toBe(false);
    expect(diff.changes[0]).toEqual({
      sort: 'lists',
      key: 'colour',
      change: 'changed',
      lines: ['- values.blue.label: "Blue"', '+ values.blue.label: "Sky"'],
    });
    expect(diff.changes[1]!.lines).toContain('+ fields.size.type: "number"');
    expect(await diffDefinitions(database.pool, { files: await exported() })).toEqual({
      same: true,
      changes: [],
    });
  });

  test('revert makes a new version that says what the earlier one said', async () => {
    const before = await exported();
    await apply([await withField(sizeField)]);
    await thing({ name: 'A', size: 4 });
    await apply([await edited('lists/colour.yaml', 'label: Blue', 'label: Sky')], { note: 'Sky it is' });
    const result = await revertDefinitions(context(), { version: 1 });
    expect(result.version).toBe(4);
    expect(await exported()).toEqual(before);
    expect((await store.refresh()).objects.get('things')!.fields.has('size')).toBe(false);
    expect((await revertDefinitions(context(), { version: 4 })).changes).toEqual([]);
    await revertDefinitions(context(), { version: 3 });
    expect((await store.refresh()).lists.get('colour')!.values[1]!.label).toBe('Sky');
    const { rows } = await database.pool.query('SELECT size FROM crm.things');
    expect(rows).toEqual([{ size: '4.0000000000' }]);
    const versions = await definitionVersions(database.pool);
    expect(versions.map(({ origin }) => origin)).toEqual(['revert', 'revert', 'apply', 'apply', 'packs']);
    expect(versions[2]).toMatchObject({ note: 'Sky it is', actor_name: 'Ada', actor: 'user:u1' });
    await expect(revertDefinitions(context(), { version: 99 })).rejects.toMatchObject({
      body: { status: 404 },
    });
  });
});

describe('pack upgrade', () => {
  const upgrade = (changes: Record<string, (text: string) => string>): void => {
    const next: Record<string, string> = {
      ...packs,
      'core/pack.yaml': packs['core/pack.yaml']!.replace('1.0.0', '1.1.0'),
    };
    for (const [path, change] of Object.entries(changes)) next[path] = change(packs[path]!);
    write(packsDir, next);
  };

  test('it merges below the workspace’s changes key by key, and lists the keys that both changed', async () => {
    await apply([
      await edited('objects/things.yaml', 'label: Weight', 'label: Mass'),
      await edited('lists/colour.yaml', 'label: Blue', 'label: Sky'),
    ]);
    upgrade({
      'core/objects/things.yaml': (text) =>
        text
          .replace('label: Weight', 'label: Kilos')
          .replace('What it weighs in kilograms.', 'Its mass on our own scales.') + `  ${sizeField}\n`,
      'core/lists/colour.yaml': (text) => text.replace('label: Green', 'label: Grass'),
    });
    const next = await start();
    const catalog = next.current();
    expect(catalog.objects.get('things')!.fields.get('weight')!.definition).toMatchObject({
      label: 'Mass',
      meaning: 'Its mass on our own scales.',
    });
    expect(catalog.objects.get('things')!.fields.has('size')).toBe(true);
    expect(catalog.lists.get('colour')!.values.map(({ label }) => label)).toEqual(['Red', 'Sky', 'Grass']);
    const [version] = await definitionVersions(database.pool);
    expect(version).toMatchObject({ origin: 'packs', packs: { core: '1.1.0' } });
    expect(version!.conflicts).toEqual([
      {
        sort: 'objects',
        key: 'things',
        path: 'fields.weight.label',
        was: 'Weight',
        pack: 'Kilos',
        workspace: 'Mass',
      },
    ]);
    const text = (await fileOf('objects/things.yaml')).text;
    expect(text).toContain('label: Mass');
    expect(text).toContain('# How people call it.');
    await next.close();
  });

  test('files exported before an upgrade, applied after it, do not take it back', async () => {
    const old = await exported();
    upgrade({
      'core/objects/things.yaml': (text) =>
        text.replace('label: Weight', 'label: Kilos') + `  ${sizeField}\n`,
    });
    await (await start()).close();
    const mine = old.map((file) => ({ ...file, text: file.text.replace('label: Code', 'label: Number') }));
    const { changes } = await apply(mine);
    expect(changes.map(({ key }) => key)).toEqual(['things']);
    const fields = (await store.refresh()).objects.get('things')!.fields;
    expect([fields.get('code')!.label, fields.get('weight')!.label, fields.has('size')]).toEqual([
      'Number',
      'Kilos',
      true,
    ]);
  });

  test('what a pack no longer has is retired, never dropped', async () => {
    await thing({ name: 'A', colour: 'red', code: 'x' });
    upgrade({
      'core/objects/things.yaml': (text) => text.replace(/  code: .*\n/, ''),
      'core/lists/colour.yaml': (text) => text.replace(/  - { key: red.*\n/, ''),
    });
    const next = await start();
    expect(next.current().objects.get('things')!.retired.has('code')).toBe(true);
    expect(
      next
        .current()
        .lists.get('colour')!
        .values.find(({ key }) => key === 'red'),
    ).toMatchObject({ active: false });
    await next.close();
  });

  test('an upgrade that does not fit what the workspace changed leaves the former packs in force', async () => {
    await apply([await withField(sizeField.replace('type: number', 'type: choice, list: colour'))]);
    const before = await snapshot();
    upgrade({
      'core/lists/colour.yaml': (text) => `${text}retired: true\n`,
      'core/objects/things.yaml': (text) => text.replace(/  colour: .*\n/, ''),
    });
    const said: unknown[] = [];
    await installDefinitions(database.pool, {
      packsDir,
      kinds,
      workspace,
      log: { ...log, error: (fields) => void said.push(fields) },
    });
    expect(JSON.stringify(said)).toContain('objects.things.fields.size.list');
    expect(await snapshot()).toEqual(before);
  });

  test('a process with earlier packs does not take later ones back', async () => {
    upgrade({ 'core/lists/colour.yaml': (text) => text.replace('label: Green', 'label: Grass') });
    await (await start()).close();
    write(packsDir, packs);
    const old = await start();
    expect(old.current().lists.get('colour')!.values[2]!.label).toBe('Grass');
    await old.close();
  });
});

const lineOf = (text: string, part: string): number =>
  text.split('\n').findIndex((line) => line.includes(part)) + 1;
