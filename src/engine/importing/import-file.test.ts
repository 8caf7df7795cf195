import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../core/context/context.ts';
import { isProblem } from '../../core/errors/problem.ts';
import { testWorkspace, type TestWorkspace } from '../../testing/workspace.ts';
import { getBatch } from '../batches/batches.ts';
import { listBatchProblems } from '../batches/problems.ts';
import { undoBatch } from '../batches/undo.ts';
import { list } from '../read/list.ts';
import { importFile } from './import-file.ts';
import type { ImportInput } from './import-options.ts';
import { parseMapping } from './mapping-file.ts';

let workspace: TestWorkspace;
const folder = mkdtempSync(join(tmpdir(), 'groundwork-import-test-'));
beforeAll(async () => {
  workspace = await testWorkspace();
});
afterAll(async () => {
  await workspace.close();
  rmSync(folder, { recursive: true });
});

let count = 0;
type Options = Partial<ImportInput> & { as?: Context; mappingText?: string };

function load(object: string, csv: string | Buffer, { as, mappingText, ...options }: Options = {}) {
  const path = join(folder, `${++count}.csv`);
  writeFileSync(path, csv);
  return importFile(as ?? workspace.admin, {
    path,
    fileName: 'test.csv',
    object,
    ...options,
    ...(mappingText === undefined ? {} : { mapping: parseMapping(mappingText) }),
  });
}
const found = async (object: string, where: Record<string, unknown>, ...fields: string[]) =>
  (
    await list(workspace.admin, {
      object,
      where,
      fields: fields.length > 0 ? fields : ['name'],
      sort: 'created_at',
      limit: 200,
    })
  ).data;
const total = async (object: string) =>
  (await list(workspace.admin, { object, limit: 1, count: 'exact' })).total!;
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: unknown) => (isProblem(error) ? error.body.code : error),
  );

test('rows load with their links, and what an optional field cannot take is listed with its raw text', async () => {
  await workspace.create('accounts', { name: 'Link Target' });
  const result = await load(
    'contacts',
    'Surname,Company,DOB\nAble,Link Target,1980-02-30\nBaker,Nobody Ltd,1981-03-04\n',
  );
  expect(result).toMatchObject({ total: 2, done: 2, created: 2, refused: [], left_total: 2 });
  expect(result.left).toMatchObject([
    { row: 1, line: 2, field: 'birth_date', raw: '1980-02-30', errors: [{ line: 2 }] },
    { row: 2, line: 3, field: 'account', raw: 'Nobody Ltd', errors: [{ code: 'link_not_found' }] },
  ]);
  expect(
    await found('contacts', { last_name: ['Able', 'Baker'] }, 'last_name', 'account', 'birth_date'),
  ).toMatchObject([
    { last_name: 'Able', account: { name: 'Link Target' }, birth_date: null },
    { last_name: 'Baker', account: null, birth_date: '1981-03-04' },
  ]);
  const problems = await listBatchProblems(workspace.admin, { batch: result.batch!, limit: 50 });
  expect(problems.data).toMatchObject([
    { row: 1, field: 'birth_date', raw: '1980-02-30', refused: false },
    { row: 2, field: 'account', raw: 'Nobody Ltd', refused: false },
  ]);
  expect(await getBatch(workspace.admin, result.batch!)).toMatchObject({
    kind: 'import',
    object: 'contacts',
    state: 'done',
    total: 2,
    done: 2,
    refused: 0,
  });
});

test('a missing required value refuses its row and no other; --strict refuses a bad optional one too', async () => {
  const csv = 'name,website,employees\nGood One,,12\n,example.com,1\nNot A Number,,many\n';
  const lenient = await load('accounts', csv);
  expect(lenient).toMatchObject({
    done: 2,
    refused_total: 1,
    refused: [{ row: 2, line: 3, errors: [{ path: 'name', code: 'required' }] }],
    left_total: 1,
  });
  const strict = await load('accounts', csv.replaceAll('One', 'Two').replaceAll('Number', 'Digit'), {
    strict: true,
  });
  expect(strict).toMatchObject({
    done: 1,
    refused: [{ row: 2 }, { row: 3, errors: [{ path: 'employees' }] }],
    left_total: 0,
  });
  const [kept] = (await listBatchProblems(workspace.admin, { batch: strict.batch!, limit: 1 })).data;
  expect(kept).toMatchObject({ row: 2, refused: true, raw: ',example.com,1' });
});

