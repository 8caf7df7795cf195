import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { buffer, text } from 'node:stream/consumers';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { streamXlsxRows } from 'hucre/xlsx';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../core/context/context.ts';
import { restore } from '../../core/spreadsheet/formula-cells.ts';
import type { FieldType } from '../../core/kinds/field-type.ts';
import { rows, sql } from '../../core/sql/sql.ts';
import { fieldTypes } from '../../kinds/fields/index.ts';
import { sampleCatalog, sampleEnv, sampleField } from '../../kinds/fields/sample-catalog.ts';
import { refused } from '../../testing/refused.ts';
import { testWorkspace, type TestWorkspace } from '../../testing/workspace.ts';
import { applyDefinitions } from '../definitions/apply.ts';
import { importFile } from '../importing/import-file.ts';
import { list } from '../read/list.ts';
import { write } from '../write/write.ts';
import { csvFile } from './csv-file.ts';
import { endLostExports, listExports } from './export-log.ts';
import { exportRecords, type ExportInput } from './export-records.ts';
import { fileColumns } from './file-columns.ts';

let workspace: TestWorkspace;
let admin: Context;
let anna: string;

beforeAll(async () => {
  workspace = await testWorkspace();
  admin = workspace.admin;
  anna = await workspace.create('users', { name: 'Anna Berg', email: 'anna@ours.example' });
});
afterAll(() => workspace.close());

const csv = async (context: Context, input: ExportInput): Promise<string> =>
  text((await exportRecords(context, input)).body);
const lines = (file: string): string[] => file.trimEnd().split('\r\n');
const ended = async (id: string) => {
  for (let n = 0; n < 500; n++) {
    const entry = (await listExports(admin, { limit: 200 })).data.find((one) => one.id === id)!;
    if (entry.state !== 'running') return entry;
    await sleep(10);
  }
  throw new Error('The export does not end.');
};

describe('every field type is equal when read back', () => {
  const catalog = sampleCatalog();
  const types = (Object.values(fieldTypes) as FieldType[]).filter(
    (type) => !type.maintained && type !== (fieldTypes.id as FieldType),
  );
  test.each(types)('$key', async (type) => {
    for (const one of type.cases) {
      const field = sampleField(type, one.settings);
      const env = sampleEnv(catalog, one.env);
      // What an import makes out from the file itself.
      const fileEnv = { ...env, decimal: undefined, dateOrder: undefined };
      const parse = one.text && type.parseText ? type.parseText : type.parse;
      const parsed = parse(one.input, field, env);
      if (!parsed.ok || parsed.value === null) continue;
      if (typeof parsed.value === 'object' && 'match' in parsed.value) continue;
      const row = { ...type.write(parsed.value, field), [`${field.key}__name`]: 'Acme' };
      const answer = (type.read ?? type.stored)(row, field);
      const columns = fileColumns([field], catalog);
      const cells = columns.cells({ [field.key]: answer });
      async function* pages() {
        yield [cells];
      }
      const [, ...written] = (await text(csvFile(columns.header, pages(), false))).split('\r\n');
      const [own, beside] = cellsOf(written.join('\r\n').replace(/\r\n$/, ''));
      const read = type.inFile ? type.inFile.read(own!, beside!, true) : own!;
      expect((type.parseText ?? type.parse)(read, field, fileEnv), one.name).toMatchObject({
        ok: true,
        value: parsed.value,
      });
    }
  });
});

/** The cells of one CSV record, as the import takes them. */
function cellsOf(line: string): string[] {
  const cells: string[] = [];
  for (const [, quoted, plain] of line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g))
    cells.push(restore(quoted === undefined ? plain! : quoted.replaceAll('""', '"')));
  return cells;
}

const things = `label: { one: Thing, many: Things }
owner: crm_owner
meaning: Has a field of every type, to see that each can be read back from a file.
side: sales
name: name
fields:
${Object.entries({
  name: 'type: text',
  prose: 'type: long_text',
  mail: 'type: email',
  phone: 'type: phone',
  site: 'type: url',
  human: 'type: person_name',
  amount: 'type: money',
  count: 'type: number',
  share: 'type: percent',
  day: 'type: date',
  moment: 'type: datetime',
  span: 'type: duration',
  yes: 'type: yes_no',
  kind: 'type: choice\n    list: activity_type',
  kinds: 'type: multi_choice\n    list: activity_type',
  who: 'type: person',
  account: 'type: link\n    to: accounts',
})
  .map(
    ([key, settings]) =>
      `  ${key}:\n    ${settings}\n    label: ${key}\n    owner: crm_owner\n    meaning: A field to read back.`,
  )
  .join('\n')}
`;

