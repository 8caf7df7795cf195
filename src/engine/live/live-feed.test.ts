import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Context, LiveEvent } from '../../core/context/context.ts';
import { rows, sql } from '../../core/sql/sql.ts';
import { isProblem } from '../../core/errors/problem.ts';
import { testWorkspace, type TestWorkspace } from '../../testing/workspace.ts';
import { bulkEdit } from '../batches/bulk.ts';
import { applyDefinitions } from '../definitions/apply.ts';
import { write } from '../write/write.ts';
import type { LiveChange } from './judge.ts';
import { openLiveFeed, type OpenLiveFeed } from './live-feed.ts';

let workspace: TestWorkspace;
let feed: OpenLiveFeed;
let admin: Context;
const people: Record<string, string> = {};

beforeAll(async () => {
  workspace = await testWorkspace();
  admin = workspace.admin;
  feed = otherProcess();
  for (const name of ['anna', 'ben'])
    people[name] = await workspace.create('users', { name, email: `${name}@ours.example` });
});
const otherProcess = (): OpenLiveFeed =>
  openLiveFeed({
    pool: workspace.database.pool,
    log: admin.log,
    catalog: workspace.definitions.current,
  });
const listening: Listening[] = [];
afterEach(async () => {
  for (const one of listening.splice(0)) await one.stop();
});
afterAll(async () => {
  await feed.close();
  await workspace.close();
});

type Input = Parameters<OpenLiveFeed['listen']>[1];
type Listening = {
  heard: LiveEvent[];
  /** The records of a watch as they were told, `kind id`, since the last call. */
  told(watch?: string): string[];
  until(found: (heard: LiveEvent[]) => boolean): Promise<void>;
  /** Waits until the reader has passed everything written so far. */
  settled(): Promise<void>;
  stop(): Promise<void>;
};

/** Listens, from the moment at which it is ready. */
async function listen(context: Context, input: Input, on = feed): Promise<Listening> {
  const stop = new AbortController();
  const heard: LiveEvent[] = [];
  const own = Object.assign(Object.create(context) as Context, { signal: stop.signal });
  const events = on.listen(own, {
    ...input,
    watch: [...input.watch, { name: 'mark', object: 'locations' }],
  });
  const done = (async () => {
    for await (const event of events) heard.push(event);
  })();
  const until = async (found: (heard: LiveEvent[]) => boolean): Promise<void> => {
    for (let n = 0; !found(heard); n++) {
      if (n > 1500) throw new Error(`Not heard. What was: ${JSON.stringify(heard)}`);
      await sleep(10);
    }
  };
  let from = 0;
  const one: Listening = {
    heard,
    until,
    told(watch = 'list') {
      const told = changesOf(heard.slice(from), watch).map(({ kind, id }) => `${kind} ${id}`);
      from = heard.length;
      return told;
    },
    async settled() {
      const id = await workspace.create('locations', { name: 'Mark' });
      await until(() => changesOf(heard, 'mark').some((change) => change.id === id));
    },
    async stop() {
      stop.abort();
      await done;
    },
  };
  listening.push(one);
  await until(() => heard.some(({ event }) => event === 'ready'));
  if (input.since === undefined) {
    // What was written just before may still come; it is not what the test waits for.
    await one.settled();
    heard.splice(0);
  }
  return one;
}

type Changes = { watch: string; stale?: true; records?: LiveChange[] };
const changesOf = (heard: readonly LiveEvent[], watch: string): LiveChange[] =>
  heard.flatMap(({ event, data }) =>
    event === 'changes' && (data as Changes).watch === watch ? ((data as Changes).records ?? []) : [],
  );

const won = { name: 'list', object: 'deals', where: { amount: { gte: 100 } } };

test('a record is told as entered, changed and left, by its id and version and nothing else', async () => {
  const one = await listen(admin, { watch: [won] });
  const small = await workspace.create('deals', { name: 'Small', amount: 1 });
  const deal = await workspace.create('deals', { name: 'Large', amount: 100 });
  await one.settled();
  expect(one.told()).toEqual([`entered ${deal}`]);
  await workspace.change(admin, { update: 'deals', id: small, set: { amount: 2 } });
  await workspace.change(admin, { update: 'deals', id: deal, set: { name: 'Larger' } });
  await one.settled();
  expect(one.told()).toEqual([`changed ${deal}`]);
  await workspace.change(admin, { update: 'deals', id: deal, set: { amount: 99 } });
  await one.settled();
  expect(one.told()).toEqual([`left ${deal}`]);
  await workspace.change(admin, { update: 'deals', id: small, set: { amount: 500 } });
  await workspace.change(admin, { archive: 'deals', id: small });
  await one.settled();
  expect(one.told().at(-1)).toBe(`left ${small}`);
  await workspace.change(admin, { restore: 'deals', id: small });
  await one.settled();
  expect(one.told()).toEqual([`entered ${small}`]);
  const said = new Set(changesOf(one.heard, 'list').flatMap((change) => Object.keys(change)));
  expect([...said].sort()).toEqual(['id', 'kind', 'version']);
});

