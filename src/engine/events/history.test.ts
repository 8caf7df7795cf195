import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Context } from '../../core/context/context.ts';
import { rows, sql } from '../../core/sql/sql.ts';
import { refused } from '../../testing/refused.ts';
import { testWorkspace, type TestWorkspace } from '../../testing/workspace.ts';
import { applyDefinitions } from '../definitions/apply.ts';
import { get } from '../read/get.ts';
import { bulkEdit } from '../batches/bulk.ts';
import { write } from '../write/write.ts';
import { history, type HistoryLine } from './history.ts';

/** An object with a field of every type that people write. */
const things = (fields: Record<string, string>) => `label: { one: Thing, many: Things }
owner: crm_owner
meaning: Has a field of every type, to see that each can be read back from history.
side: sales
name: name
fields:
${Object.entries(fields)
  .map(
    ([key, settings]) => `  ${key}:
    ${settings}
    label: ${key.replaceAll('_', ' ')}
    owner: crm_owner
    meaning: A field to write into and read back.`,
  )
  .join('\n')}
`;
const file = { one: randomUUID(), two: randomUUID() };
let workspace: TestWorkspace;
let admin: Context;
let people: Record<'anna' | 'ben', string>;

beforeAll(async () => {
  workspace = await testWorkspace();
  admin = workspace.admin;
  people = {
    anna: await workspace.create('users', { name: 'Anna', email: 'anna@ours.example' }),
    ben: await workspace.create('users', { name: 'Ben', email: 'ben@ours.example' }),
  };
  await applyDefinitions(admin, {
    files: [
      {
        path: 'objects/things.yaml',
        text: things({
          name: 'type: text',
          prose: 'type: long_text',
          mail: 'type: email',
          phone: 'type: phone',
          site: 'type: url',
          person_name: 'type: person_name',
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
          paper: 'type: file',
        }),
      },
    ],
  });
  await workspace.definitions.refresh();
  for (const [name, id] of Object.entries(file)) {
    await rows(
      workspace.database.pool,
      sql`INSERT INTO platform.files (id, name, size, mime, sha256, stored_as, created_by)
          VALUES (${id}, ${`${name}.pdf`}, 3, ${'application/pdf'}, ${Buffer.alloc(32)}, ${'x'}, ${'test'})`,
    );
  }
});
afterAll(() => workspace.close());

/** All lines, page by page. */
async function walk(context: Context, object: string, id: string, limit: number): Promise<HistoryLine[]> {
  const lines: HistoryLine[] = [];
  let before: number | undefined;
  do {
    const page = await history(context, { object, id, limit, before });
    lines.push(...page.data);
    before = page.next_cursor === null ? undefined : Number(page.next_cursor);
  } while (before !== undefined);
  return lines;
}

test('every field of every type reads from and to as the record read then, whatever the page size', async () => {
  const accounts = [
    await workspace.create('accounts', { name: 'One Ltd' }),
    await workspace.create('accounts', { name: 'Two Ltd' }),
  ];
  const values: Record<string, [unknown, unknown]> = {
    name: ['Öl', 'Gas'],
    prose: ['Two\nlines', 'One'],
    mail: ['a@b.example', 'c@d.example'],
    phone: ['030 901820', '+4930901821'],
    site: ['example.com/a', 'https://example.org'],
    person_name: ['ANNA BERG', 'Ben'],
    amount: [{ amount: '10', currency: 'USD' }, 12.5],
    count: [1.5, 0],
    share: [50, 12.5],
    day: ['2026-02-28', '2024-02-29'],
    moment: ['2026-01-01T12:00:00+02:00', '2026-01-02T00:00:00Z'],
    span: ['PT1H30M', '90s'],
    yes: [true, false],
    kind: ['call', 'Meeting'],
    kinds: [['call', 'email'], ['note']],
    who: [people.anna, { match: { email: 'ben@ours.example' } }],
    account: [accounts[0], { match: { name: 'two ltd' } }],
    paper: [file.one, { id: file.two }],
  };
  const first = Object.fromEntries(Object.entries(values).map(([key, [one]]) => [key, one]));
  const id = await workspace.create('things', first);
  const states = [await get(admin, { object: 'things', id })];
  const change = async (set: Record<string, unknown>) => {
    await workspace.change(admin, { update: 'things', id, set });
    states.push(await get(admin, { object: 'things', id }));
  };
  for (const [key, [, two]] of Object.entries(values)) await change({ [key]: two });
  await change(Object.fromEntries(Object.keys(values).map((key) => [key, null])));
  await change(first);
  const kept = new Set(['version', 'updated_at']);
  const expected = states.map((state, at) => {
    const before = states[at - 1] ?? {};
    return Object.fromEntries(
      Object.keys(state)
        .filter((key) => at > 0 || key in values)
        .filter((key) => !kept.has(key) && JSON.stringify(state[key]) !== JSON.stringify(before[key] ?? null))
        .map((key) => [key, { from: before[key] ?? null, to: state[key] }]),
    );
  });
  for (const limit of [1, 2, 7, 50]) {
    const lines = await walk(admin, 'things', id, limit);
    expect(lines.map((line) => line.version)).toEqual(states.map((_, at) => at + 1).reverse());
    lines.reverse().forEach((line, at) => expect(line.changes).toEqual(expected[at]));
  }
});