test('an export is imported into an empty workspace and is equal', async () => {
  const other = await testWorkspace();
  const folder = mkdtempSync(join(tmpdir(), 'groundwork-export-'));
  try {
    for (const one of [workspace, other]) {
      await applyDefinitions(one.admin, { files: [{ path: 'objects/things.yaml', text: things }] });
      await one.definitions.refresh();
      await one.create('accounts', { name: '=Acme, "Ltd"' });
    }
    await other.create('users', { name: 'Anna Berg', email: 'anna@ours.example' });
    const [account] = (await list(admin, { object: 'accounts', q: 'acme' })).data;
    const full = {
      prose: 'Two\nlines, "quoted"; and\ttabs',
      mail: 'a@b.example',
      phone: '+4930901820',
      site: 'https://example.com/a?b=1,2',
      human: 'Ben de Vries',
      amount: { amount: '-1234.567', currency: 'USD' },
      count: 1.234,
      share: 12.5,
      day: '2026-02-03',
      moment: '2026-01-01T12:34:56.789Z',
      span: 5400,
      yes: false,
      kind: 'call',
      kinds: ['call', 'email', 'note'],
      who: anna,
      account: account!['id'],
    };
    const set = [
      { name: '=1+1', ...full },
      { name: "'=1+1", amount: 12 },
      { name: '-5', count: -5, yes: true },
      { name: '+49', prose: '@here' },
      { name: '\'\'@x, "y"\r\nz' },
      { name: 'Ümläut 名前 😀' },
    ];
    await write(admin, { mode: 'all', changes: set.map((one) => ({ create: 'things', set: one })) });
    const fields = Object.keys({ name: '', ...full });
    const file = join(folder, 'things.csv');
    writeFileSync(file, await csv(admin, { object: 'things', fields, bom: true }));
    const result = await importFile(other.admin, { path: file, fileName: 'things.csv', object: 'things' });
    expect([result.refused, result.left]).toEqual([[], []]);
    const read = async (context: Context) => {
      const { data } = await list(context, { object: 'things', fields, sort: 'name' });
      return data.map(({ id: _, ...record }) =>
        JSON.parse(JSON.stringify(record, (key, value: unknown) => (key === 'id' ? undefined : value))),
      );
    };
    expect(await read(other.admin)).toEqual(await read(admin));
  } finally {
    rmSync(folder, { recursive: true });
    await other.close();
  }
});

test('a file of this workspace finds its records and their links by id, also where names are the same', async () => {
  const twins = [
    await workspace.create('accounts', { name: 'Twin' }),
    await workspace.create('accounts', { name: 'Twin' }),
  ];
  const deal = await workspace.create('deals', { name: 'Of the second', account: twins[1], amount: 5 });
  const folder = mkdtempSync(join(tmpdir(), 'groundwork-export-'));
  const file = join(folder, 'deals.csv');
  const exported = await csv(admin, {
    object: 'deals',
    where: { name: 'Of the second' },
    fields: ['id', 'name', 'account', 'amount'],
  });
  expect(lines(exported)[0]).toBe('id,name,account,account.id,amount,amount.currency');
  writeFileSync(file, exported.replace('5.00', '7.00').replace('Of the second', 'Of the second twin'));
  const result = await importFile(admin, { path: file, fileName: 'deals.csv', object: 'deals' });
  expect(result.refused_total).toBe(0);
  const { data } = await list(admin, { object: 'deals', where: { id: deal } });
  expect(data[0]).toMatchObject({
    name: 'Of the second twin',
    account: { id: twins[1] },
    amount: { amount: '7.00', currency: 'EUR' },
  });
  rmSync(folder, { recursive: true });
});

