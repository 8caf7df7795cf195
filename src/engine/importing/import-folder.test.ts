import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isProblem } from '../../core/errors/problem.ts';
import { testWorkspace, type TestWorkspace } from '../../testing/workspace.ts';
import { undoBatch } from '../batches/undo.ts';
import { list } from '../read/list.ts';
import { planFolder, type FolderInput } from './folder-plan.ts';
import { importFolder, type FileResult } from './import-folder.ts';

let workspace: TestWorkspace;
const root = mkdtempSync(join(tmpdir(), 'groundwork-import-folder-'));
beforeAll(async () => {
  workspace = await testWorkspace();
});
afterAll(async () => {
  await workspace.close();
  rmSync(root, { recursive: true });
});

function folderOf(files: Record<string, string>): string {
  const folder = mkdtempSync(join(root, 'x'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}
const plan = (folder: string, more: Partial<FolderInput> = {}) =>
  planFolder(workspace.admin, { folder, ...more });
const load = async (
  folder: string,
  more: Partial<Parameters<typeof importFolder>[1]> = {},
): Promise<FileResult[]> => importFolder(workspace.admin, { plan: await plan(folder), ...more });
const found = async (object: string, where: Record<string, unknown>, ...fields: string[]) =>
  (await list(workspace.admin, { object, where, fields, limit: 50 })).data;
const issuesOf = async (work: Promise<unknown>): Promise<{ path: string; code: string }[]> => {
  try {
    await work;
  } catch (error) {
    if (isProblem(error)) return error.body.errors.map(({ path, code }) => ({ path, code }));
    throw error;
  }
  return [];
};

test('files are told by name or columns, and what others link to comes first', async () => {
  const folder = folderOf({
    'Opportunity_2026.csv': 'Opportunity name,Account ID,Contact ID,Amount\nBig one,A1,P1,100\n',
    'all people.csv': 'Id,First name,Last name,Account ID\nP1,Ana,Lima,A1\n',
    'companyExport.csv': 'Id;Company;Sector\nA1;Folder Works;software\n',
    'firmen-alt.txt': 'not read',
    'kunden stamm.csv': 'Id;Firma;Webseite;Umsatz\nA2;Folder Farm;farm.example;2\n',
  });
  const { files, left } = await plan(folder);
  expect(files.map(({ name, object, by }) => [name, object.key, by])).toEqual([
    ['companyExport.csv', 'accounts', 'name'],
    ['kunden stamm.csv', 'accounts', 'name'],
    ['all people.csv', 'contacts', 'name'],
    ['Opportunity_2026.csv', 'deals', 'name'],
  ]);
  expect(left.map(({ name }) => name)).toEqual(['firmen-alt.txt']);
  const results = await load(folder);
  expect(results.map(({ result }) => [result!.done, result!.refused_total, result!.left_total])).toEqual([
    [1, 0, 0],
    [1, 0, 0],
    [1, 0, 0],
    [1, 0, 0],
  ]);
  expect(
    await found('deals', { 'account.name': 'Folder Works', 'contact.last_name': 'Lima' }, 'name'),
  ).toHaveLength(1);
});

test('a folder that is imported again loads nothing twice, and with “anew” everything', async () => {
  const folder = folderOf({
    'accounts.csv': 'name\nTwice Ltd\n',
    'contacts.csv': 'last name,company\nTwo,Twice Ltd\n',
  });
  const [first] = await load(folder);
  const again = await load(folder);
  expect(again.map(({ result, before }) => [result, typeof before])).toEqual([
    [undefined, 'string'],
    [undefined, 'string'],
  ]);
  expect(again[0]!.before).toBe(first!.result!.batch);
  await undoBatch(workspace.admin, again[1]!.before!);
  const afterUndo = await load(folder);
  expect(afterUndo.map(({ result }) => result?.done)).toEqual([undefined, 1]);
  expect((await load(folder, { anew: true })).map(({ result }) => result?.done)).toEqual([1, 1]);
});

const circle = {
  'users.csv': 'name,team\nCircle Ann,Circle Team\nCircle Bob,Circle Team\nCircle Cy,No Such Team\n',
  'teams.csv': 'name,lead\nCircle Team,Circle Ann\n',
};

test('files that link to each other find each other, and only what is nowhere is left empty', async () => {
  const results = await load(folderOf(circle));
  expect(
    results.map(({ file, result }) => [file.object.key, result!.done, result!.left_total, result!.held]),
  ).toEqual([
    ['teams', 1, 0, undefined],
    ['users', 3, 1, undefined],
  ]);
  expect(results[1]!.result!.left).toMatchObject([{ line: 4, field: 'team', raw: 'No Such Team' }]);
  expect(await found('teams', { 'lead.name': 'Circle Ann' }, 'name')).toMatchObject([
    { name: 'Circle Team' },
  ]);
  expect(await found('users', { 'team.name': 'Circle Team' }, 'name')).toHaveLength(2);
});

test('stopped between two files it goes on there, and settles what waited', async () => {
  const folder = folderOf({
    'users.csv': 'name,team\nLater Ann,Later Team\n',
    'teams.csv': 'name,lead\nLater Team,Later Ann\n',
  });
  const stop = new AbortController();
  const stopped = await load(folder, { signal: stop.signal, onResult: () => stop.abort() });
  expect(stopped.map(({ result }) => result?.held)).toEqual([true, undefined]);
  const [teams, users] = await load(folder);
  expect(teams!.result).toMatchObject({ batch: stopped[0]!.result!.batch, done: 1, left_total: 0 });
  expect(users!.result).toMatchObject({ done: 1, left_total: 0 });
  expect(await found('teams', { 'lead.name': 'Later Ann' }, 'name')).toHaveLength(1);
});

test('a dry run stores nothing and does not miss what other files bring', async () => {
  const folder = folderOf({
    'accounts.csv': 'name\nDry Folder Ltd\n',
    'contacts.csv': 'last name,company,owner\nDry,Dry Folder Ltd,Nobody There\n',
  });
  const results = await load(folder, { dryRun: true });
  expect(results.map(({ result }) => [result!.batch, result!.done, result!.left_total])).toEqual([
    [null, 1, 0],
    [null, 1, 1],
  ]);
  expect(await found('accounts', { name: 'Dry Folder Ltd' }, 'name')).toEqual([]);
});

test('import.yaml says what is what and in which order, with mappings and dictionaries beside it', async () => {
  const folder = folderOf({
    'list.csv': 'Chef,Mannschaft,Branche\nOne Chief,Yaml North,x\n',
    'firms.csv': 'who;what\nYaml Works;Programme\nYaml Mill;Papier\n',
    'chiefs.yaml': 'columns: { Chef: name, Mannschaft: null }\n',
    'teams.yaml': 'columns: { Mannschaft: name, Chef: lead }\n',
    'firms.yaml':
      'columns: { who: name, what: industry }\ndictionaries: { industry: trades.csv }\nvalues: { industry: { Papier: null } }\n',
    'trades.csv': 'Programme;software\nPapier;energy\n',
    'import.yaml':
      'imports:\n  - { file: list.csv, object: users, mapping: chiefs.yaml }\n  - { file: list.csv, object: teams, mapping: teams.yaml }\n  - { file: firms.csv, object: accounts, mapping: firms.yaml }\n',
  });
  const { files, left } = await plan(folder);
  expect(files.map(({ object, by }) => [object.key, by])).toEqual([
    ['users', 'import.yaml'],
    ['teams', 'import.yaml'],
    ['accounts', 'import.yaml'],
  ]);
  expect(left).toEqual([{ name: 'trades.csv', why: 'import.yaml does not name it' }]);
  const results = await load(folder);
  expect(results.map(({ result }) => [result!.done, result!.left_total])).toEqual([
    [1, 0],
    [1, 0],
    [2, 0],
  ]);
  expect(await found('accounts', { name: { starts_with: 'Yaml' } }, 'name', 'industry')).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ name: 'Yaml Works', industry: 'software' }),
      expect.objectContaining({ name: 'Yaml Mill', industry: null }),
    ]),
  );
});

test('whatever is unclear about a file is said for all of them before a row is written', async () => {
  const folder = folderOf({
    'accounts.csv': 'name\nNever Written\n',
    'mystery.csv': 'x,y\n1,2\n',
    'old.xls': Buffer.from('d0cf11e0a1b11ae1', 'hex').toString('latin1'),
    'contacts.csv': 'last name,email\n',
    'contacts.yaml': 'columns: { nope: email }\n',
  });
  writeFileSync(join(folder, 'old.xls'), Buffer.from('d0cf11e0a1b11ae1', 'hex'));
  expect(await issuesOf(plan(folder))).toEqual([
    { path: 'contacts.csv', code: 'unknown_column' },
    { path: 'mystery.csv', code: 'which_object' },
    { path: 'old.xls', code: 'not_csv' },
  ]);
  expect(await issuesOf(plan(folderOf({ 'import.yaml': 'imports: []' })))).toMatchObject([
    { code: 'bad_folder_file' },
  ]);
  expect(await issuesOf(plan(folderOf({ 'a.txt': 'x' })))).toEqual([{ path: 'folder', code: 'no_files' }]);
  expect(await found('accounts', { name: 'Never Written' }, 'name')).toEqual([]);
});
