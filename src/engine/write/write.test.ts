import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Context } from '../../core/context/context.ts';
import { rows, sql } from '../../core/sql/sql.ts';
import { findings, refused } from '../../testing/refused.ts';
import { testWorkspace, type TestWorkspace } from '../../testing/workspace.ts';
import { applyDefinitions } from '../definitions/apply.ts';
import { get } from '../read/get.ts';
import { list } from '../read/list.ts';
import { write, type Change } from './write.ts';

let workspace: TestWorkspace;
let admin: Context;
let anna: Context;
let annaId: string;
let benId: string;

beforeAll(async () => {
  workspace = await testWorkspace();
  admin = workspace.admin;
  const team = await workspace.create('teams', { name: 'North' });
  annaId = await workspace.create('users', { name: 'Anna Berg', email: 'anna@ours.example', team });
  benId = await workspace.create('users', { name: 'Ben Koch', email: 'ben@ours.example', team });
  anna = workspace.user({ id: annaId, name: 'Anna Berg', teams: [team] }, 'sales_representative');
});
afterAll(() => workspace.close());

const read = (object: string, id: string, fields?: string[]) =>
  get(admin, { object, id, fields, archived: 'include' });
const create = (object: string, set: Record<string, unknown>) => workspace.create(object, set);
const change = (one: Change, context = admin) => workspace.change(context, one);
const eventsOf = (id: string) =>
  rows<{
    type: string;
    version: number;
    old: Record<string, unknown> | null;
    note: Record<string, unknown> | null;
  }>(
    workspace.database.pool,
    sql`SELECT type, version, old, note FROM platform.events WHERE record = ${id} ORDER BY id`,
  );
const stored = async (object: 'contacts' | 'deals', id: string): Promise<Record<string, any>> =>
  (
    await rows(
      workspace.database.pool,
      object === 'contacts'
        ? sql`SELECT * FROM crm.contacts WHERE id = ${id}`
        : sql`SELECT * FROM crm.deals WHERE id = ${id}`,
    )
  )[0]!;
const count = async (object: string): Promise<number> =>
  (await list(admin, { object, limit: 1, archived: 'include', count: 'exact' })).total!;
const eventCount = async (): Promise<number> =>
  Number((await rows(workspace.database.pool, sql`SELECT count(*) AS n FROM platform.events`))[0]!['n']);

test('owner and assignee default to the caller, and stay empty for a key without user or when sent empty', async () => {
  const byAnna = await change({ create: 'deals', set: { name: 'A' } }, anna);
  expect((await read('deals', byAnna.id))['owner']).toEqual({ id: annaId, name: 'Anna Berg' });
  const task = await change({ create: 'tasks', set: { title: 'Call', deal: byAnna.id } }, anna);
  expect((await read('tasks', task.id))['assignee']).toEqual({ id: annaId, name: 'Anna Berg' });
  const byKey = await change({ create: 'deals', set: { name: 'B' } });
  expect((await read('deals', byKey.id))['owner']).toBeNull();
  const emptied = await change({ create: 'tasks', set: { title: 'Whoever', assignee: null } }, anna);
  expect((await read('tasks', emptied.id))['assignee']).toBeNull();
});

test('a new record has its default pipeline and stage, its stamps, and version 1', async () => {
  const id = await create('deals', { name: 'Fresh' });
  const deal = await read('deals', id);
  expect(deal).toMatchObject({ pipeline: 'new_business', stage: 'new', version: 1, gaps: null });
  expect(deal['opened_on']).toBe(new Date().toISOString().slice(0, 10));
  expect(deal['stage_entered_at']).toBe(deal['created_at']);
  expect((await eventsOf(id)).map(({ type, old }) => ({ type, old }))).toEqual([
    { type: 'created', old: null },
  ]);
});

test('a required value is asked for by name and need, and cannot be emptied later', async () => {
  const problem = await refused(change({ create: 'deals', set: { amount: 5 } }));
  expect(problem.status).toBe(422);
  expect(findings(problem)).toEqual(['name required']);
  expect(problem.errors[0]!.message).toContain('Boards, forecasts');
  expect(problem.errors[0]!.fix.set).toEqual(['name']);
  const id = await create('deals', { name: 'Named' });
  expect(findings(await refused(change({ update: 'deals', id, set: { name: ' ' } })))).toEqual([
    'name required',
  ]);
});