test('in a workbook text is text and never a formula, and numbers are numbers', async () => {
  await workspace.create('accounts', { name: '=HYPERLINK("http://x.example")', employees: 3 });
  await workspace.create('accounts', { name: '<b>&"', employees: 12 });
  const { body, name, mime } = await exportRecords(admin, {
    object: 'accounts',
    fields: ['name', 'employees'],
    where: { employees: { lt: 100 } },
    sort: 'employees',
    format: 'xlsx',
  });
  expect(name).toMatch(/^accounts \d{4}-\d\d-\d\d\.xlsx$/);
  expect(mime).toContain('spreadsheetml');
  const bytes = await buffer(body);
  const read: unknown[][] = [];
  for await (const row of streamXlsxRows(bytes)) read.push([...row.values]);
  expect(read).toEqual([
    ['name', 'employees'],
    ['=HYPERLINK("http://x.example")', 3],
    ['<b>&"', 12],
  ]);
});

test('rows stand in the order of the list, empty values last, however many pages there are', async () => {
  const changes = Array.from({ length: 2500 }, (_, n) => ({
    create: 'locations',
    set: { name: `P${n % 7}`, ...(n % 3 === 0 ? {} : { city: `C${n % 11}` }) },
  }));
  for (let at = 0; at < changes.length; at += 500)
    await write(admin, { mode: 'all', changes: changes.slice(at, at + 500) });
  for (const sort of ['city,-name', '-city', 'name']) {
    const ids: unknown[] = [];
    let cursor: string | undefined;
    do {
      const page = await list(admin, { object: 'locations', sort, limit: 200, cursor, fields: ['id'] });
      ids.push(...page.data.map((record) => record['id']));
      cursor = page.next_cursor ?? undefined;
    } while (cursor);
    expect(lines(await csv(admin, { object: 'locations', fields: ['id'], sort })).slice(1)).toEqual(ids);
  }
});

test('all of an export is of one moment', async () => {
  const one = await exportRecords(admin, { object: 'locations', fields: ['name'] });
  await write(admin, { mode: 'all', changes: [{ create: 'locations', set: { name: 'Too late' } }] });
  const file = await text(one.body);
  expect(file).not.toContain('Too late');
  expect(lines(file).length - 1).toBe(one.count());
});

test('what one may not see or export does not leave', async () => {
  const rep = workspace.user({ id: anna, name: 'Anna' }, 'sales_representative');
  expect((await refused(exportRecords(rep, { object: 'deals' }))).status).toBe(403);
  expect((await refused(exportRecords(rep, { object: 'nope' }))).status).toBe(404);
  const lead = workspace.user({ id: anna, name: 'Anna' }, 'team_lead');
  const ben = await workspace.create('users', { name: 'Ben', email: 'ben@ours.example' });
  await workspace.create('deals', { name: 'His deal', owner: ben });
  await workspace.create('deals', { name: 'Her deal', owner: anna });
  const file = await csv(lead, { object: 'deals', fields: ['name'] });
  expect(lines(file)).toEqual(['name', 'Her deal']);
  const hidden = await refused(
    exportRecords(workspace.as('read_only', 'team_lead'), { object: 'deals', fields: ['nope'] }),
  );
  expect(hidden.errors[0]!.path).toBe('fields');
  expect((await refused(exportRecords(admin, { object: 'deals', where: { nope: 1 } }))).status).toBe(422);
});

test('each export is kept with who, what, how many and why, and is an event', async () => {
  const where = { name: 'Her deal' };
  const reason = 'Yearly audit';
  const { id, body } = await exportRecords(admin, { object: 'deals', where, fields: ['name'], reason });
  expect(await text(body)).toBe('name\r\nHer deal\r\n');
  const entry = await ended(id);
  expect(entry).toMatchObject({
    object: 'deals',
    format: 'csv',
    state: 'done',
    count: 1,
    reason,
    channel: 'test',
    actor: 'key:administrator',
    question: { where, fields: ['name'] },
  });
  const events = await rows(
    workspace.database.pool,
    sql`SELECT type, actor_name, note FROM platform.events WHERE record = ${id}`,
  );
  expect(events).toEqual([
    {
      type: 'exported',
      actor_name: 'Key of administrator',
      note: { format: 'csv', state: 'done', count: 1, reason, where, fields: ['name'] },
    },
  ]);
  const own = await listExports(workspace.as('team_lead'), { limit: 10 });
  expect(own.data).toEqual([]);
  const first = await listExports(admin, { limit: 1 });
  const second = await listExports(admin, { limit: 1, after: first.next! });
  expect([first.data[0]!.id, second.data[0]!.id === id]).toEqual([id, false]);
});

