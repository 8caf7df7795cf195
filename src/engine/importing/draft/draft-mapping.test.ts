import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isProblem } from '../../../core/errors/problem.ts';
import { testWorkspace, type TestWorkspace } from '../../../testing/workspace.ts';
import { list } from '../../read/list.ts';
import { importFile } from '../import-file.ts';
import { asMapped, parseMapping } from '../mapping-file.ts';
import { draftFolder } from './draft-folder.ts';
import { draftMapping, type DraftInput } from './draft-mapping.ts';
import { draftYaml } from './draft-yaml.ts';

let workspace: TestWorkspace;
const root = mkdtempSync(join(tmpdir(), 'groundwork-draft-'));
beforeAll(async () => {
  workspace = await testWorkspace();
});
afterAll(async () => {
  await workspace.close();
  rmSync(root, { recursive: true });
});

function fileOf(name: string, text: string): string {
  const path = join(mkdtempSync(join(root, 'x')), name);
  writeFileSync(path, text);
  return path;
}
const draft = (path: string, more: Partial<DraftInput> = {}) =>
  draftMapping(workspace.admin, { path, fileName: basename(path), ...more });
const targets = async (path: string, more: Partial<DraftInput> = {}) =>
  Object.fromEntries(
    (await draft(path, more)).columns.map(({ header, taken }) => [
      header,
      taken && (taken.by ? `${taken.field.key}.${taken.by}` : taken.field.key),
    ]),
  );
const codes = async (work: Promise<unknown>): Promise<string[]> => {
  try {
    await work;
  } catch (error) {
    if (isProblem(error)) return error.body.errors.map(({ code }) => code);
    throw error;
  }
  return [];
};