test('a stage or pipeline cannot be emptied, and a move must say where to', async () => {
  const id = await create('deals', { name: 'Staged' });
  expect(findings(await refused(change({ update: 'deals', id, set: { stage: null } })))).toEqual([
    'stage required',
  ]);
  expect(findings(await refused(change({ update: 'deals', id, set: { pipeline: '' } })))).toEqual([
    'pipeline required',
  ]);
  expect(findings(await refused(change({ advance: 'deals', id, to: '' })))).toEqual(['stage required']);
  expect((await read('deals', id))['version']).toBe(1);
});

test('what the CRM keeps itself, what a role may only read, and what does not exist are each refused in their words', async () => {
  const id = await create('deals', { name: 'Kept' });
  const problem = await refused(
    change({
      update: 'deals',
      id,
      set: { version: 9, next_step_at: null, active: true, gaps: [], colour: 'red', constructor: 1 },
    }),
  );
  expect(findings(problem)).toEqual([
    'version read_only',
    'next_step_at read_only',
    'active read_only',
    'gaps read_only',
    'colour unknown_field',
    'constructor unknown_field',
  ]);
  const proto = JSON.parse('{"name":"X","__proto__":{"stage":"won"}}') as Record<string, unknown>;
  expect(findings(await refused(change({ create: 'deals', set: proto })))).toEqual([
    '__proto__ unknown_field',
  ]);
  expect(findings(await refused(change({ create: 'nothings', set: {} })))).toEqual(['object not_found']);
});

test('all or nothing: one bad row writes none, and every finding is told at once', async () => {
  const before = await eventCount();
  const problem = await refused(
    write(admin, {
      mode: 'all',
      changes: [
        { create: 'accounts', set: { name: 'Good' } },
        { create: 'accounts', set: { name: '', employees: 'many' } },
        { create: 'accounts', set: { industry: 'nonsense', name: 'Y' } },
      ],
    }),
  );
  expect(findings(problem).sort()).toEqual(
    ['employees not_a_number', 'industry not_in_list', 'name required'].sort(),
  );
  expect(await eventCount()).toBe(before);
});

test('each: a bad row does not cost the others, whatever it is that only the database finds', async () => {
  const taken = await create('users', { name: 'Taken', email: 'taken@ours.example' });
  const target = await create('deals', { name: 'Target' });
  const ghost = randomUUID();
  const outcomes = await write(admin, {
    mode: 'each',
    changes: [
      { create: 'users', set: { name: 'One', email: 'one@ours.example' } },
      { create: 'users', set: { name: 'Two', email: 'TAKEN@ours.example' } },
      { create: 'deals', set: { name: 'Dead link', account: ghost } },
      { create: 'deals', set: { name: 'Gate', stage: 'negotiation' } },
      { update: 'deals', id: target, set: { amount: 70 } },
      { update: 'deals', id: ghost, set: { amount: 70 } },
      { create: 'users', set: { name: 'Three', email: 'three@ours.example' } },
      { create: 'activities', set: {} },
      { create: 'users', set: { name: 'One again', email: 'one@ours.example' } },
    ],
  });
  const told = outcomes.map((one) =>
    one.ok ? one.done : `${one.problem.body.status} ${one.problem.body.code}`,
  );
  expect(told).toEqual([
    'created',
    '409 not_unique',
    '422 invalid',
    '422 checkpoint',
    'changed',
    '404 not_found',
    'created',
    '422 invalid',
    '409 not_unique',
  ]);
  for (const outcome of outcomes)
    if (!outcome.ok) expect(outcome.problem.body.errors.length).toBeGreaterThan(0);
  expect(outcomes[1]).toMatchObject({
    problem: { body: { errors: [{ path: 'email', code: 'not_unique' }] } },
  });
  expect((await read('deals', target))['amount']).toEqual({ amount: '70.00', currency: 'EUR' });
  expect((await read('users', taken))['version']).toBe(1);
});

