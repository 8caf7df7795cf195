import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase, type TestDatabase } from '../testing/database.ts';
import { groundwork } from '../testing/server-process.ts';

const root = mkdtempSync(join(tmpdir(), 'groundwork-draft-cli-'));
let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(async () => {
  await database.drop();
  rmSync(root, { recursive: true, force: true });
});
const run = (...args: string[]) =>
  groundwork({ dataDir: join(root, 'data'), databaseUrl: database.url }, ...args);

test('a draft is written, tells what to do next, is taken by the import, and is never written over unasked', async () => {
  const file = join(root, 'accounts.csv');
  const mapping = join(root, 'mappings', 'accounts.yaml');
  writeFileSync(file, 'Company,Sector,Other\nDraft line,sofware,1\n');
  const { stdout } = await run('import', file, '--draft-mapping', mapping);
  expect(stdout).toContain('accounts.csv: 1 row, taken for Accounts');
  expect(stdout).toMatch(/Company → Name \(\d+ %\)/);
  expect(stdout).toContain(`./groundwork import ${file} --mapping ${mapping} --dry-run`);
  expect((await run('import', file, '--mapping', mapping, '--dry-run')).stdout).toContain('1 row would load');

  writeFileSync(mapping, '# by hand\nobject: accounts\n');
  expect(await run('import', file, '--draft-mapping', mapping)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('there already'),
  });
  expect(readFileSync(mapping, 'utf8')).toContain('# by hand');
  expect(await run('import', root, '--draft-mapping', root, '--object', 'deals')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('This is a folder'),
  });
  await run('import', file, '--draft-mapping', mapping, '--force');
  expect(readFileSync(mapping, 'utf8')).not.toContain('# by hand');
}, 120_000);
