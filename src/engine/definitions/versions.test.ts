import { join } from 'node:path';
import { kinds } from '../../kinds/index.ts';
import { migrate } from '../../platform/database/migrate.ts';
import { testDatabase } from '../../testing/database.ts';
import { applyDefinitions, revertDefinitions } from './apply.ts';
import { diffDefinitions, exportDefinitions, exportFiles } from './export.ts';
import { definitionVersions } from './into-force.ts';
import { readFolder } from './read-files.ts';
import type { DefinitionFile } from './read-yaml.ts';
import { readState } from './state.ts';
import { installDefinitions } from './start.ts';
import { describe, expect, test } from 'vitest';
import {
  workspace,
  log,
  context,
  apply,
  exported,
  withField,
  sizeField,
  temporary,
  fileOf,
  edited,
  thing,
  packsDir,
  database,
  store,
  useSmallWorkspace,
} from '../../testing/small-workspace.ts';

useSmallWorkspace();

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
