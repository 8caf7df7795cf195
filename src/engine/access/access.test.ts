import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../core/context/context.ts';
import type { ProblemBody } from '../../core/errors/problem.ts';
import { rows, sql } from '../../core/sql/sql.ts';
import { findings, refused } from '../../testing/refused.ts';
import { testWorkspace, type TestWorkspace } from '../../testing/workspace.ts';
import { bulkEdit } from '../batches/bulk.ts';
import { applyDefinitions } from '../definitions/apply.ts';
import { history } from '../events/history.ts';
import { get } from '../read/get.ts';
import { list } from '../read/list.ts';
import { search } from '../read/search.ts';
import { summarise } from '../read/summarise.ts';
import { write, type Change } from '../write/write.ts';
import { accessOf } from './access.ts';

const role = (grants: string): string => `label: Test role
owner: crm_owner
meaning: A role made for a test of what it may not see.
grants:
${grants}
`;
const everything = 'create: all, read: all, edit: all, archive: all, mass_edit: all';

/** `stock` has a unique field, a rollup, a computed field and a pipeline whose checkpoint speaks of them. */
const stock = `label: { one: Item, many: Items }
owner: crm_owner
meaning: Something on a shelf, with a price that not everybody may know.
side: sales
name: [maker, name]
owner_field: owner
search: [name, secret]
fields:
  maker: { type: text, label: Maker, owner: crm_owner, meaning: Who makes the thing. }
  name: { type: text, label: Name, owner: crm_owner, meaning: What the thing is called. }
  secret: { type: text, label: Secret, owner: crm_owner, meaning: What only some may know., unique: true }
  price: { type: number, label: Price, owner: crm_owner, meaning: What one of them costs us. }
  owner: { type: person, label: Owner, owner: crm_owner, meaning: Who answers for the thing. }
  deal: { type: link, to: deals, label: Deal, owner: crm_owner, meaning: The deal it is sold with. }
  holder: { type: link, to: items, label: Holder, owner: crm_owner, meaning: The thing it lies in. }
  pipeline: { type: pipeline, label: Pipeline, owner: crm_owner, meaning: The way it goes. }
  stage: { type: stage, label: Stage, owner: crm_owner, meaning: How far it has come. }
  dear: { type: computed, condition: { price: { gte: 77 } }, label: Dear, owner: crm_owner, meaning: It costs much. }
  inside:
    type: rollup
    fn: sum
    gives: number
    sources: [{ of: items, by: holder, field: price }]
    label: Inside
    owner: crm_owner
    meaning: What lies in it costs so much together.
`;
const shelf = `object: items
label: Shelf
owner: crm_owner
meaning: From the shelf to the door, with a look at the price.
stages:
  - key: here
    label: Here
    outcome: open
    goal: It lies on the shelf.
    action: Look at it.
  - key: priced
    label: Priced
    outcome: open
    goal: It has a price that pays.
    action: Put a price on it.
    enter:
      - { key: price, type: condition, condition: { price: { gte: 77 } }, say: 'The price is below 77.', why: Below that we lose., owner: crm_owner }
      - { key: inside, type: related, of: items, where: { price: { gte: 88 } }, why: An empty box is not sold. }
  - key: gone
    label: Gone
    outcome: done
    goal: It has left the house.
    action: Close the door.
`;

let workspace: TestWorkspace;
let admin: Context;
let anna: Context;
let ben: Context;
let lead: Context;
let masked: Context;
const id: Record<string, string> = {};

