import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Context } from '../../core/context/context.ts';
import { findings, refused } from '../../testing/refused.ts';
import { testWorkspace, type TestWorkspace } from '../../testing/workspace.ts';
import { getBatch } from '../batches/batches.ts';
import { undoBatch } from '../batches/undo.ts';
import { history } from '../events/history.ts';
import { get } from '../read/get.ts';
import { list } from '../read/list.ts';
import { convert as run, previewConversion, type ConvertInput } from './convert.ts';

let workspace: TestWorkspace;
let admin: Context;
let anna: Context;
let annaId: string;
let benId: string;

beforeAll(async () => {
  workspace = await testWorkspace();
  admin = workspace.admin;
  annaId = await workspace.create('users', { name: 'Anna Berg' });
  benId = await workspace.create('users', { name: 'Ben Koch' });
  anna = workspace.user({ id: annaId, name: 'Anna Berg' }, 'sales_representative');
});
afterAll(() => workspace.close());

const read = (object: string, id: string) => get(admin, { object, id, archived: 'include' });
const count = async (object: string) => (await list(admin, { object, limit: 1, count: 'exact' })).total!;
const counts = () => Promise.all(['accounts', 'contacts', 'deals'].map(count));

/** A lead in its first stage; with `spoke`, one that somebody has called. */
async function lead(set: Record<string, unknown>, spoke = true): Promise<{ id: string; call?: string }> {
  const id = await workspace.create('leads', { name: 'Mara Lind', owner: annaId, ...set });
  if (!spoke) return { id };
  const call = await workspace.create('activities', {
    type: 'call',
    subject: 'First call',
    occurred_at: '2026-03-01T10:00:00Z',
    result: 'reached',
    lead: id,
    owner: benId,
  });
  return { id, call };
}
const convert = (id: string, more: Partial<ConvertInput> = {}, context = admin) =>
  run(context, { object: 'leads', id, choices: {}, ...more }) as Promise<Record<string, any>>;
const preview = (id: string, more: Partial<ConvertInput> = {}, context = admin) =>
  previewConversion(context, { object: 'leads', id, choices: {}, ...more });

test('a lead becomes an account, a contact and a deal in one step, with its owner, its source and its activities', async () => {
  const { id, call } = await lead({
    company: 'Lindholm Dairy',
    email: 'mara@lindholm.example',
    phone: '+46 8 123 456',
    source: 'web_form',
    message: 'Wants gauges.',
  });
  const task = await workspace.create('tasks', { title: 'Send the sheet', lead: id });
  const paper = await workspace.create('documents', {
    name: 'Sketch',
    url: 'https://lindholm.example/s',
    lead: id,
  });
  const done = await convert(
    id,
    { choices: { deal: { set: { name: 'Gauges, hall 1', amount: 5000 } } } },
    anna,
  );
  expect(done['account']).toMatchObject({ object: 'accounts', name: 'Lindholm Dairy', made: true });
  expect(done['contact']).toMatchObject({ object: 'contacts', name: 'Mara Lind', made: true });
  expect(done['deal']).toMatchObject({ object: 'deals', name: 'Gauges, hall 1', made: true });
  const became = { account: done['account'].id, contact: done['contact'].id, deal: done['deal'].id };
  expect(await read('accounts', became.account)).toMatchObject({
    domain: 'lindholm.example',
    owner: { id: annaId },
  });
  expect(await read('contacts', became.contact)).toMatchObject({
    first_name: 'Mara',
    last_name: 'Lind',
    account: { id: became.account },
    owner: { id: annaId },
  });
  expect(await read('deals', became.deal)).toMatchObject({
    amount: { amount: '5000.00', currency: 'EUR' },
    source: 'web_form',
    notes: 'Wants gauges.',
    account: { id: became.account },
    contact: { id: became.contact },
    stage: 'new',
    owner: { id: annaId },
  });
  const after = await read('leads', id);
  expect(after).toMatchObject({
    stage: 'qualified',
    converted_account: { id: became.account },
    converted_contact: { id: became.contact },
    deal: { id: became.deal },
  });
  expect(after['converted_at']).not.toBeNull();
  for (const [object, one] of [
    ['activities', call!],
    ['tasks', task],
    ['documents', paper],
  ] as const) {
    expect(await read(object, one), object).toMatchObject({
      lead: { id },
      account: { id: became.account },
      contact: { id: became.contact },
      deal: { id: became.deal },
    });
  }
  expect(await getBatch(anna, done['batch'])).toMatchObject({
    kind: 'convert',
    object: 'leads',
    state: 'done',
  });
  for (const [object, one] of [
    ['leads', id],
    ['accounts', became.account],
    ['activities', call!],
  ] as const) {
    const { data } = await history(admin, { object, id: one });
    expect(data[0], object).toMatchObject({ batch: done['batch'], actor_name: 'Anna Berg' });
  }

  const again = await refused(convert(id));
  expect([again.status, again.code]).toEqual([409, 'already_converted']);
  expect(again.extra).toMatchObject({ account: { id: became.account }, deal: { id: became.deal } });

  expect(await undoBatch(anna, done['batch'])).toMatchObject({ kept: [] });
  expect(await read('leads', id)).toMatchObject({
    stage: 'new',
    converted_account: null,
    converted_contact: null,
    deal: null,
    converted_at: null,
  });
  expect(await read('activities', call!)).toMatchObject({
    lead: { id },
    account: null,
    contact: null,
    deal: null,
  });
  for (const [object, one] of [
    ['accounts', became.account],
    ['contacts', became.contact],
    ['deals', became.deal],
  ] as const)
    expect((await read(object, one))['archived_at'], object).not.toBeNull();
});

