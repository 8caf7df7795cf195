import { join } from 'node:path';
import { kinds } from '../../kinds/index.ts';
import { migrate } from '../../platform/database/migrate.ts';
import { testDatabase } from '../../testing/database.ts';
import { readEpoch } from './epoch.ts';
import { definitionVersions } from './into-force.ts';
import { installDefinitions, startDefinitions } from './start.ts';
import { describe, expect, test } from 'vitest';
import {
  packs,
  workspace,
  log,
  start,
  apply,
  exported,
  withField,
  sizeField,
  columns,
  write,
  fileOf,
  edited,
  thing,
  snapshot,
  packsDir,
  database,
  store,
  useSmallWorkspace,
} from '../../testing/small-workspace.ts';

useSmallWorkspace();

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