test('two changes of one record in one call happen one after the other, each with its version and event', async () => {
  const id = randomUUID();
  const outcomes = await write(admin, {
    mode: 'all',
    changes: [
      { create: 'deals', id: id.toUpperCase(), set: { name: 'First' } },
      { update: 'deals', id, set: { name: 'Second', amount: 5 } },
      { update: 'deals', id, set: { name: 'Third' } },
      { archive: 'deals', id },
    ],
  });
  expect(outcomes.map((one) => one.ok && [one.id, one.version, one.done])).toEqual([
    [id, 1, 'created'],
    [id, 2, 'changed'],
    [id, 3, 'changed'],
    [id, 4, 'archived'],
  ]);
  expect(await read('deals', id)).toMatchObject({ name: 'Third', version: 4, amount: { amount: '5.00' } });
  expect((await eventsOf(id)).map((event) => [event.version, event.old?.['name']])).toEqual([
    [1, undefined],
    [2, 'First'],
    [3, 'Second'],
    [4, undefined],
  ]);
});

test('a change based on an old version is refused with 412 and the present version', async () => {
  const id = await create('deals', { name: 'Raced' });
  expect((await change({ update: 'deals', id, set: { amount: 1 }, version: 1 })).version).toBe(2);
  const problem = await refused(change({ update: 'deals', id, set: { amount: 2 }, version: 1 }));
  expect(problem).toMatchObject({ status: 412, code: 'changed_meanwhile', extra: { version: 2 } });
  expect((await refused(change({ archive: 'deals', id, version: 1 }))).status).toBe(412);
  expect((await refused(change({ advance: 'deals', id, to: 'lost', version: 1 }))).status).toBe(412);
});

test('an archived record takes no change until it is brought back, and bringing back twice is no second event', async () => {
  const id = await create('deals', { name: 'Rest' });
  expect((await change({ archive: 'deals', id })).done).toBe('archived');
  expect((await change({ archive: 'deals', id })).done).toBe('unchanged');
  expect(await refused(change({ update: 'deals', id, set: { amount: 1 } }))).toMatchObject({
    status: 409,
    code: 'archived',
  });
  expect((await refused(change({ advance: 'deals', id, to: 'lost' }))).status).toBe(409);
  expect(await change({ restore: 'deals', id })).toMatchObject({ done: 'restored', version: 3 });
  expect((await change({ restore: 'deals', id })).done).toBe('unchanged');
  expect((await eventsOf(id)).map((event) => event.type)).toEqual(['created', 'archived', 'restored']);
});

test('an archived record gives its unique value free, and coming back into a conflict is refused with 409', async () => {
  const first = await create('users', { name: 'First', email: 'shared@ours.example' });
  await change({ archive: 'users', id: first });
  const second = await create('users', { name: 'Second', email: 'shared@ours.example' });
  const problem = await refused(change({ restore: 'users', id: first }));
  expect(problem).toMatchObject({ status: 409, errors: [{ path: 'email', code: 'not_unique' }] });
  await change({ archive: 'users', id: second });
  expect((await change({ restore: 'users', id: first })).done).toBe('restored');
});

test('links are written by id, by match on any field that tells records apart, and never by guess', async () => {
  const account = await create('accounts', { name: 'Ärzte-Haus GmbH', employees: 41 });
  await create('accounts', { name: 'Twin' });
  await create('accounts', { name: 'twin', domain: 'twin-two.example' });
  const linked = async (value: unknown) => {
    const { id } = await change({ create: 'deals', set: { name: 'L', account: value } });
    return (await read('deals', id))['account'];
  };
  const there = { id: account, name: 'Ärzte-Haus GmbH' };
  expect(await linked(account)).toEqual(there);
  expect(await linked({ id: account.toUpperCase() })).toEqual(there);
  expect(await linked({ match: { name: 'arzte-haus gmbh' } })).toEqual(there);
  expect(await linked({ match: { name: 'Ärzte-Haus GmbH', employees: 41 } })).toEqual(there);
  expect(
    await linked({ match: { created_at: (await read('accounts', account))['created_at'] as string } }),
  ).toEqual(there);
  const tell = async (value: unknown) => findings(await refused(linked(value)));
  expect(await tell({ match: { name: 'Twin' } })).toEqual(['account link_ambiguous']);
  expect(await linked({ match: { name: 'Twin', domain: 'twin-two.example' } })).toMatchObject({
    name: 'twin',
  });
  expect(await tell({ match: { name: 'Nobody' } })).toEqual(['account link_not_found']);
  expect(await tell(randomUUID())).toEqual(['account link_not_found']);
  expect(await tell({ match: { nonsense: 1 } })).toEqual(['account unknown_field']);
  const gone = await create('accounts', { name: 'Gone' });
  await change({ archive: 'accounts', id: gone });
  expect(await tell(gone)).toEqual(['account link_not_found']);
});