test('what one may not read is never told, and what leaves one’s reach is told as left', async () => {
  const anna = workspace.user({ id: people['anna']!, name: 'Anna' }, 'sales_representative');
  const one = await listen(anna, { watch: [{ name: 'list', object: 'deals' }] });
  const his = await workspace.create('deals', { name: 'His', owner: people['ben'] });
  const hers = await workspace.create('deals', { name: 'Hers', owner: people['anna'] });
  await workspace.change(admin, { update: 'deals', id: his, set: { name: 'Still his' } });
  await one.settled();
  expect(one.told()).toEqual([`entered ${hers}`]);
  await workspace.change(admin, { update: 'deals', id: hers, set: { owner: people['ben'] } });
  await one.settled();
  expect(one.told()).toEqual([`left ${hers}`]);
  await workspace.change(admin, { update: 'deals', id: hers, set: { name: 'His now' } });
  await one.settled();
  expect(one.told()).toEqual([]);
  expect(JSON.stringify(one.heard)).not.toContain(his);
});

test('a record that came and went between two looks is told to whoever may have seen it', async () => {
  const one = await listen(admin, { watch: [won] });
  const deal = await workspace.create('deals', { name: 'Flash', amount: 1 });
  await one.settled();
  one.told();
  // Both in one transaction's reach of the reader: it holds back what is younger than an open transaction.
  const client = await workspace.database.pool.connect();
  await client.query('BEGIN; SELECT pg_current_xact_id()');
  await workspace.change(admin, { update: 'deals', id: deal, set: { amount: 100 } });
  await workspace.change(admin, { update: 'deals', id: deal, set: { amount: 1 } });
  await client.query('COMMIT');
  client.release();
  await one.settled();
  expect(one.told()).toEqual([`left ${deal}`]);
});

test('a late commit is not lost: nothing passes an open transaction, and then everything comes', async () => {
  const one = await listen(admin, { watch: [won] });
  const client = await workspace.database.pool.connect();
  await client.query('BEGIN; SELECT pg_current_xact_id()');
  const first = await workspace.create('deals', { name: 'Early', amount: 100 });
  await sleep(700);
  expect(one.told()).toEqual([]);
  const [stored] = await rows<{ id: string }>(
    client,
    sql`UPDATE crm.deals SET amount = 200, amount__reporting = 200 WHERE id = ${first} RETURNING id`,
  );
  await rows(
    client,
    sql`INSERT INTO platform.events (object, record, version, type, actor, actor_name, channel, old)
        VALUES ('deals', ${stored!.id}, 2, 'changed', 'test', 'Test', 'test', ${JSON.stringify({ amount: { amount: '100.00', currency: 'EUR', reporting: '100.00' } })})`,
  );
  await client.query('COMMIT');
  client.release();
  await one.settled();
  expect(one.told()).toEqual([`entered ${first}`]);
});

test('a deal is told when a task changes its next step, though the deal itself has no new version', async () => {
  const anna = workspace.user({ id: people['anna']!, name: 'Anna' }, 'sales_representative');
  const deal = await workspace.create('deals', { name: 'Stepped', owner: people['anna'] });
  const one = await listen(anna, { watch: [{ name: 'list', object: 'deals', where: { name: 'Stepped' } }] });
  const { id: task } = await workspace.change(admin, {
    create: 'tasks',
    set: { title: 'Call', due_at: '2030-01-01T00:00:00Z', deal },
  });
  await one.settled();
  expect(changesOf(one.heard, 'list')).toEqual([{ id: deal, kind: 'changed' }]);
  await workspace.change(admin, { update: 'tasks', id: task, set: { deal: null } });
  await one.settled();
  expect(one.told().at(-1)).toBe(`changed ${deal}`);
});

test('one record is watched by its id, archived or not', async () => {
  const deal = await workspace.create('deals', { name: 'Watched' });
  const other = await workspace.create('deals', { name: 'Other' });
  const one = await listen(admin, { watch: [{ name: 'list', object: 'deals', id: deal }] });
  await workspace.change(admin, { update: 'deals', id: other, set: { name: 'Elsewhere' } });
  await workspace.change(admin, { archive: 'deals', id: deal });
  await one.settled();
  expect(one.told()).toEqual([`changed ${deal}`]);
});