test('undo keeps what people have worked on since, and says so', async () => {
  const { id } = await lead({ name: 'Ole Falk', company: 'Falk Mills', email: 'ole@falk.example' });
  const done = await convert(id);
  await workspace.change(admin, { update: 'deals', id: done['deal'].id, set: { amount: 9 } });
  const undone = await undoBatch(admin, done['batch']);
  expect(undone.kept).toMatchObject([
    { object: 'deals', id: done['deal'].id, why: 'Somebody has worked on it since it was created.' },
  ]);
  expect((await read('leads', id))['stage']).toBe('new');
});

test('known clients are linked and not doubled: by e-mail, by phone, by domain', async () => {
  const account = await workspace.create('accounts', { name: 'Tarn Valley AB', domain: 'tarn.example' });
  const contact = await workspace.create('contacts', {
    last_name: 'Sund',
    email: 'Eva.Sund@tarn.example',
    phone: '+46 70 174 06 05',
    account,
  });
  const before = await counts();
  const byMail = await convert(
    (await lead({ name: 'E. Sund', company: 'Tarn', email: 'eva.sund@TARN.example' })).id,
  );
  expect([byMail['account'], byMail['contact']]).toMatchObject([
    { id: account, made: false },
    { id: contact, made: false },
  ]);
  const byPhone = await convert((await lead({ name: 'Eva', phone: '0046701740605' })).id, {
    choices: { deal: false },
  });
  expect([byPhone['account'], byPhone['contact'], byPhone['deal']]).toMatchObject([
    { id: account },
    { id: contact },
    null,
  ]);
  const byDomain = await convert(
    (await lead({ name: 'Nils Ek', company: 'Whatever', email: 'nils@tarn.example' })).id,
  );
  expect([byDomain['account'], byDomain['contact']]).toMatchObject([
    { id: account, made: false },
    { made: true },
  ]);
  expect(await counts()).toEqual([before[0], before[1]! + 1, before[2]! + 2]);
  expect(await read('contacts', contact)).toMatchObject({ version: 1 });
});

test('a mailbox that anybody can have says nothing about a company', async () => {
  const first = await convert(
    (await lead({ name: 'Ida Ros', company: 'Ros Bakery', email: 'ida.ros@gmail.com' })).id,
  );
  expect(await read('accounts', first['account'].id)).toMatchObject({ name: 'Ros Bakery', domain: null });
  const second = await convert(
    (await lead({ name: 'Jon Ask', company: 'Ask Tools', email: 'jon.ask@gmail.com' })).id,
  );
  expect(second['account']).toMatchObject({ made: true, name: 'Ask Tools' });
});

test('where several fit nothing is guessed: the candidates are named, and the caller chooses', async () => {
  const own = [];
  for (const last_name of ['Vik', 'Vikman'])
    own.push(await workspace.create('contacts', { last_name, phone: '+46 70 174 06 99' }));
  const { id } = await lead({ name: 'Somebody', company: 'Vik Verk', phone: '+46701740699' });
  const before = await counts();
  const error = await refused(convert(id));
  expect([error.status, error.code, findings(error)]).toEqual([409, 'choose', ['contact choose']]);
  expect((error.extra as any).candidates.contact.map((one: { id: string }) => one.id)).toEqual(own);
  expect(await counts()).toEqual(before);
  const planned = await preview(id);
  expect(planned.parts.map((part) => [part.key, part.action])).toEqual([
    ['account', 'create'],
    ['contact', 'choose'],
    ['deal', 'create'],
  ]);
  expect(planned.missing).toEqual([]);
  expect((await convert(id, { choices: { contact: { id: own[1]! } } }))['contact']).toMatchObject({
    id: own[1],
    made: false,
  });
});