test('ragged rows and broken quotes are refused or listed with their line, and cost no other row', async () => {
  const result = await load(
    'accounts',
    'name,city\nRag One,Bern,extra\n"Rag Two,Bern\nRag Three\nRag Four,Bern\n',
  );
  expect(result.refused.map(({ line, code }) => [line, code])).toEqual([
    [2, 'too_many_cells'],
    [3, 'unclosed_quote'],
  ]);
  expect(result.left.map(({ line, errors }) => [line, errors[0]!.code])).toEqual([[4, 'too_few_cells']]);
  expect(result.done).toBe(2);
});

test('a link may point to a later row of the same file', async () => {
  const result = await load(
    'accounts',
    'name,parent\nChild,Mother\nMother,Grandmother\nGrandmother,\nOrphan,Nowhere\n',
  );
  expect(result).toMatchObject({
    done: 4,
    left_total: 1,
    left: [{ row: 4, line: 5, field: 'parent', raw: 'Nowhere' }],
  });
  expect(await found('accounts', { name: ['Child', 'Mother'] }, 'name', 'parent')).toMatchObject([
    { name: 'Child', parent: { name: 'Mother' } },
    { name: 'Mother', parent: { name: 'Grandmother' } },
  ]);
});

test('with --strict too, where the row waits until the other is there', async () => {
  const result = await load(
    'accounts',
    'name,parent\nStrict Child,Strict Mother\nStrict Mother,Strict Gran\nStrict Gran,\nStrict Orphan,Nowhere\n',
    { strict: true },
  );
  expect(result).toMatchObject({
    done: 3,
    refused_total: 1,
    refused: [{ row: 4, line: 5, errors: [{ code: 'link_not_found' }] }],
  });
});

test('a dry run says the same and leaves nothing', async () => {
  const before = await total('accounts');
  const csv = 'name,parent,employees\nDry Child,Dry Mother,3\nDry Mother,,x\n,,1\n';
  const dry = await load('accounts', csv, { dryRun: true });
  expect(dry).toMatchObject({ batch: null, total: 3, done: 2, created: 2, refused_total: 1, left_total: 1 });
  expect(await total('accounts')).toBe(before);
  const real = await load('accounts', csv);
  expect({ ...real, batch: null, left: [], notes: [] }).toEqual({ ...dry, left: [], notes: [] });
  const { rows } = await workspace.database.pool.query(
    'SELECT count(*)::int AS n FROM platform.batches b LEFT JOIN platform.events e ON e.batch = b.id WHERE b.state = $1',
    ['running'],
  );
  expect(rows[0].n).toBe(0);
});

test('a key updates the record that has it, creates the others, and empties nothing', async () => {
  await workspace.create('accounts', { name: 'Key Co', city: 'Bern', employees: 5 });
  const csv = 'name,city,employees\nKEY co,,7\nKey New,Rome,1\nkey new,Milan,\n';
  const result = await load('accounts', csv, { key: 'name' });
  expect(result).toMatchObject({ done: 3, created: 1, changed: 2, refused_total: 0 });
  expect(await found('accounts', { name: ['key co', 'key new'] }, 'city', 'employees')).toMatchObject([
    { city: 'Bern', employees: 7 },
    { city: 'Milan', employees: 1 },
  ]);
  expect(await load('accounts', csv, { key: 'name' })).toMatchObject({ created: 0, done: 3 });
});

test('a key that fits several records refuses the row', async () => {
  await workspace.create('contacts', { first_name: 'Twin', last_name: 'One' });
  await workspace.create('contacts', { first_name: 'Twin', last_name: 'Two' });
  const result = await load('contacts', 'first_name,city\nTwin,Bern\n', { key: 'first_name' });
  expect(result).toMatchObject({ done: 0, refused: [{ row: 1, errors: [{ code: 'key_ambiguous' }] }] });
});