test('a link to a record of another object, be it made in the same call, is refused by its field', async () => {
  const contact = randomUUID();
  const problem = await refused(
    write(admin, {
      mode: 'all',
      changes: [
        { create: 'contacts', id: contact, set: { last_name: 'Wrong' } },
        { create: 'deals', set: { name: 'X', account: contact } },
      ],
    }),
  );
  expect(findings(problem)).toEqual(['account link_not_found']);
  expect(
    findings(await refused(change({ create: 'deals', set: { name: 'X', account: annaId } }, anna))),
  ).toEqual(['account link_not_found']);
});

test('a link to a record that one may not read is refused as unknown, by id and by match alike', async () => {
  const hers = await create('deals', { name: 'Hers', owner: benId });
  const byId = await refused(change({ create: 'tasks', set: { title: 'T', deal: hers } }, anna));
  const byMatch = await refused(
    change({ create: 'tasks', set: { title: 'T', deal: { match: { name: 'Hers' } } } }, anna),
  );
  const byNothing = await refused(
    change({ create: 'tasks', set: { title: 'T', deal: { match: { name: 'No such' } } } }, anna),
  );
  for (const problem of [byId, byMatch, byNothing])
    expect(findings(problem)).toEqual(['deal link_not_found']);
  expect(byMatch.errors[0]!.message.replace('Hers', '')).toBe(
    byNothing.errors[0]!.message.replace('No such', ''),
  );
});

test('records of one call may link to each other, in either order, also when a bad row breaks the batch up', async () => {
  const [account, deal] = [randomUUID(), randomUUID()];
  const changes = (mark: string): Change[] => [
    { create: 'deals', id: deal, set: { name: `D${mark}`, account } },
    { create: 'accounts', id: account, set: { name: `A${mark}` } },
    { create: 'tasks', set: { title: `T${mark}`, deal } },
  ];
  await write(admin, { mode: 'all', changes: changes('1') });
  expect(await read('deals', deal)).toMatchObject({ account: { id: account, name: 'A1' } });
  const [account2, deal2] = [randomUUID(), randomUUID()];
  const outcomes = await write(admin, {
    mode: 'each',
    changes: [
      { create: 'deals', id: deal2, set: { name: 'D2', account: account2 } },
      { create: 'accounts', id: account2, set: { name: 'A2' } },
      // Two conflicts that only the index finds.
      { create: 'users', set: { name: 'Anna', email: 'anna@ours.example' } },
      { create: 'users', set: { name: 'Ben', email: 'ben@ours.example' } },
      { create: 'tasks', set: { title: 'T2', deal: deal2 } },
    ],
  });
  expect(outcomes.map((one) => one.ok)).toEqual([true, true, false, false, true]);
  expect((await read('deals', deal2))['account']).toEqual({ id: account2, name: 'A2' });
});