test('each column has a target with its confidence, and what stands in it', async () => {
  const path = fileOf(
    'Firmen 2025.csv',
    [
      'Firma;Ansprache;Branche;Interne Bemerkung;Leer',
      'Draft Works;info@draft-works.example;software;;',
      'Draft Farm;post@draft-farm.example;sofware;gut zahlend;',
      'Draft Mill;hello@draft-mill.example;agriculture;;',
    ].join('\n'),
  );
  const found = await draft(path, { object: 'accounts' });
  const byHeader = new Map(found.columns.map((column) => [column.header, column]));
  expect(byHeader.get('Firma')!.taken).toMatchObject({
    field: { key: 'name' },
    confidence: 0.95,
    how: 'synonym',
  });
  expect(byHeader.get('Firma')!.profile).toMatchObject({
    filled: 3,
    distinct: 3,
    unique: true,
    sort: 'text',
  });
  expect(byHeader.get('Ansprache')!.profile.sort).toBe('email');
  expect(byHeader.get('Leer')!.taken).toBeUndefined();
  const yaml = draftYaml(found);
  expect(yaml).toContain('Firma: name # 95 %, by its name');
  expect(yaml).toContain('sofware: software # 88 % alike, 1 row');
  expect(yaml).toContain('# in 1 of 3 rows');
  expect(yaml).toMatch(/Leer: null # not imported: it is empty/);
});

test('a column without a known name is told by what stands in it, and what is not sure stays a comment', async () => {
  const path = fileOf(
    'people.csv',
    [
      'First name,Last name,Kontaktweg,Etwas,Titel im Hause',
      'Ana,Lima,ana@people.example,1,Buyer',
      'Bo,Berg,bo@people.example,2,Engineer',
      'Cy,Dahl,cy@people.example,3,Buyer',
    ].join('\n'),
  );
  expect(await targets(path, { object: 'contacts' })).toMatchObject({
    Kontaktweg: 'email',
    Etwas: undefined,
  });
});

test('the object is told by the file, by its columns, or asked for', async () => {
  expect((await draft(fileOf('Opportunity_2024.csv', 'Opportunity name,Amount\nBig,2\n'))).object.key).toBe(
    'deals',
  );
  expect(await codes(draft(fileOf('x.csv', 'a,b\n1,2\n')))).toEqual(['which_object']);
  expect(await codes(draft(fileOf('x.csv', 'a,b\n1,2\n'), { object: 'dragons' }))).not.toEqual([]);
  const repeated = [
    'Agent,Manager,Regional office',
    ...'abcdefgh'.split('').map((one) => `${one} Doe,Ms X,East`),
  ];
  expect((await draft(fileOf('teams.csv', repeated.join('\n')))).object.key).toBe('users');
});

test('ids of the old system become the old id and the key', async () => {
  const path = fileOf('leads.csv', 'crm_nr,Lead name\nA-1,One\nA-2,Two\nA-3,Three\n');
  expect(await targets(path)).toMatchObject({ crm_nr: 'old_id' });
  expect(parseMapping(draftYaml(await draft(path)))).toMatchObject({ object: 'leads', key: 'old_id' });
  const twice = fileOf('leads.csv', 'crm_nr,Lead name\nA-1,One\nA-1,Two\nA-3,Three\n');
  expect(parseMapping(draftYaml(await draft(twice))).key).toBeUndefined();
});

test('days that could be read in two orders are told, with what was decided', async () => {
  const open = draftYaml(
    await draft(fileOf('deals.csv', 'Deal name,Close date\nA,03/04/2025\nB,05/06/2025\n')),
  );
  expect(open).toMatch(/^date_order: dmy$/m);
  expect(open).toContain('nothing in the file says otherwise');
  const torn = draftYaml(
    await draft(fileOf('deals.csv', 'Deal name,Close date\nA,13/04/2025\nB,05/26/2025\n')),
  );
  expect(torn).not.toMatch(/^date_order/m);
  expect(torn).toContain('both day first and month first');
});

test('a value that rows need and that nothing is like is asked for, and until then nothing is imported', async () => {
  const path = fileOf('deals.csv', 'Deal name,Stage\nDraft A,Won\nDraft B,Somewhere else\n');
  const yaml = draftYaml(await draft(path));
  expect(yaml).toContain('TO DECIDE: what “Somewhere else” means as Stage, in 1 row');
  const load = (text: string) =>
    importFile(workspace.admin, {
      ...asMapped({ mapping: parseMapping(text), path, fileName: 'deals.csv' }),
      dryRun: true,
    });
  await expect(load(yaml)).rejects.toMatchObject({
    body: {
      errors: [
        { code: 'undecided', fix: { say: expect.stringMatching(/^Write one of new, .*[a-z] instead/) } },
      ],
    },
  });
  expect(await load(yaml.replace(/: ["']\?["']/, ': new'))).toMatchObject({ done: 2, refused_total: 0 });
});

test('links are found by what the files of a folder have in common', async () => {
  const folder = mkdtempSync(join(root, 'x'));
  writeFileSync(
    join(folder, 'companies.csv'),
    'Id,Company\nC1,Overlap Works\nC2,Overlap Farm\nC3,Overlap Mill\n',
  );
  writeFileSync(
    join(folder, 'contacts.csv'),
    'First name,Last name,belongs,Account name\nA,B,C1,Overlap Works\nC,D,C2,Overlap Frm\nE,F,C3,Overlap Mill\nG,H,C1,Overlap Works\n',
  );
  writeFileSync(join(folder, 'notes.csv'), 'x,y\n1,2\n');
  const { drafts, left, files } = await draftFolder(workspace.admin, folder);
  const contacts = drafts.find(({ object }) => object.key === 'contacts')!;
  const link = contacts.columns.find(({ taken }) => taken?.field.key === 'account')!;
  expect(link).toMatchObject({ header: 'Account name', overlap: { where: 'companies.csv, “Company”' } });
  expect(parseMapping(files.get('contacts.yaml')!).values).toEqual({
    account: { 'Overlap Frm': 'Overlap Farm' },
  });
  expect(left.map(({ name }) => name)).toEqual(['notes.csv']);
  writeFileSync(join(folder, 'contacts.csv'), 'First name,Last name,belongs\nA,B,C1\nC,D,C2\nE,F,C3\n');
  const again = await draftFolder(workspace.admin, folder);
  expect(parseMapping(again.files.get('contacts.yaml')!).columns).toMatchObject({
    belongs: 'account.old_id',
  });
  expect([...again.files.keys()]).toEqual(['import.yaml', 'companies.yaml', 'contacts.yaml']);
});

test('what the import does with two columns, or with one for two fields, the draft leaves to it', async () => {
  const money = fileOf('deals.csv', 'name,amount,amount.currency\nTwo columns,12,USD\n');
  expect(parseMapping(draftYaml(await draft(money))).columns).toEqual({ name: 'name', amount: 'amount' });
  const whole = fileOf('contacts.csv', 'Full name,E-mail\nAnna Maria Berg,berg@whole.example\n');
  const yaml = draftYaml(await draft(whole));
  expect(yaml).toContain('“Full name” fills First name and, with its last word, Last name');
  await importFile(workspace.admin, {
    ...asMapped({ mapping: parseMapping(yaml), path: whole, fileName: 'contacts.csv' }),
  });
  const { data } = await list(workspace.admin, {
    object: 'contacts',
    where: { email: 'berg@whole.example' },
    fields: ['first_name', 'last_name'],
  });
  expect(data).toMatchObject([{ first_name: 'Anna Maria', last_name: 'Berg' }]);
});

test('a file of our own ids updates these records', async () => {
  const id = await workspace.create('accounts', { name: 'Own id works' });
  expect(
    parseMapping(draftYaml(await draft(fileOf('accounts.csv', `id,name\n${id},Own id mill\n`)))).columns,
  ).toEqual({
    id: 'id',
    name: 'name',
  });
});

test('one value that happens to be an old id does not make a column of names one of ids', async () => {
  await workspace.create('accounts', { name: 'Chance works', old_id: 'Chance 7' });
  const path = fileOf('contacts.csv', 'Last name,Account name\nA,Chance 7\nB,Nowhere one\nC,Nowhere two\n');
  expect(await targets(path)).toMatchObject({ 'Account name': 'account' });
});

test('each file of a folder has a mapping of its own, whatever it is called', async () => {
  const folder = mkdtempSync(join(root, 'x'));
  for (const name of ['import.csv', 'acc 1.csv', 'acc-1.csv'])
    writeFileSync(join(folder, name), 'Company,Sector\nX,software\n');
  const { files } = await draftFolder(workspace.admin, folder);
  expect([...files.keys()].sort()).toEqual(['acc-1-2.yaml', 'acc-1.yaml', 'import-2.yaml', 'import.yaml']);
});

test('names and values of strangers cannot break out of the YAML', async () => {
  const nasty = [
    '__proto__',
    '"a\nowner: x"',
    '# b',
    '"- c: [d"',
    "'e'",
    '{f}',
    '&g *h',
    '"i: ""j"""',
    '~',
    'null',
    '?',
  ];
  const text = [
    `Company,${nasty.join(',')}`,
    `Nasty Works,${nasty.map((_, at) => `"v${at}\n# x: y\n\u2028z"`).join(',')}`,
  ];
  const found = await draft(fileOf('accounts.csv', `${text.join('\n')}\n`));
  const mapping = parseMapping(draftYaml(found));
  expect(mapping.object).toBe('accounts');
  expect(Object.keys(mapping.columns ?? {})).toEqual(
    expect.arrayContaining(['Company', '# b', '{f}', '~', '?']),
  );
  expect(Object.values(mapping.columns ?? {}).filter((target) => target !== null)).toEqual(['name']);
});

test('whoever may not import may not draft', async () => {
  const path = fileOf('accounts.csv', 'Company\nX\n');
  await expect(
    draftMapping(workspace.as('sales_representative'), { path, fileName: 'accounts.csv' }),
  ).rejects.toMatchObject({ body: { status: 403 } });
});

test('a draft stores nothing, and takes the first rows of a large file', async () => {
  const before = (await list(workspace.admin, { object: 'accounts', count: 'exact' })).total;
  const path = fileOf(
    'accounts.csv',
    `Company\n${Array.from({ length: 120_000 }, (_, at) => `Large ${at}`).join('\n')}\n`,
  );
  const found = await draft(path);
  expect(found).toMatchObject({ rows: 100_000, whole: false });
  expect(draftYaml(found)).toContain('100,000 rows from its beginning');
  expect((await list(workspace.admin, { object: 'accounts', count: 'exact' })).total).toBe(before);
});