test('a key that begins with a dollar sign is text like any other', async () => {
  await load('accounts', 'name\n$me\n');
  expect(await load('accounts', 'name,city\n$me,Bern\n', { key: 'name' })).toMatchObject({
    changed: 1,
    created: 0,
  });
});

test('a column id updates, an unknown id is refused, and ids of another system are kept as old ids', async () => {
  const id = await workspace.create('accounts', { name: 'By Id' });
  const own = await load(
    'accounts',
    `id,name\n${id},By Id Renamed\n01900000-0000-7000-8000-000000000000,Gone\nx17,Odd\n,Fresh\n`,
  );
  expect(own).toMatchObject({
    done: 2,
    changed: 1,
    created: 1,
    refused: [
      { row: 3, errors: [{ code: 'bad_id' }] },
      { row: 2, code: 'not_found' },
    ],
  });
  const foreign = await load('accounts', 'ID,name\n001x02,Foreign One\n001x03,Foreign Two\n');
  expect(foreign).toMatchObject({ done: 2, created: 2, skipped_columns: [] });
  expect(foreign.columns).toContainEqual({ header: 'ID', field: 'old_id', how: 'likeness' });
  const linked = await load(
    'contacts',
    `Contact ID;Last name;Account ID\n7;Of One;001x02\n8;Of ours;${id}\n9;Of nobody;001x99\n`,
  );
  expect(linked).toMatchObject({ done: 3, left: [{ field: 'account', raw: '001x99' }] });
  expect(await found('contacts', { 'account.old_id': '001x02' }, 'old_id')).toMatchObject([{ old_id: '7' }]);
  expect(await found('contacts', { account: id }, 'old_id')).toMatchObject([{ old_id: '8' }]);
  const again = await load('contacts', 'Contact ID,City\n7,Bern\n', { key: 'old_id' });
  expect(again).toMatchObject({ changed: 1, created: 0 });
});

test('columns are put together by a template, and by themselves where a name stands in parts', async () => {
  const parts = await load(
    'leads',
    'First name,Last name,Email\nAna, Lima ,ana@parts.example\n,,nobody@parts.example\n',
  );
  expect(parts).toMatchObject({ done: 1, refused: [{ line: 3 }] });
  expect(parts.columns.slice(0, 2)).toEqual([
    { header: 'First name', field: 'name', how: 'synonym' },
    { header: 'Last name', field: 'name', how: 'synonym' },
  ]);
  const mappingText = "templates: { name: 'Lead {Email} ({No})' }";
  const made = await load('leads', 'Email,No\nbo@parts.example,4\n', { mappingText });
  expect(made).toMatchObject({ done: 1, refused_total: 0, skipped_columns: [] });
  expect(await found('leads', { email: { contains: 'parts.example' } })).toMatchObject([
    { name: 'Ana Lima' },
    { name: 'Lead bo@parts.example (4)' },
  ]);
});

test('a mapping file decides columns, values, constants and the order of dates', async () => {
  const result = await load('deals', 'Titel;Wert;Start;Herkunft\nMapped Deal;1.234,50;03/04/2026;Messe\n', {
    mappingText: `
columns: { Titel: name, Wert: amount, Start: opened_on, Herkunft: source }
values: { source: { Messe: trade_fair } }
constants: { pipeline: new_business }
date_order: mdy
decimal: ','
`,
  });
  expect(result).toMatchObject({ done: 1, refused: [], left: [] });
  expect(
    await found('deals', { name: 'Mapped Deal' }, 'amount', 'opened_on', 'source', 'pipeline'),
  ).toMatchObject([
    {
      amount: { amount: '1234.50', currency: 'EUR' },
      opened_on: '2026-03-04',
      source: 'trade_fair',
      pipeline: 'new_business',
    },
  ]);
});

test('an import passes no checkpoint', async () => {
  const result = await load('deals', 'name,stage\nShortcut,negotiation\nWon at once,won\nHonest,new\n');
  expect(result).toMatchObject({ done: 1, created: 1, refused: [{ row: 1 }, { row: 2 }] });
  expect(result.refused.every(({ errors }) => errors.length > 0 && errors.every((one) => one.fix.say))).toBe(
    true,
  );
});

