import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testWorkspace, type TestWorkspace } from '../../testing/workspace.ts';
import { undoBatch } from '../batches/undo.ts';
import { list } from '../read/list.ts';
import { importFile } from './import-file.ts';

let workspace: TestWorkspace;
const folder = mkdtempSync(join(tmpdir(), 'groundwork-undo-import-'));
beforeAll(async () => {
  workspace = await testWorkspace();
});
afterAll(async () => {
  await workspace.close();
  rmSync(folder, { recursive: true });
});

const fields = ['city', 'employees', 'parent'] as const;
type Row = { at: number; city: string; employees: string; parent: number | null };
const city = fc.constantFrom('', 'Rome', 'Oslo');
const employees = fc.constantFrom('', '1', '2', 'many');
const row: fc.Arbitrary<Row> = fc.record({
  at: fc.nat(7),
  city,
  employees,
  parent: fc.option(fc.nat(7)),
});
const edit = fc.record({
  at: fc.nat(7),
  set: fc.oneof(
    fc.record({ city: fc.constantFrom(null, 'Rome', 'Milan') }),
    fc.record({ employees: fc.constantFrom(null, 1, 9) }),
  ),
});

let run = 0;

test('import, edit some, undo: all is as before but for what people touched', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ city, employees: fc.constantFrom(null, 1, 2) }), { minLength: 1, maxLength: 4 }),
      fc.array(row, { minLength: 1, maxLength: 10 }),
      fc.array(edit, { maxLength: 4 }),
      async (there, rows, edits) => {
        const mark = `Run ${++run}`;
        const { admin } = workspace;
        const snapshot = async () => {
          const { data } = await list(admin, {
            object: 'accounts',
            where: { name: { starts_with: `${mark} ` } },
            fields: ['id', 'name', 'archived_at', ...fields],
            archived: 'include',
            limit: 200,
          });
          return new Map(data.map((record) => [record['name'] as string, record]));
        };
        for (const [at, set] of there.entries())
          await workspace.create('accounts', { name: `${mark} ${at}`, ...set, city: set.city || null });
        const before = await snapshot();
        const path = join(folder, `${run}.csv`);
        const lines = rows.map(
          (one) =>
            `${mark} ${one.at},${one.city},${one.employees},${one.parent === null ? '' : `${mark} ${one.parent}`}`,
        );
        writeFileSync(path, `name,city,employees,parent\n${lines.join('\n')}\n`);
        const { batch } = await importFile(admin, {
          path,
          fileName: 'x.csv',
          object: 'accounts',
          key: 'name',
        });
        const imported = await snapshot();
        const worked = new Map<string, Set<string>>();
        for (const { at, set } of edits) {
          const name = `${mark} ${at}`;
          const found = imported.get(name);
          if (!found) continue;
          const change = { update: 'accounts', id: found['id'] as string, set };
          if ((await workspace.change(admin, change)).done !== 'changed') continue;
          worked.set(name, new Set([...(worked.get(name) ?? []), ...Object.keys(set)]));
        }
        const edited = await snapshot();
        await undoBatch(admin, batch!);
        const after = await snapshot();
        for (const [name, record] of after) {
          const was = before.get(name);
          const touched = worked.get(name) ?? new Set();
          if (!was) {
            // Made by the import: gone, unless somebody has worked on it.
            expect([name, record['archived_at'] === null]).toEqual([name, touched.size > 0]);
            continue;
          }
          for (const field of fields) {
            const [old, given, found, now] = [before, imported, edited, after].map((state) =>
              JSON.stringify(state.get(name)![field]),
            );
            // Touched and put back to what the import wrote counts as untouched.
            const expected = given === found ? old : found;
            if (old !== given || !touched.has(field))
              expect([name, field, now]).toEqual([name, field, expected]);
            else expect([name, field, now]).toEqual([name, field, found]);
          }
        }
      },
    ),
    { numRuns: 40 },
  );
}, 120_000);