test('what was typed is kept only where normalising loses something, and goes when the value changes', async () => {
  const id = await create('contacts', { last_name: 'Typed', phone: '030 901820' });
  expect(await stored('contacts', id)).toMatchObject({
    phone: '+4930901820',
    typed: { phone: '030 901820' },
  });
  await change({ update: 'contacts', id, set: { phone: '030 901821', city: 'Berlin' } });
  expect((await stored('contacts', id))['typed']).toEqual({ phone: '030 901821' });
  await change({ update: 'contacts', id, set: { phone: '+4930901822' } });
  expect((await stored('contacts', id))['typed']).toBeNull();
  const exact = await create('contacts', { last_name: 'Exact', phone: '+4930901820' });
  expect((await stored('contacts', exact))['typed']).toBeNull();
  await change({ update: 'contacts', id, set: { phone: '030 901823' } });
  await change({ update: 'contacts', id, set: { phone: null } });
  expect((await stored('contacts', id))['typed']).toBeNull();
});

test('search finds a record by its words as they now are', async () => {
  const id = await create('deals', { name: 'Überwachung Süd' });
  const found = async (q: string) =>
    (await list(admin, { object: 'deals', q, fields: ['id'] })).data.map((record) => record['id']);
  expect(await found('uberwachung sud')).toEqual([id]);
  await change({ update: 'deals', id, set: { name: 'Wartung Nord' } });
  expect(await found('uberwachung')).toEqual([]);
  expect(await found('nord wart')).toEqual([id]);
  await change({ archive: 'deals', id });
  expect(await found('wartung')).toEqual([]);
});

const called = () => ({
  type: 'call',
  occurred_at: '2026-01-05T10:00:00Z',
  result: 'reached',
  subject: 'First',
});

test('a move takes its activity, task and files along, in one transaction and linked to the record', async () => {
  const deal = (await change({ create: 'deals', set: { name: 'Moves' } }, anna)).id;
  const moved = await change(
    {
      advance: 'deals',
      id: deal,
      to: 'contact_established',
      set: { amount: 10 },
      activity: called(),
      task: { title: 'Send the offer', due_at: '2026-12-01T10:00:00Z' },
      files: [{ name: 'Brief', url: 'https://files.example/brief.pdf' }],
    },
    anna,
  );
  expect(moved).toMatchObject({ done: 'changed', version: 2 });
  const record = await read('deals', deal);
  expect(record).toMatchObject({ stage: 'contact_established', next_step_at: '2026-12-01T10:00:00.000Z' });
  for (const object of ['activities', 'tasks', 'documents']) {
    const { data } = await list(admin, { object, where: { deal } });
    expect(data).toHaveLength(1);
    expect(data[0]![object === 'tasks' ? 'assignee' : 'owner']).toMatchObject({ id: annaId });
    expect((await eventsOf(data[0]!['id'] as string))[0]!.note).toMatchObject({ with: deal });
  }
  expect((await eventsOf(deal)).at(-1)).toMatchObject({
    type: 'moved',
    note: { from: 'new', to: 'contact_established' },
  });
});

test('an uploaded file is sent along by its id alone, and its document is called as the file is', async () => {
  const file = randomUUID();
  await rows(
    workspace.database.pool,
    sql`INSERT INTO platform.files (id, name, size, mime, sha256, stored_as, created_by)
        VALUES (${file}, ${'Offer 7.pdf'}, 3, ${'application/pdf'}, ${Buffer.alloc(32)}, ${'x'}, ${'test'})`,
  );
  const deal = (await change({ create: 'deals', set: { name: 'Filed', owner: annaId } })).id;
  await change({ advance: 'deals', id: deal, to: 'contact_established', activity: called(), files: [file] });
  const { data } = await list(admin, { object: 'documents', where: { deal } });
  expect(data).toMatchObject([{ name: 'Offer 7.pdf' }]);
  const named = await refused(change({ create: 'documents', set: { deal, kind: 'proposal' } }));
  expect(findings(named)).toEqual(['name required']);
  const missing = await refused(change({ advance: 'deals', id: deal, to: 'lost', files: [randomUUID()] }));
  expect(findings(missing)).toEqual(['files.0.file link_not_found']);
});