test('a second record with a proof of being the same is refused with the one that is there', async () => {
  await workspace.create('contacts', { last_name: 'Proof', email: 'proof@example.com' });
  const result = await load(
    'contacts',
    'last_name,email\nProof,PROOF@example.com\nOther,other@example.com\nOther,other@example.com\n',
  );
  expect(result).toMatchObject({ done: 1, refused: [{ row: 1 }, { row: 3 }] });
});

test('undo archives what the import made and puts back what it changed', async () => {
  const id = await workspace.create('accounts', { name: 'Undo Old', city: 'Bern' });
  const before = await total('accounts');
  const result = await load('accounts', 'name,city,parent\nUndo Old,Rome,Undo New\nUndo New,Milan,\n', {
    key: 'name',
  });
  expect(result).toMatchObject({ created: 1, changed: 1 });
  const undone = await undoBatch(workspace.admin, result.batch!);
  expect(undone).toMatchObject({ done: 2, kept: [] });
  expect(await total('accounts')).toBe(before);
  expect(await found('accounts', { id }, 'city', 'parent')).toMatchObject([{ city: 'Bern', parent: null }]);
});

test('history signs each record with the import, and who ran it', async () => {
  const result = await load('accounts', 'name\nSigned\n');
  const { rows } = await workspace.database.pool.query(
    'SELECT type, channel, actor_name FROM platform.events WHERE batch = $1',
    [result.batch],
  );
  expect(rows).toEqual([{ type: 'created', channel: 'import', actor_name: workspace.admin.principal.name }]);
});

test('who may not import is refused before anything happens', async () => {
  const before = await total('accounts');
  expect(await codeOf(load('accounts', 'name\nX\n', { as: workspace.as('read_only') }))).toBe('forbidden');
  expect(await codeOf(load('accounts', 'name\nX\n', { as: workspace.as() }))).toMatch(
    /forbidden|unknown_object/,
  );
  expect(await codeOf(load('nothing', 'name\nX\n'))).toBe('unknown_object');
  expect(await total('accounts')).toBe(before);
});

test.each<[string, string | Buffer, string, Options?]>([
  ['a file that is empty', '', 'empty_file'],
  ['a file with nothing that fits', 'x,y\n1,2\n', 'no_columns'],
  ['a key that no column fills', 'name\nX\n', 'bad_mapping', { key: 'domain' }],
  ['an encoding that could be either', Buffer.from('name\n\xa3ukasz\n', 'latin1'), 'encoding_unclear'],
])('%s is refused before anything happens', async (_, csv, code, options = {}) => {
  const before = await total('accounts');
  expect(await codeOf(load('accounts', csv, options))).toBe(code);
  expect(await total('accounts')).toBe(before);
});

test('a file may be stopped between two groups of rows: what is loaded stays under its batch', async () => {
  const rows = Array.from({ length: 2_000 }, (_, at) => `Stop ${at}`).join('\n');
  const stop = new AbortController();
  const result = await load('accounts', `name\n${rows}\n`, {
    signal: stop.signal,
    onProgress: ({ done }) => done >= 100 && stop.abort(),
  });
  expect(result.stopped).toBe(true);
  expect(result.done).toBeGreaterThanOrEqual(100);
  expect(result.done).toBeLessThan(2_000);
  expect(await getBatch(workspace.admin, result.batch!)).toMatchObject({
    state: 'stopped',
    done: result.done,
  });
  expect((await undoBatch(workspace.admin, result.batch!)).done).toBe(result.done);
});