beforeAll(async () => {
  workspace = await testWorkspace();
  admin = workspace.admin;
  await applyDefinitions(admin, {
    files: [
      { path: 'objects/items.yaml', text: stock },
      { path: 'pipelines/shelf.yaml', text: shelf },
      {
        path: 'roles/masked.yaml',
        text: role(`  items: { ${everything}, override: all, fields: { secret: hidden, price: hidden, maker: hidden, owner: read } }
  contacts: { ${everything}, fields: { email: hidden, birth_date: hidden } }
  users: { read: all, fields: { name: hidden } }
  deals: { ${everything} }`),
      },
      {
        path: 'roles/own_items.yaml',
        text: role(
          `  items: { ${everything.replace('read: all', 'read: own').replace('edit: all', 'edit: own')} }\n  users: { read: all }`,
        ),
      },
      {
        path: 'roles/big_deals.yaml',
        text: role('  deals: { read: { amount: { gte: 100 } }, edit: { amount: { gte: 100 } } }'),
      },
      {
        path: 'roles/creates_own.yaml',
        text: role('  items: { create: own, read: own, edit: own }\n  users: { read: all }'),
      },
      { path: 'roles/writes_blind.yaml', text: role('  items: { create: all }') },
    ],
  });
  await workspace.definitions.refresh();
  id['north'] = await workspace.create('teams', { name: 'North' });
  id['far'] = await workspace.create('teams', { name: 'Far north', parent: id['north'] });
  id['south'] = await workspace.create('teams', { name: 'South' });
  for (const [name, team] of Object.entries({ Anna: 'far', Ben: 'north', Cleo: 'south', Lea: 'north' }))
    id[name] = await workspace.create('users', {
      name,
      email: `${name}@ours.example`.toLowerCase(),
      team: id[team],
    });
  anna = workspace.user({ id: id['Anna']!, name: 'Anna', teams: [id['far']] }, 'sales_representative');
  ben = workspace.user({ id: id['Ben']!, name: 'Ben', teams: [id['north']] }, 'sales_representative');
  lead = workspace.user({ id: id['Lea']!, name: 'Lea', teams: [id['north'], id['far']] }, 'team_lead');
  masked = workspace.user({ id: id['Anna']!, name: 'Anna' }, 'masked');
  id['account'] = await workspace.create('accounts', { name: 'Everybody’s' });
  for (const name of ['Anna', 'Ben', 'Cleo']) {
    id[`deal ${name}`] = await workspace.create('deals', {
      name: `Deal ${name}`,
      owner: id[name],
      account: id['account'],
      amount: 50,
    });
    id[`lead ${name}`] = await workspace.create('leads', { name: `Lead ${name}`, owner: id[name] });
    id[`contact ${name}`] = await workspace.create('contacts', {
      last_name: `Contact ${name}`,
      owner: id[name],
    });
  }
  id['deal none'] = await workspace.create('deals', { name: 'Deal none' });
  id['lead none'] = await workspace.create('leads', { name: 'Lead none' });
});
afterAll(() => workspace.close());

const names = async (context: Context, object: string, more: object = {}): Promise<unknown[]> => {
  const { data } = await list(context, { object, sort: 'id', limit: 200, ...more });
  return data.map((record) => record['name'] ?? record['last_name'] ?? record['title'] ?? record['subject']);
};
const unknown = (problem: ProblemBody, key: string): void => {
  expect(findings(problem).some((one) => one.endsWith(' unknown_field'))).toBe(true);
  expect(JSON.stringify(problem).replaceAll(`“${key}”`, '')).not.toMatch(/hidden/);
};