test('a list that other objects decide over is told to be read again when they change', async () => {
  const account = await workspace.create('accounts', { name: 'Acme', industry: 'software' });
  const one = await listen(admin, {
    watch: [{ name: 'list', object: 'deals', where: { 'account.industry': 'software' } }],
  });
  await workspace.change(admin, { update: 'accounts', id: account, set: { industry: 'healthcare' } });
  await one.until((heard) =>
    heard.some(({ event, data }) => event === 'changes' && (data as Changes).stale === true),
  );
});

test('many changes at once are told as one word, not as thousands of ids', async () => {
  const one = await listen(admin, { watch: [won] });
  const changes = Array.from({ length: 400 }, (_, n) => ({
    create: 'deals',
    set: { name: `Many ${n}`, amount: 100 },
  }));
  await write(admin, { mode: 'all', changes });
  await one.until((heard) =>
    heard.some(({ event, data }) => event === 'changes' && (data as Changes).stale === true),
  );
  expect(changesOf(one.heard, 'list')).toEqual([]);
});

test('who comes back hears what was missed; who missed too much reads everything again', async () => {
  const first = await listen(admin, { watch: [won] });
  await workspace.create('deals', { name: 'Before', amount: 100 });
  await first.settled();
  await first.until((heard) => heard.at(-1)?.id !== undefined);
  const since = first.heard.findLast(({ id }) => id !== undefined)!.id!;
  await first.stop();
  const missed = await workspace.create('deals', { name: 'Missed', amount: 100 });
  const second = await listen(admin, { watch: [won], since });
  await second.settled();
  expect(second.told()).toEqual([`entered ${missed}`]);
  await second.stop();
  await bulkEdit(admin, { object: 'deals', where: {}, set: { notes: 'a' } });
  for (let n = 0; n < 3; n++)
    await write(admin, {
      mode: 'all',
      changes: Array.from({ length: 400 }, (_, at) => ({ create: 'locations', set: { name: `L${at}` } })),
    });
  const elsewhere = otherProcess();
  const third = await listen(admin, { watch: [won], since }, elsewhere);
  expect(third.heard.map(({ event }) => event).slice(0, 2)).toEqual(['resync', 'ready']);
  const fourth = await listen(admin, { watch: [won], since: '999999999999-1' });
  expect(fourth.heard[0]!.event).toBe('resync');
  await third.stop();
  await elsewhere.close();
});

test('hidden and unknown fields, objects and places are refused before anything is told', () => {
  const refusal = (context: Context, input: Input): string => {
    try {
      feed.listen(context, input);
      return 'nothing';
    } catch (error) {
      return isProblem(error) ? `${error.body.status} ${error.body.errors[0]!.path}` : String(error);
    }
  };
  const reader = workspace.as('read_only');
  const hidden = { name: 'a', object: 'contacts', where: { birth_date: { missing: true } } };
  expect(refusal(reader, { watch: [hidden] })).toBe('422 watch.0.birth_date');
  expect(refusal(admin, { watch: [won, { name: 'b', object: 'nope' }] })).toBe('404 watch.1.object');
  expect(refusal(admin, { watch: [{ ...won, where: { nope: 1 } }] })).toBe('422 watch.0.nope');
  expect(refusal(admin, { watch: [], since: 'x' })).toBe('422 since');
});

test('a principal holds a bounded number of streams', async () => {
  const key = workspace.as('read_only');
  await Promise.all(Array.from({ length: 20 }, () => listen(key, { watch: [] })));
  expect(() => feed.listen(key, { watch: [] })).toThrow('20 streams');
  await listen(workspace.as('crm_owner'), { watch: [] });
});

test('whose rights change hears it as the last thing; so does everybody when definitions change', async () => {
  const anna = workspace.user({ id: people['anna']!, name: 'Anna' }, 'sales_representative');
  const ben = workspace.user({ id: people['ben']!, name: 'Ben' }, 'sales_representative');
  const hers = await listen(anna, { watch: [won] });
  const his = await listen(ben, { watch: [won] });
  feed.accessChanged({ about: 'user', id: people['anna']! });
  await hers.until((heard) => heard.at(-1)?.event === 'access');
  expect(his.heard.some(({ event }) => event === 'access')).toBe(false);
  const text = `label: Colour
owner: crm_owner
meaning: Colours of things.
values:
  - { key: red, label: Red, meaning: As a rose., owner: crm_owner }
`;
  await applyDefinitions(admin, { files: [{ path: 'lists/colour.yaml', text }] });
  await workspace.definitions.refresh();
  await his.until((heard) => heard.at(-1)?.event === 'catalog');
});