test('findings about what was sent along carry its path, and nothing of it is written', async () => {
  const deal = (await change({ create: 'deals', set: { name: 'Bad parts', owner: annaId } })).id;
  const before = await eventCount();
  const problem = await refused(
    change({
      advance: 'deals',
      id: deal,
      to: 'contact_established',
      activity: { type: 'call', result: 'great', occurred_at: 'yesterday' },
    }),
  );
  expect(findings(problem)).toEqual(['activity.result not_in_list', 'activity.occurred_at not_a_date']);
  expect(
    findings(await refused(change({ advance: 'deals', id: deal, to: 'contact_established', task: {} }))),
  ).toEqual(['task.title required']);
  const text = 'call' as unknown as Record<string, unknown>;
  expect(findings(await refused(change({ advance: 'deals', id: deal, to: 'lost', activity: text })))).toEqual(
    ['activity bad_companion'],
  );
  const many = Array.from({ length: 51 }, () => randomUUID());
  expect(findings(await refused(change({ advance: 'deals', id: deal, to: 'lost', files: many })))).toEqual([
    'files too_many',
  ]);
  const elsewhere = await refused(
    change({
      advance: 'deals',
      id: deal,
      to: 'contact_established',
      activity: { ...called(), account: randomUUID() },
    }),
  );
  expect(findings(elsewhere)).toEqual(['activity.account link_not_found']);
  expect(await eventCount()).toBe(before);
  expect((await read('deals', deal))['stage']).toBe('new');
});

test('a write that changes nothing makes no version and no event', async () => {
  const id = await create('deals', {
    name: 'Same',
    amount: 12.5,
    expected_close_on: '2026-03-01',
    owner: annaId,
  });
  const before = await eventCount();
  const again = await change({
    update: 'deals',
    id,
    set: {
      name: ' Same ',
      amount: '12.50',
      expected_close_on: '2026-03-01',
      owner: { match: { email: 'anna@ours.example' } },
      stage: 'new',
    },
  });
  expect(again).toMatchObject({ done: 'unchanged', version: 1 });
  expect(await eventCount()).toBe(before);
  expect((await change({ update: 'deals', id, set: { name: 'Same', amount: 12.51 } })).version).toBe(2);
  expect((await eventsOf(id)).at(-1)!.old).toEqual({
    amount: { amount: '12.50', currency: 'EUR', reporting: '12.50' },
  });
});

test('lenient: an optional value that does not fit is left empty and listed with its text; a required one refuses', async () => {
  const [good, bad] = await write(admin, {
    mode: 'each',
    lenient: true,
    text: {},
    changes: [
      {
        create: 'deals',
        set: {
          name: 'Lenient',
          amount: 'a lot',
          account: 'Nobody Ltd',
          expected_close_on: '2026-02-31',
          source: 'x',
        },
      },
      { create: 'activities', set: { type: 'telepathy', subject: 'S' } },
    ],
  });
  if (!good?.ok) throw new Error('The good row was refused.');
  expect(good.left.map(({ field, raw }) => [field, raw])).toEqual([
    ['amount', 'a lot'],
    ['expected_close_on', '2026-02-31'],
    ['source', 'x'],
    ['account', 'Nobody Ltd'],
  ]);
  expect(await read('deals', good.id)).toMatchObject({
    amount: null,
    account: null,
    expected_close_on: null,
    source: null,
  });
  expect(bad).toMatchObject({ ok: false, problem: { body: { errors: [{ path: 'type' }] } } });
});

test('lenient: an owner that cannot be found stays empty instead of becoming the caller', async () => {
  const [one, two] = await write(anna, {
    mode: 'each',
    lenient: true,
    text: {},
    changes: [
      { create: 'accounts', set: { name: 'Owned by nobody known', owner: 'No Such Person' } },
      { create: 'accounts', set: { name: 'Owned by nonsense', owner: [] } },
    ],
  });
  for (const outcome of [one!, two!]) {
    if (!outcome.ok) throw new Error('The row was refused.');
    expect((await read('accounts', outcome.id))['owner']).toBeNull();
    expect(outcome.left.map(({ field }) => field)).toEqual(['owner']);
  }
});