test('every row of a long file is counted once, loaded or refused, and the answer stays small', async () => {
  const rows = Array.from({ length: 3_000 }, (_, at) => (at % 2 === 0 ? `Long ${at},Long ${at + 2}` : ',x'));
  const progress: number[] = [];
  const result = await load('accounts', `name,parent\n${rows.join('\n')}\n`, {
    onProgress: (state) => progress.push(state.rows),
  });
  expect(result).toMatchObject({ total: 3_000, done: 1_500, refused_total: 1_500 });
  expect(result.refused).toHaveLength(1_000);
  expect(new Set(result.refused.map(({ row }) => row)).size).toBe(1_000);
  expect(progress.at(-1)).toBe(3_000);
  // All but the last, which points beyond the file.
  expect(result.left).toMatchObject([{ row: 2_999, field: 'parent', raw: 'Long 3000' }]);
  const linked = await list(workspace.admin, {
    object: 'accounts',
    where: { name: { starts_with: 'Long' }, parent: { missing: false } },
    limit: 1,
    count: 'exact',
  });
  expect(linked.total).toBe(1_499);
}, 60_000);

const sales = join(import.meta.dirname, '../../../../shared/data/crm-sales');
describe.skipIf(!existsSync(sales))('the real sales data (skipped: ../shared/data is not here)', () => {
  test('accounts and products load whole, with the known fault reported, and undo archives them', async () => {
    const before = { accounts: await total('accounts'), products: await total('products') };
    const input = (name: string) => ({
      path: join(sales, `${name}.csv`),
      fileName: `${name}.csv`,
      object: name,
    });
    const accounts = await importFile(workspace.admin, input('accounts'));
    expect(accounts).toMatchObject({
      total: 85,
      done: 85,
      created: 85,
      refused_total: 0,
      skipped_columns: [],
    });
    expect(new Set(accounts.left.map(({ field, raw }) => `${field} ${raw}`))).toEqual(
      new Set(['industry technolgy']),
    );
    const products = await importFile(workspace.admin, input('products'));
    expect(products).toMatchObject({
      total: 7,
      done: 7,
      created: 7,
      refused_total: 0,
      left_total: 0,
      skipped_columns: [],
    });
    expect(
      await found('accounts', { name: ['Bluth Company', 'Betatech'] }, 'name', 'parent', 'industry'),
    ).toMatchObject([
      { name: 'Betatech', parent: null, industry: 'medical' },
      { name: 'Bluth Company', parent: { name: 'Acme Corporation' }, industry: null },
    ]);
    expect(await total('accounts')).toBe(before.accounts + 85);

    const again = await importFile(workspace.admin, { ...input('accounts'), key: 'name' });
    expect(again).toMatchObject({ done: 85, unchanged: 85 });

    await undoBatch(workspace.admin, accounts.batch!);
    await undoBatch(workspace.admin, products.batch!);
    expect({ accounts: await total('accounts'), products: await total('products') }).toEqual(before);
  });

  const messy = join(sales, '../imports/messy_crm_exports');
  const sets = [
    '01-facebook-leads-standard',
    '07-real-estate-crm',
    '09-duplicate-headers',
    '11-international-names',
    '13-mixed-languages',
    '15-duplicate-rows',
    '17-formula-injection',
    '19-empty-columns',
    '21-tab-separated',
    '23-quoted-fields-multiline',
    '03-google-ads-leads',
  ];
  test.each(sets)(
    'messy export %s: every data row is loaded or refused with its line and reason',
    async (name) => {
      const result = await importFile(workspace.admin, {
        path: join(messy, `${name}.csv`),
        fileName: name,
        object: 'leads',
      });
      expect(result.total).toBeGreaterThan(0);
      expect(result.done + result.refused_total).toBe(result.total);
      for (const row of result.refused)
        expect(row.errors[0]).toMatchObject({ line: row.line, message: expect.stringMatching(/\w/) });
    },
  );

  test('all telephone extensions of a real contact list are kept', async () => {
    const result = await importFile(workspace.admin, {
      path: join(sales, '../imports/basudev_crm/Contacts.csv'),
      fileName: 'Contacts.csv',
      object: 'contacts',
    });
    expect(result).toMatchObject({ total: 100, done: 100 });
    const { rows } = await workspace.database.pool.query(
      `SELECT count(*)::int AS n FROM crm.contacts WHERE phone LIKE '%;ext=%'`,
    );
    const kept = result.left.filter(({ field, raw }) => field === 'phone' && /x\d+$/.test(raw ?? '')).length;
    expect(rows[0].n + kept).toBe(57);
  });
});