describe('record scopes', () => {
  test('a representative sees the own deals and leads, and all accounts and contacts, by every way of reading', async () => {
    expect(await names(anna, 'deals')).toEqual(['Deal Anna']);
    expect(await names(anna, 'leads')).toEqual(['Lead Anna']);
    expect(await names(anna, 'contacts')).toEqual(['Contact Anna', 'Contact Ben', 'Contact Cleo']);
    expect(await names(anna, 'accounts')).toEqual(['Everybody’s']);
    expect((await list(anna, { object: 'deals', where: {}, count: 'exact' })).total).toBe(1);
    expect(await names(anna, 'deals', { q: 'deal' })).toEqual(['Deal Anna']);
    expect((await search(anna, { q: 'deal' })).map((hit) => hit.name)).toEqual(['Deal Anna']);
    expect(
      (await summarise(anna, { object: 'deals', measures: [{ fn: 'sum', field: 'amount' }] })).data,
    ).toEqual([{ count: 1, sum_amount: '50.0000', without_rate_amount: 0 }]);
    const his = id['deal Ben']!;
    const told = await Promise.all(
      [
        get(anna, { object: 'deals', id: his }),
        history(anna, { object: 'deals', id: his }),
        workspace.change(anna, { update: 'deals', id: his, set: { amount: 1 } }),
        workspace.change(anna, { advance: 'deals', id: his, to: 'lost' }),
        workspace.change(anna, { archive: 'deals', id: his }),
        workspace.change(anna, { restore: 'deals', id: his }),
      ].map((work) => refused(work)),
    );
    expect(told.map((problem) => problem.status)).toEqual(told.map(() => 404));
    // Counted over related records, too.
    const { data } = await list(anna, { object: 'accounts', where: { deals: { count: { gte: 2 } } } });
    expect(data).toEqual([]);
    expect(
      (await list(anna, { object: 'accounts', where: { deals: { some: { amount: 50 } } } })).data,
    ).toHaveLength(1);
  });

  test('a team lead sees the team and the teams below it, and the pool of leads that nobody has', async () => {
    expect(await names(lead, 'deals')).toEqual(['Deal Anna', 'Deal Ben']);
    expect(await names(lead, 'leads')).toEqual(['Lead Anna', 'Lead Ben', 'Lead none']);
  });

  test('of the links that a record follows the first filled one decides, whatever the others would allow', async () => {
    const task = (set: object) =>
      workspace.create('tasks', { title: JSON.stringify(Object.keys(set)), ...set });
    const hidden = await task({ deal: id['deal Ben'], account: id['account'], lead: id['lead Anna'] });
    const shown = [
      await task({ account: id['account'] }),
      await task({ lead: id['lead Anna'], account: id['account'] }),
      await task({ deal: id['deal Anna'], lead: id['lead Ben'] }),
      await task({ deal: id['deal Ben'], assignee: id['Anna'] }),
    ];
    await task({});
    const { data } = await list(anna, { object: 'tasks', sort: 'id' });
    expect(data.map((one) => one['id'])).toEqual(shown);
    expect((await refused(get(anna, { object: 'tasks', id: hidden }))).status).toBe(404);
    await workspace.change(admin, { update: 'tasks', id: hidden, set: { deal: null } });
    expect(await get(anna, { object: 'tasks', id: hidden })).toMatchObject({ lead: { name: 'Lead Anna' } });
  });

  test('a condition is a scope, and the grants of several roles add up', async () => {
    await workspace.change(admin, { update: 'deals', id: id['deal Cleo']!, set: { amount: 500 } });
    const both = workspace.user(
      { id: id['Anna']!, name: 'Anna', teams: [] },
      'sales_representative',
      'big_deals',
    );
    expect(await names(workspace.as('big_deals'), 'deals')).toEqual(['Deal Cleo']);
    expect(await names(both, 'deals')).toEqual(['Deal Anna', 'Deal Cleo']);
    await workspace.change(both, { update: 'deals', id: id['deal Cleo']!, set: { notes: 'Mine too.' } });
    await workspace.change(admin, { update: 'deals', id: id['deal Cleo']!, set: { amount: 50 } });
    expect(await names(both, 'deals')).toEqual(['Deal Anna']);
  });

  test('a key without user matches nothing for “own” and “team”, nor by a filter on $me', async () => {
    const key = workspace.as('sales_representative');
    expect(await names(key, 'deals')).toEqual([]);
    expect(await names(workspace.as('team_lead'), 'deals')).toEqual([]);
    expect(await names(admin, 'deals', { where: { owner: '$me' } })).toEqual([]);
    expect(await names(admin, 'deals', { where: { owner: { ne: '$me' } } })).toEqual([]);
    expect(await names(admin, 'deals', { where: { not: { owner: '$me' } } })).toEqual([]);
    const { id: made } = await workspace.change(key, { create: 'deals', set: { name: 'By key' } });
    expect((await refused(get(key, { object: 'deals', id: made }))).status).toBe(404);
    await workspace.change(admin, { archive: 'deals', id: made });
  });

  test('an unknown or retired role, an unknown object and an unknown scope give nothing', async () => {
    for (const context of [workspace.as('no_such_role'), workspace.as('constructor'), workspace.as()]) {
      for (const object of ['deals', 'accounts', 'constructor', '__proto__', 'toString']) {
        expect((await refused(list(context, { object }))).status).toBe(404);
        expect((await refused(workspace.change(context, { create: object, set: {} }))).status).toBe(404);
      }
    }
    const { roles, ...rest } = admin.catalog;
    const odd = { ...roles.get('big_deals')!, grants: { deals: { read: 'everything' as 'all' } } };
    const gone = { ...roles.get('big_deals')!, grants: { deals: { read: { no_such_field: 1 } } } };
    for (const definition of [odd, gone]) {
      const catalog = { ...rest, roles: new Map([['odd', definition]]) };
      const context: Context = { ...workspace.as('odd'), catalog };
      expect((await list(context, { object: 'deals' })).data).toEqual([]);
    }
  });

  test('one writes no record out of one’s reach, and hands over only by the right to do so', async () => {
    const mine = (await workspace.change(anna, { create: 'deals', set: { name: 'Mine' } })).id;
    expect(
      await refused(workspace.change(anna, { update: 'deals', id: mine, set: { owner: id['Ben'] } })),
    ).toMatchObject({
      status: 403,
      errors: [{ path: 'owner', code: 'forbidden' }],
    });
    expect((await bulkEdit(anna, { object: 'deals', ids: [mine], set: { owner: id['Ben'] } })).done).toBe(0);
    await workspace.change(lead, { update: 'deals', id: mine, set: { owner: id['Ben'] } });
    expect((await refused(get(anna, { object: 'deals', id: mine }))).status).toBe(404);
    await workspace.change(lead, { update: 'deals', id: mine, set: { owner: id['Cleo'] } });
    expect((await refused(get(lead, { object: 'deals', id: mine }))).status).toBe(404);
    await workspace.change(admin, { archive: 'deals', id: mine });
    const big = workspace.as('big_deals');
    await workspace.change(admin, { update: 'deals', id: id['deal Cleo']!, set: { amount: 500 } });
    const shrink = await refused(
      workspace.change(big, { update: 'deals', id: id['deal Cleo']!, set: { amount: 5 } }),
    );
    expect(shrink.status).toBe(403);
    await workspace.change(admin, { update: 'deals', id: id['deal Cleo']!, set: { amount: 50 } });
    const creator = workspace.user({ id: id['Anna']!, name: 'Anna' }, 'creates_own');
    await workspace.change(creator, { create: 'items', set: { name: 'Own' } });
    expect(
      (await refused(workspace.change(creator, { create: 'items', set: { name: 'His', owner: id['Ben'] } })))
        .status,
    ).toBe(403);
  });

  test('what is sent along with a move is created within the caller’s own reach too', async () => {
    const text = role(
      `  deals: { ${everything} }\n  activities: { create: own, read: all }\n  users: { read: all }`,
    );
    await applyDefinitions(admin, { files: [{ path: 'roles/logs_own.yaml', text }] });
    await workspace.definitions.refresh();
    const context = workspace.user({ id: id['Anna']!, name: 'Anna' }, 'logs_own');
    const call = { type: 'call', result: 'reached', occurred_at: '2026-01-01T00:00:00Z' };
    const move = (activity: object): Change => ({
      advance: 'deals',
      id: id['deal Anna']!,
      to: 'contact_established',
      activity: { ...call, ...activity },
    });
    expect(findings(await refused(workspace.change(context, move({ owner: id['Ben'] }))))).toEqual([
      'activity.owner forbidden',
    ]);
    const dry = await write(context, { mode: 'each', dryRun: true, changes: [move({})] });
    expect(dry[0]).toMatchObject({ ok: true });
  });

  test('who may create but not read writes, and reads nothing back', async () => {
    const blind = workspace.as('writes_blind');
    const { id: made } = await workspace.change(blind, { create: 'items', set: { name: 'Blind' } });
    expect((await refused(get(blind, { object: 'items', id: made }))).status).toBe(404);
    expect((await refused(list(blind, { object: 'items' }))).status).toBe(404);
    expect((await refused(workspace.change(blind, { update: 'items', id: made, set: {} }))).status).toBe(404);
  });
});