test('a dry run answers as the real one does, and leaves nothing', async () => {
  const before = [await eventCount(), await count('accounts')];
  const outcomes = await write(admin, {
    mode: 'each',
    dryRun: true,
    changes: [
      { create: 'accounts', set: { name: 'Dry' } },
      { create: 'accounts', set: { name: 'Dry', owner: randomUUID() } },
    ],
  });
  expect(outcomes.map((one) => one.ok)).toEqual([true, false]);
  expect([await eventCount(), await count('accounts')]).toEqual(before);
});

test('a call takes a thousand changes and refuses one more', async () => {
  const changes = Array.from({ length: 1001 }, (_, n): Change => ({
    create: 'products',
    set: { name: `Many ${n}` },
  }));
  expect(findings(await refused(write(admin, { mode: 'each', changes })))).toEqual(['changes too_many']);
  const before = await count('products');
  const outcomes = await write(admin, { mode: 'each', changes: changes.slice(0, 1000) });
  expect(outcomes.every((one) => one.ok)).toBe(true);
  expect(await count('products')).toBe(before + 1000);
  const updates = outcomes.map((one, n): Change => ({
    update: 'products',
    id: one.ok ? one.id : '',
    set: n % 2 ? { family: `F${n}` } : { list_price: n, description: 'Even' },
  }));
  const updated = await write(admin, { mode: 'all', changes: updates });
  expect(updated.every((one) => one.ok && one.version === 2)).toBe(true);
  expect(
    (await list(admin, { object: 'products', where: { description: 'Even' }, count: 'exact', limit: 1 }))
      .total,
  ).toBe(500);
  expect(await write(admin, { mode: 'all', changes: [] })).toEqual([]);
});

test('the same person twice is refused with the record that is there, also within one call, unless asked for', async () => {
  const first = await create('contacts', { last_name: 'Known', email: 'known@else.example' });
  const again: Change = { create: 'contacts', set: { last_name: 'Again', email: 'Known@else.example' } };
  const problem = await refused(change(again));
  expect(problem).toMatchObject({
    status: 409,
    code: 'already_known',
    extra: { candidates: [{ id: first, name: 'Known' }] },
  });
  const { id } = await change({ ...again, allowDuplicates: true });
  expect((await eventsOf(id))[0]!.note).toEqual({ duplicates_allowed: [first] });
  const twins = await write(admin, {
    mode: 'each',
    changes: [
      { create: 'contacts', set: { last_name: 'Twin', email: 'twin@else.example' } },
      { create: 'contacts', set: { last_name: 'Twin', email: 'twin@else.example' } },
    ],
  });
  expect(twins.map((one) => one.ok)).toEqual([true, false]);
});

test('a row is not refused for being like an earlier row that was itself refused', async () => {
  const outcomes = await write(admin, {
    mode: 'each',
    changes: [
      { create: 'contacts', set: { last_name: 'Early', email: 'late@else.example', account: randomUUID() } },
      { create: 'contacts', set: { last_name: 'Late', email: 'late@else.example' } },
    ],
  });
  expect(outcomes.map((one) => one.ok)).toEqual([false, true]);
});

test('a write on its way while definitions change goes on with the new ones', async () => {
  const note = `label: { one: Memo, many: Memos }
owner: crm_owner
meaning: A line of text, to see that new objects are there at once.
side: sales
name: title
fields:
  title:
    type: text
    label: Title
    owner: crm_owner
    meaning: What it says, in a few words.
    required: true
    required_by: Lists name memos by it.
`;
  const stale = { ...admin, catalog: workspace.definitions.current() };
  await applyDefinitions(admin, { files: [{ path: 'objects/memos.yaml', text: note }] });
  // A process that has not heard of it yet: what it would refuse as unknown, and what it would write.
  const [memo] = await write(stale, { mode: 'all', changes: [{ create: 'memos', set: { title: 'Hello' } }] });
  expect(memo).toMatchObject({ ok: true, version: 1 });
  const [deal] = await write(stale, { mode: 'each', changes: [{ create: 'deals', set: { name: 'Still' } }] });
  expect(deal).toMatchObject({ ok: true });
  const [each] = await write(stale, {
    mode: 'each',
    changes: [{ create: 'memos', set: { title: 'Again' } }],
  });
  expect(each).toMatchObject({ ok: true });
});
