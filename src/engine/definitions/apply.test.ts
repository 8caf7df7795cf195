import { setTimeout as sleep } from 'node:timers/promises';
import { kinds } from '../../kinds/index.ts';
import { applyDefinitions } from './apply.ts';
import { beginAtEpoch, readEpoch } from './epoch.ts';
import { catalogStore } from './store.ts';
import { sweepUnfinished } from './sweep.ts';
import { describe, expect, test } from 'vitest';
import {
  packs,
  log,
  start,
  context,
  apply,
  exported,
  withField,
  sizeField,
  columns,
  indexes,
  fileOf,
  edited,
  refusedWith,
  thing,
  snapshot,
  database,
  store,
  useSmallWorkspace,
  lineOf,
} from '../../testing/small-workspace.ts';

useSmallWorkspace();

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
            `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
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