test('one that the caller may not see is not named: only that it exists, and whom to ask', async () => {
  await workspace.definitions.refresh();
  const { id } = await lead({ name: 'Lo Hed', company: 'Hed AB', email: 'lo@hed.example' });
  const hidden = await workspace.create('contacts', {
    last_name: 'Hed',
    email: 'lo@hed.example',
    owner: benId,
  });
  const blind: Context = { ...anna, catalog: withoutOthersContacts(anna) };
  const error = await refused(convert(id, {}, { ...blind, currentCatalog: async () => blind.catalog }));
  expect([error.status, error.code, findings(error)]).toEqual([
    409,
    'known_elsewhere',
    ['contact known_elsewhere'],
  ]);
  expect(JSON.stringify(error)).not.toContain(hidden);
  expect(error.errors[0]!.fix.say).toContain('Ask the CRM owner');
});

/** The catalog with contacts open to their owners alone. */
function withoutOthersContacts({ catalog }: Context): Context['catalog'] {
  const role = structuredClone(catalog.roles.get('sales_representative')!);
  role.grants['contacts'] = { ...role.grants['contacts'], read: 'own' };
  return { ...catalog, roles: new Map([...catalog.roles, ['sales_representative', role]]) };
}

test('the checkpoint of the converted stage is met, all that is missing is listed, and what was sent along counts', async () => {
  const { id } = await lead({ name: 'Per Dahl', company: 'Dahl', owner: null }, false);
  const before = await counts();
  const error = await refused(convert(id));
  expect(error.code).toBe('checkpoint');
  expect(error.errors.map((one) => one.item).sort()).toEqual([
    'new.owner',
    'qualified.reachable',
    'qualified.spoke',
  ]);
  expect(await counts()).toEqual(before);
  expect((await preview(id)).missing.map((one) => one.item).sort()).toEqual([
    'new.owner',
    'qualified.reachable',
    'qualified.spoke',
  ]);
  const done = await convert(id, {
    set: { owner: annaId, email: 'per@dahl.example' },
    activity: { type: 'call', occurred_at: '2026-03-01T10:00:00Z', result: 'reached' },
  });
  const calls = await list(admin, { object: 'activities', where: { deal: done['deal'].id } });
  expect(calls.data).toMatchObject([{ lead: { id }, contact: { id: done['contact'].id } }]);
});

test('two at once: one converts, the other is told what it became', async () => {
  const { id } = await lead({ name: 'Kim Holm', company: 'Holm', email: 'kim@holm.example' });
  const before = await counts();
  const answers = await Promise.allSettled([convert(id), convert(id), convert(id)]);
  expect(answers.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
  for (const one of answers)
    if (one.status === 'rejected') expect(one.reason.body.code).toBe('already_converted');
  expect(await counts()).toEqual(before.map((one) => one + 1));
});

test('two leads of one company at once make it once', async () => {
  const leads = await Promise.all(
    ['Ann Sjö', 'Bo Sjö'].map((name) =>
      lead({ name, company: 'Sjö AB', email: `${name.slice(0, 2).trim()}@sjo.example` }),
    ),
  );
  const before = await count('accounts');
  const done = await Promise.all(leads.map(({ id }) => convert(id)));
  expect(done[0]!['account'].id).toBe(done[1]!['account'].id);
  expect(await count('accounts')).toBe(before + 1);
});

test('the same Idempotency-Key converts once and answers twice', async () => {
  const { id } = await lead({ name: 'Gro Lie', company: 'Lie', email: 'gro@lie.example' });
  const keyed = {
    ...admin,
    idempotency: { key: 'convert-gro', bodyHash: createHash('sha1').update(id).digest() },
  };
  const first = await convert(id, {}, keyed);
  expect(await convert(id, {}, keyed)).toEqual(JSON.parse(JSON.stringify(first)));
});

test('it takes the right to create what is made and to change the lead, and makes nothing without them', async () => {
  const { id } = await lead({ name: 'Siv Moe', company: 'Moe', email: 'siv@moe.example' });
  const before = await counts();
  expect((await refused(convert(id, {}, workspace.as('read_only')))).status).toBe(403);
  const ben = workspace.user({ id: benId, name: 'Ben Koch' }, 'sales_representative');
  expect((await refused(convert(id, {}, ben))).status).toBe(404);
  expect(await counts()).toEqual(before);
});

test('what does not hold together is told part by part', async () => {
  const { id } = await lead({ name: 'Tor By', company: 'By', email: 'tor@by.example' });
  expect(findings(await refused(convert(id, { choices: { quote: 'auto', contact: false } })))).toEqual([
    'quote unknown_part',
    'contact part_needed',
  ]);
  const missing = '00000000-0000-7000-8000-000000000000';
  expect(findings(await refused(convert(id, { choices: { account: { id: missing } } })))).toEqual([
    'account.id link_not_found',
  ]);
  expect(
    findings(await refused(convert(id, { choices: { deal: { set: { amount: 'a lot', colour: 1 } } } }))),
  ).toEqual(['deal.amount not_money', 'deal.colour unknown_field']);
  const contact = await workspace.create('contacts', { last_name: 'Nils' });
  expect((await refused(run(admin, { object: 'contacts', id: contact, choices: {} }))).errors[0]!.code).toBe(
    'not_convertible',
  );
});