test('each line is signed with who did it, by which door, and in which batch', async () => {
  const anna = workspace.user({ id: people.anna, name: 'Anna' }, 'sales_representative');
  const { id } = await workspace.change(anna, { create: 'deals', set: { name: 'Signed' } });
  const { batch } = await bulkEdit(admin, { object: 'deals', ids: [id], set: { notes: 'Bulk' } });
  await workspace.change(anna, { archive: 'deals', id });
  await workspace.change(anna, { restore: 'deals', id });
  const { data } = await history(anna, { object: 'deals', id });
  expect(
    data.map(({ type, actor, actor_name, batch: of, channel }) => [type, actor, actor_name, of, channel]),
  ).toEqual([
    ['restored', `user:${people.anna}`, 'Anna', null, 'test'],
    ['archived', `user:${people.anna}`, 'Anna', null, 'test'],
    ['changed', 'key:administrator', 'Key of administrator', batch, 'test'],
    ['created', `user:${people.anna}`, 'Anna', null, 'test'],
  ]);
});

test('what one may not see does not occur: hidden fields, linked records, records altogether', async () => {
  const contact = await workspace.create('contacts', {
    last_name: 'Private',
    birth_date: '1990-01-01',
    city: 'Bonn',
  });
  await workspace.change(admin, {
    update: 'contacts',
    id: contact,
    set: { birth_date: '1991-01-01', city: 'Rome' },
  });
  const lines = await walk(workspace.as('read_only'), 'contacts', contact, 50);
  expect(lines.map(({ changes }) => Object.keys(changes))).toEqual([['city'], ['last_name', 'city']]);
  const anna = workspace.user({ id: people.anna, name: 'Anna' }, 'sales_representative');
  const [hers, his] = [
    await workspace.create('deals', { name: 'Hers', owner: people.anna }),
    await workspace.create('deals', { name: 'His', owner: people.ben }),
  ];
  const { id: task } = await workspace.change(anna, { create: 'tasks', set: { title: 'T', deal: hers } });
  await workspace.change(admin, { update: 'tasks', id: task, set: { deal: his } });
  expect((await history(anna, { object: 'tasks', id: task })).data[0]!.changes).toEqual({
    deal: { from: { id: hers, name: 'Hers' }, to: null },
  });
  expect((await refused(history(anna, { object: 'deals', id: his }))).status).toBe(404);
  expect((await refused(history(anna, { object: 'deals', id: randomUUID() }))).status).toBe(404);
});

test('ids of other records do not come out of the notes', async () => {
  await workspace.create('contacts', { last_name: 'First', email: 'twice@else.example' });
  const { id } = await workspace.change(admin, {
    create: 'contacts',
    set: { last_name: 'Second', email: 'twice@else.example' },
    allowDuplicates: true,
  });
  expect((await history(admin, { object: 'contacts', id })).data[0]!.note).toEqual({ duplicates_allowed: 1 });
  const deal = await workspace.create('deals', { name: 'D', owner: people.anna });
  const activity = { type: 'call', result: 'reached', occurred_at: '2026-01-01T00:00:00Z' };
  await workspace.change(admin, { advance: 'deals', id: deal, to: 'contact_established', activity });
  const [call] = await rows<{ id: string }>(
    workspace.database.pool,
    sql`SELECT id FROM crm.activities WHERE deal = ${deal}`,
  );
  expect((await history(admin, { object: 'activities', id: call!.id })).data[0]!.note).toEqual({});
  expect((await history(admin, { object: 'deals', id: deal })).data[0]).toMatchObject({
    type: 'moved',
    note: { from: 'new', to: 'contact_established' },
    changes: { stage: { from: 'new', to: 'contact_established' } },
  });
});

test('events that share a version stay on one page, however many they are', async () => {
  const deal = await workspace.create('deals', { name: 'Gaps', owner: people.anna });
  const activity = { type: 'call', result: 'reached', occurred_at: '2026-01-01T00:00:00Z' };
  await workspace.change(admin, { advance: 'deals', id: deal, to: 'contact_established', activity });
  const [call] = await rows<{ id: string }>(
    workspace.database.pool,
    sql`SELECT id FROM crm.activities WHERE deal = ${deal}`,
  );
  for (let n = 0; n < 5; n++) {
    await workspace.change(admin, { archive: 'activities', id: call!.id });
    await workspace.change(admin, { restore: 'activities', id: call!.id });
  }
  const lines = await walk(admin, 'deals', deal, 3);
  expect(lines.map(({ type }) => type)).toEqual([
    ...Array.from({ length: 10 }, () => 'gaps'),
    'moved',
    'created',
  ]);
});

test('history read while the record is written to fits together', async () => {
  const id = await workspace.create('accounts', { name: 'Busy', employees: 0 });
  let done = false;
  const writing = (async () => {
    for (let n = 1; n <= 150; n++)
      await write(admin, { mode: 'all', changes: [{ update: 'accounts', id, set: { employees: n } }] });
    done = true;
  })();
  while (!done) {
    const { data } = await history(admin, { object: 'accounts', id, limit: 20 });
    for (const { version, type, changes } of data) {
      if (type === 'changed') expect(changes['employees']).toEqual({ from: version - 2, to: version - 1 });
    }
  }
  await writing;
});