test('a reason that says nothing is refused with what to send; a role may ask for one', async () => {
  const blank = await refused(exportRecords(admin, { object: 'deals', reason: '  ' }));
  expect(blank.errors[0]).toMatchObject({ path: 'reason', fix: { set: ['reason'] } });
  const strict = `label: Auditor
owner: administrator
meaning: Exports with a reason alone.
export_reason: required
grants:
  deals: { read: all, export: all }
`;
  await applyDefinitions(admin, { files: [{ path: 'roles/auditor.yaml', text: strict }] });
  await workspace.definitions.refresh();
  const auditor = workspace.as('auditor');
  expect((await refused(exportRecords(auditor, { object: 'deals' }))).errors[0]!.path).toBe('reason');
  await csv(auditor, { object: 'deals', reason: 'Audit' });
});

test('an export that its caller stops ends the database work at once, and says how many left', async () => {
  const stop = new AbortController();
  const context = Object.assign(Object.create(admin) as Context, { signal: stop.signal });
  const { id, body } = await exportRecords(context, { object: 'locations' });
  await new Promise((resolve) => body.once('readable', resolve));
  body.read();
  stop.abort();
  body.destroy();
  const entry = await ended(id);
  expect(entry.state).toBe('stopped');
  expect(entry.count).toBeGreaterThan(0);
  expect(entry.count).toBeLessThanOrEqual(2501);
  const busy = await rows(
    workspace.database.pool,
    sql`SELECT query FROM pg_stat_activity WHERE datname = current_database() AND state LIKE ${'idle in transaction%'}`,
  );
  expect(busy).toEqual([]);
  const unread = await exportRecords(admin, { object: 'locations' });
  unread.body.destroy();
  await unread.ended;
  expect((await ended(unread.id)).state).toBe('stopped');
});

test('a statement that still runs when the caller goes is stopped in the database', async () => {
  const stop = new AbortController();
  const context = Object.assign(Object.create(admin) as Context, { signal: stop.signal });
  const client = await workspace.database.pool.connect();
  await client.query('BEGIN; LOCK TABLE crm.campaigns IN ACCESS EXCLUSIVE MODE');
  const waiting = exportRecords(context, { object: 'campaigns' }).then(
    () => 'answered',
    () => 'stopped',
  );
  const running = () =>
    rows(
      workspace.database.pool,
      sql`SELECT pid FROM pg_stat_activity WHERE query LIKE ${'DECLARE export%campaigns%'} AND state = 'active' AND wait_event_type = 'Lock'`,
    );
  while ((await running()).length === 0) await sleep(10);
  stop.abort();
  expect(await waiting).toBe('stopped');
  expect(await running()).toEqual([]);
  await client.query('ROLLBACK');
  client.release();
});

test('an export whose process died is ended by the next sweep', async () => {
  const [{ id }] = (await rows<{ id: string }>(
    workspace.database.pool,
    sql`INSERT INTO platform.exports (id, object, format, actor, actor_name, channel, question, count, seen_at)
        VALUES (gen_random_uuid(), 'deals', 'csv', 'key:gone', 'Gone', 'http', '{}', 7, now() - interval '1 hour') RETURNING id`,
  )) as [{ id: string }];
  await endLostExports(workspace.database.pool);
  expect(await ended(id)).toMatchObject({ state: 'lost', count: 7 });
});

test('nobody keeps more than three exports under way', async () => {
  const key = workspace.as('crm_owner');
  const open = await Promise.all([1, 2, 3].map(() => exportRecords(key, { object: 'locations' })));
  expect((await refused(exportRecords(key, { object: 'locations' }))).status).toBe(429);
  for (const one of open) one.body.destroy();
  for (const one of open) await ended(one.id);
  await csv(key, { object: 'locations' });
});