describe('hidden fields', () => {
  test('a hidden field is unknown by every way of reading and writing', async () => {
    const thing = await workspace.create('items', {
      name: 'Hammer',
      maker: 'Acme',
      secret: 'swordfish',
      price: 99,
    });
    await workspace.change(admin, { update: 'items', id: thing, set: { price: 98 } });
    expect(Object.keys(await get(masked, { object: 'items', id: thing }))).not.toEqual(
      expect.arrayContaining(['secret']),
    );
    for (const key of ['secret', 'price', 'dear', 'inside', 'no_such']) {
      const reads = [
        get(masked, { object: 'items', id: thing, fields: [key] }),
        list(masked, { object: 'items', fields: [key] }),
        list(masked, { object: 'items', where: { [key]: { missing: false } } }),
        list(masked, { object: 'items', where: { [`holder.${key}`]: { missing: false } } }),
        list(masked, { object: 'items', where: { items: { some: { [key]: { missing: false } } } } }),
        list(masked, { object: 'items', sort: key }),
        list(masked, { object: 'items', sort: `-${key},id` }),
        summarise(masked, { object: 'items', by: [key] }),
        summarise(masked, { object: 'items', measures: [{ fn: 'sum', field: key }] }),
        summarise(masked, { object: 'items', where: { [key]: 1 } }),
        bulkEdit(masked, { object: 'items', where: { [key]: { missing: true } }, set: { name: 'X' } }),
        bulkEdit(masked, { object: 'items', ids: [thing], set: { [key]: 1 } }),
        workspace.change(masked, { create: 'items', set: { [key]: 1 } }),
        workspace.change(masked, { update: 'items', id: thing, set: { [key]: 1 } }),
        workspace.change(masked, { advance: 'items', id: thing, to: 'priced', set: { [key]: 1 } }),
        workspace.change(masked, { create: 'items', set: { holder: { match: { [key]: 'swordfish' } } } }),
      ];
      const told = await Promise.all(reads.map((one) => refused(one)));
      for (const problem of told) {
        expect(problem.status).toBe(422);
        unknown(problem, key);
      }
      // In the very words of a field that does not exist, but for its name.
      const strange = await refused(list(masked, { object: 'items', sort: key }));
      const never = await refused(list(masked, { object: 'items', sort: 'zzz' }));
      expect(JSON.stringify(strange).replaceAll(key, '')).toBe(JSON.stringify(never).replaceAll('zzz', ''));
      const match = (name: string) =>
        refused(workspace.change(masked, { create: 'items', set: { holder: { match: { [name]: 'x' } } } }));
      expect(JSON.stringify(await match(key)).replaceAll(key, '')).toBe(
        JSON.stringify(await match('zzz')).replaceAll('zzz', ''),
      );
    }
    const lines = (await history(masked, { object: 'items', id: thing })).data;
    expect(lines.flatMap(({ changes }) => Object.keys(changes)).sort()).toEqual([
      'name',
      'pipeline',
      'stage',
    ]);
    expect(await get(masked, { object: 'items', id: thing })).not.toHaveProperty('price');
  });

  test('a field that may be read and not written says so', async () => {
    expect(
      findings(
        await refused(workspace.change(masked, { create: 'items', set: { name: 'X', owner: id['Ben'] } })),
      ),
    ).toEqual(['owner read_only']);
  });

  test('a search finds nobody by a field that some role hides, whoever searches', async () => {
    await workspace.create('items', { name: 'Findable', secret: 'mithril' });
    for (const context of [admin, masked]) {
      expect((await list(context, { object: 'items', q: 'mithril' })).data).toEqual([]);
      expect(await search(context, { q: 'mithril' })).toEqual([]);
      expect((await list(context, { object: 'items', q: 'findable' })).data).toHaveLength(1);
    }
    const [row] = await rows(
      workspace.database.pool,
      sql`SELECT search__ FROM crm.items WHERE secret = 'mithril'`,
    );
    expect(row!['search__']).toBe('findable');
  });

  test('names are made of the name fields that one may see, in links, search and candidates', async () => {
    const box = await workspace.create('items', { name: 'Box', maker: 'Acme', owner: id['Ben'] });
    const nail = await workspace.create('items', { name: 'Nail', holder: box });
    expect(await get(admin, { object: 'items', id: nail })).toMatchObject({
      holder: { id: box, name: 'Acme Box' },
    });
    expect(await get(masked, { object: 'items', id: nail })).toMatchObject({
      holder: { id: box, name: 'Box' },
    });
    expect((await get(masked, { object: 'items', id: box }))['owner']).toEqual({ id: id['Ben'], name: '' });
    expect((await search(masked, { q: 'box', objects: ['items'] })).map((hit) => hit.name)).toEqual(['Box']);
  });

  test('refusals print neither values nor thresholds of hidden fields, be they of related records', async () => {
    const thing = await workspace.create('items', { name: 'Cheap', price: 3 });
    const told = await refused(workspace.change(masked, { advance: 'items', id: thing, to: 'priced' }));
    expect(told.errors.map((one) => one.code)).toEqual(['checkpoint_hidden', 'checkpoint_hidden']);
    expect(JSON.stringify(told.errors)).not.toMatch(/77|88|price/i);
    const open = await refused(workspace.change(admin, { advance: 'items', id: thing, to: 'priced' }));
    expect(JSON.stringify(open.errors)).toMatch(/77.*88/);
  });

  test('a conflict on a hidden field says that there is one, and no more', async () => {
    const old = await workspace.create('items', { name: 'Old', secret: 'twice' });
    await workspace.change(admin, { archive: 'items', id: old });
    await workspace.create('items', { name: 'New', secret: 'twice' });
    const told = await refused(workspace.change(masked, { restore: 'items', id: old }));
    expect(told).toMatchObject({ status: 409, errors: [{ path: '', code: 'not_unique' }] });
    expect(JSON.stringify(told)).not.toMatch(/secret|twice/i);
    expect(findings(await refused(workspace.change(admin, { restore: 'items', id: old })))).toEqual([
      'secret not_unique',
    ]);
  });
});

describe('what leaks sideways', () => {
  test('a rollup over records of which one may read but some is hidden, and so is what is computed from it', async () => {
    const own = accessOf(workspace.user({ id: id['Anna']!, name: 'Anna' }, 'own_items'));
    expect(own.field('items', 'inside')).toBe('hidden');
    expect(own.field('items', 'dear')).toBe('read');
    expect(accessOf(masked).field('items', 'dear')).toBe('hidden');
    expect(accessOf(masked).field('items', 'inside')).toBe('hidden');
    expect(accessOf(admin).field('items', 'inside')).toBe('read');
    expect(accessOf(anna).field('accounts', 'won_amount')).toBe('hidden');
    expect(accessOf(anna).field('accounts', 'open_deals')).toBe('hidden');
    // Tasks and activities are readable where their deal is: all that are counted there.
    expect(accessOf(anna).field('deals', 'next_step_at')).toBe('read');
    expect(accessOf(anna).field('deals', 'active')).toBe('read');
    expect(accessOf(anna).field('accounts', 'name')).toBe('edit');
  });

  test('a link to a record that one may not read is null, id and all: read, sorted, grouped and in the cursor', async () => {
    const own = workspace.user({ id: id['Anna']!, name: 'Anna' }, 'sales_representative');
    const tasks = [
      await workspace.create('tasks', { title: 'L1', deal: id['deal Ben'], assignee: id['Anna'] }),
      await workspace.create('tasks', { title: 'L2', deal: id['deal Cleo'], assignee: id['Anna'] }),
      await workspace.create('tasks', { title: 'L3', deal: id['deal Anna'], assignee: id['Anna'] }),
    ];
    const where = { id: { in: tasks } };
    const { data } = await list(own, { object: 'tasks', where, sort: 'id' });
    expect(data.map((one) => one['deal'])).toEqual([null, null, { id: id['deal Anna'], name: 'Deal Anna' }]);
    const groups = await summarise(own, { object: 'tasks', where, by: ['deal'] });
    expect(groups.data).toEqual(
      expect.arrayContaining([
        { deal: id['deal Anna'], count: 1 },
        { deal: null, count: 2 },
      ]),
    );
    expect(groups.data).toHaveLength(2);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await list(own, { object: 'tasks', where, sort: 'deal', limit: 1, cursor });
      seen.push(...page.data.map((one) => one['id'] as string));
      cursor = page.next_cursor ?? undefined;
      for (const deal of ['deal Ben', 'deal Cleo'])
        expect(Buffer.from(cursor ?? '', 'base64url').toString()).not.toContain(id[deal]!);
    } while (cursor);
    expect(seen).toEqual([tasks[2], tasks[0], tasks[1]]);
    const fields = await list(own, {
      object: 'tasks',
      where: { all: [where, { 'deal.name': { contains: 'deal' } }] },
    });
    expect(fields.data.map((one) => one['id'])).toEqual([tasks[2]]);
  });

  test('a match with a record that one may not read says only that there is one', async () => {
    const text = role(`  contacts: { create: all, read: own, edit: own }\n  users: { read: all }`);
    await applyDefinitions(admin, { files: [{ path: 'roles/own_contacts.yaml', text }] });
    await workspace.definitions.refresh();
    const own = workspace.user({ id: id['Anna']!, name: 'Anna' }, 'own_contacts');
    const known = await workspace.create('contacts', {
      last_name: 'Verysecretname',
      email: 'vs@else.example',
      owner: id['Ben'],
    });
    const told = await refused(
      workspace.change(own, { create: 'contacts', set: { last_name: 'X', email: 'vs@else.example' } }),
    );
    expect(told).toMatchObject({ status: 409, code: 'already_known', extra: { candidates: [] } });
    expect(JSON.stringify(told)).not.toContain('Verysecretname');
    expect(JSON.stringify(told)).not.toContain(known);
  });

  test('a cursor taken by somebody who sees a field is no way to see it', async () => {
    await workspace.create('items', { name: 'C1', price: 1 });
    await workspace.create('items', { name: 'C2', price: 2 });
    const { next_cursor } = await list(admin, { object: 'items', sort: 'price', limit: 1 });
    const told = await refused(
      list(masked, { object: 'items', sort: 'price', limit: 1, cursor: next_cursor! }),
    );
    expect(findings(told)).toEqual(['sort unknown_field']);
    expect(
      (await refused(list(masked, { object: 'items', limit: 1, cursor: next_cursor! }))).errors[0]!.code,
    ).toBe('bad_cursor');
  });

  test('grouping and measuring need fields that can be grouped and measured', async () => {
    const tell = async (input: object) =>
      findings(await refused(summarise(admin, { object: 'items', ...input })));
    expect(await tell({ by: ['gaps'] })).toEqual(['by not_groupable']);
    for (const field of ['id', 'name', 'stage', 'deal'])
      for (const fn of ['sum', 'avg', 'min', 'max'])
        expect(await tell({ measures: [{ fn, field }] })).toEqual(['measures not_measurable']);
    const dates = await summarise(admin, {
      object: 'deals',
      measures: [
        { fn: 'min', field: 'opened_on' },
        { fn: 'max', field: 'created_at' },
      ],
    });
    expect(dates.data[0]).toMatchObject({ min_opened_on: expect.stringMatching(/^\d{4}-/) });
  });

  test('an id that belongs to a record of somebody else is taken, without a word about that record', async () => {
    const told = await refused(
      workspace.change(ben, { create: 'deals', id: id['deal Anna'], set: { name: 'Mine now' } }),
    );
    expect(told).toMatchObject({ status: 409, errors: [{ path: 'id', code: 'not_unique' }] });
    expect(JSON.stringify(told)).not.toContain('Anna');
    expect((await refused(get(ben, { object: 'deals', id: randomUUID() }))).detail).toBe(
      (await refused(get(ben, { object: 'deals', id: id['deal Anna']! }))).detail,
    );
  });
});
