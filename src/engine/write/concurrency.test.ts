import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Context } from '../../core/context/context.ts';
import { isProblem } from '../../core/errors/problem.ts';
import { row, rows, sql } from '../../core/sql/sql.ts';
import { refused } from '../../testing/refused.ts';
import { testWorkspace, type TestWorkspace } from '../../testing/workspace.ts';
import { cursorAfter, readEvents, type EventCursor, type StoredEvent } from '../events/read-events.ts';
import { get } from '../read/get.ts';
import { list } from '../read/list.ts';
import { write, writeAnswering, type Change } from './write.ts';

let workspace: TestWorkspace;
let admin: Context;
let owner: string;

beforeAll(async () => {
  workspace = await testWorkspace();
  admin = workspace.admin;
  owner = await workspace.create('users', { name: 'Owner', email: 'owner@ours.example' });
});
afterAll(() => workspace.close());

const writers = 8;
/** A sequence that is the same in every run: 0 ≤ x < n. */
const dice = (seed: number) => {
  let state = seed * 2_654_435_761 + 1;
  return (n: number): number => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e3779b9) >>> 0;
    return state % n;
  };
};
const atOnce = <T>(work: (writer: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: writers }, (_, writer) => work(writer)));
const one = (change: Change) => write(admin, { mode: 'all', changes: [change] });
/** A refusal is an answer, too: another writer may have archived the record. */
const orRefused = (work: Promise<unknown>) =>
  work.catch((error: unknown) => {
    if (!isProblem(error)) throw error;
  });
/** A transaction anywhere on the server may hold events back for a while, be it of another test. */
async function until(done: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await done()) && Date.now() < end) await sleep(1);
}
const instant = (n: number): string => new Date(Date.UTC(2026, 0, 1 + n)).toISOString();

test('rollups and gaps kept by eight writers at once equal a recount', async () => {
  const accounts = [
    await workspace.create('accounts', { name: 'A' }),
    await workspace.create('accounts', { name: 'B' }),
  ];
  const deals: string[] = [];
  for (let n = 0; n < 4; n++) {
    const id = await workspace.create('deals', {
      name: `D${n}`,
      owner,
      account: accounts[n % 2],
      amount: 10 + n,
    });
    await one({
      advance: 'deals',
      id,
      to: 'contact_established',
      activity: { type: 'call', result: 'reached', occurred_at: instant(0) },
    });
    deals.push(id);
  }
  const calls = (await list(admin, { object: 'activities', where: { deal: { in: deals } } })).data.map(
    (call) => call['id'] as string,
  );
  await atOnce(async (writer) => {
    const random = dice(writer + 1);
    const mine: string[] = [];
    for (let step = 0; step < 40; step++) {
      const deal = deals[random(deals.length)]!;
      const task = mine[random(Math.max(1, mine.length))];
      const call = calls[random(calls.length)]!;
      const ways: (() => Promise<unknown>)[] = [
        async () => {
          const [made] = await one({
            create: 'tasks',
            set: { title: 'T', deal, due_at: instant(random(50)) },
          });
          if (made?.ok) mine.push(made.id);
        },
        async () => task && one({ update: 'tasks', id: task, set: { deal, due_at: instant(random(50)) } }),
        async () =>
          task && one({ update: 'tasks', id: task, set: { done_at: random(2) ? instant(1) : null } }),
        async () => task && one({ archive: 'tasks', id: task }),
        async () => task && one({ restore: 'tasks', id: task }),
        () => one({ archive: 'activities', id: call }),
        () => one({ restore: 'activities', id: call }),
        () => one({ update: 'activities', id: call, set: { deal } }),
        () => one({ update: 'deals', id: deal, set: { account: accounts[random(2)], amount: random(100) } }),
        () => one({ archive: 'deals', id: deal }),
        () => one({ restore: 'deals', id: deal }),
        () =>
          write(admin, {
            mode: 'each',
            changes: Array.from({ length: 3 }, (): Change => ({
              create: 'tasks',
              set: { title: 'B', deal: deals[random(4)], due_at: instant(random(50)) },
            })),
          }),
      ];
      await orRefused(ways[random(ways.length)]!());
    }
  });
  const pool = workspace.database.pool;
  const wrong = await rows(
    pool,
    sql`SELECT d.name, d.next_step_at, n.first, d.last_step_at, n.last, d.gaps, n.call FROM crm.deals d CROSS JOIN LATERAL (
          SELECT min(t.due_at) AS first, max(t.due_at) AS last,
            EXISTS (SELECT 1 FROM crm.activities a WHERE a.deal = d.id AND a.archived_at IS NULL AND a.type = 'call' AND a.result IS NOT NULL) AS call
          FROM crm.tasks t WHERE t.deal = d.id AND t.archived_at IS NULL AND t.done_at IS NULL) n
        WHERE d.next_step_at IS DISTINCT FROM n.first OR d.last_step_at IS DISTINCT FROM n.last OR (cardinality(d.gaps) = 0) <> n.call`,
  );
  expect(wrong).toEqual([]);
  const sums = await rows(
    pool,
    sql`SELECT a.name FROM crm.accounts a CROSS JOIN LATERAL (
          SELECT count(*) AS open FROM crm.deals d WHERE d.account = a.id AND d.archived_at IS NULL AND d.stage NOT IN ('won', 'lost')) n
        WHERE a.open_deals IS DISTINCT FROM n.open`,
  );
  expect(sums).toEqual([]);
  expect(
    Number((await row(pool, sql`SELECT count(*) AS n FROM crm.tasks WHERE deal IS NOT NULL`))!['n']),
  ).toBeGreaterThan(30);
  // Versions and events of each record go hand in hand.
  const torn = await rows(
    pool,
    sql`SELECT t.id FROM crm.deals t LEFT JOIN platform.events e ON e.record = t.id AND e.type <> 'gaps'
        GROUP BY t.id, t.version HAVING count(*) <> t.version OR count(DISTINCT e.version) <> t.version`,
  );
  expect(torn).toEqual([]);
});

test('who waits for another writer of the same parent counts what that one wrote, too', async () => {
  const [deal, other] = [
    await workspace.create('deals', { name: 'Waited for' }),
    await workspace.create('deals', { name: 'Other' }),
  ];
  const task = (due: number): Promise<string> =>
    workspace.create('tasks', { title: `T${due}`, deal, due_at: instant(due) });
  const steps = async (id: string) => {
    const { next_step_at, last_step_at } = await get(admin, { object: 'deals', id });
    return [next_step_at, last_step_at];
  };
  /** The second begins, and comes to its parents, while the first has written and not yet committed. */
  const overlapping = async (first: Change, second: Change): Promise<void> => {
    let later: Promise<unknown> | undefined;
    await writeAnswering(admin, {
      mode: 'all',
      changes: [first],
      async respond() {
        later = one(second);
        await sleep(60);
        return { status: 200, body: null };
      },
    });
    await later;
  };
  const add = (due: number): Change => ({ create: 'tasks', set: { title: 'N', deal, due_at: instant(due) } });
  const [early, late, moved] = [await task(10), await task(30), await task(20)];
  await overlapping(add(5), add(40));
  expect(await steps(deal)).toEqual([instant(5), instant(40)]);
  await overlapping(add(2), { archive: 'tasks', id: late });
  await overlapping({ archive: 'tasks', id: early }, { update: 'tasks', id: moved, set: { deal: other } });
  expect(await steps(deal)).toEqual([instant(2), instant(40)]);
  expect(await steps(other)).toEqual([instant(20), instant(20)]);
  await overlapping(
    { update: 'tasks', id: moved, set: { deal, due_at: instant(1) } },
    { create: 'tasks', set: { title: 'O', deal: other, due_at: instant(25) } },
  );
  expect(await steps(deal)).toEqual([instant(1), instant(40)]);
  expect(await steps(other)).toEqual([instant(25), instant(25)]);
});

test('two pieces of evidence that go at the same moment leave the gap that neither alone would', async () => {
  const deal = await workspace.create('deals', { name: 'Two calls', owner });
  const call = { type: 'call', result: 'reached', occurred_at: instant(0) };
  await one({ advance: 'deals', id: deal, to: 'contact_established', activity: call });
  await workspace.create('activities', { ...call, deal });
  const { data } = await list(admin, { object: 'activities', where: { deal } });
  let later: Promise<unknown> | undefined;
  await writeAnswering(admin, {
    mode: 'all',
    changes: [{ archive: 'activities', id: data[0]!['id'] as string }],
    async respond() {
      later = one({ archive: 'activities', id: data[1]!['id'] as string });
      await sleep(60);
      return { status: 200, body: null };
    },
  });
  await later;
  expect((await get(admin, { object: 'deals', id: deal }))['gaps']).toEqual([
    'contact_established.first_call',
  ]);
});

test('a reader of events meets each exactly once and those of a record in the order of its versions, whatever commits late', async () => {
  const pool = workspace.database.pool;
  const [last] = await rows<{ xid: string; id: number }>(
    pool,
    sql`SELECT xid::text AS xid, id FROM platform.events ORDER BY platform.events.xid DESC, id DESC LIMIT 1`,
  );
  const start: EventCursor = last!;
  const shared = await Promise.all(
    Array.from({ length: 3 }, (_, n) => workspace.create('accounts', { name: `E${n}`, employees: 0 })),
  );
  let writing = true;
  const seen: StoredEvent[] = [];
  let cursor: EventCursor = start;
  const poll = async (limit: number): Promise<number> => {
    const events = await readEvents(pool, cursor, limit);
    seen.push(...events);
    if (events.length > 0) cursor = cursorAfter(events);
    return events.length;
  };
  const reading = (async () => {
    while (writing) if ((await poll(5)) === 0) await sleep(1);
  })();
  await atOnce(async (writer) => {
    const random = dice(writer + 31);
    for (let step = 0; step < 25; step++) {
      const own = randomUUID();
      const slow = random(4) === 0;
      await writeAnswering(admin, {
        mode: 'all',
        changes: [
          { create: 'products', id: own, set: { name: `W${writer}.${step}` } },
          ...(random(3)
            ? [{ update: 'accounts', id: shared[random(3)]!, set: { employees: writer * 1000 + step } }]
            : []),
          ...(random(3)
            ? []
            : [{ update: 'accounts', id: shared[random(3)]!, set: { city: `${writer}.${step}` } }]),
        ],
        async respond() {
          if (slow) await sleep(random(25));
          return { status: 200, body: null };
        },
      });
      // A transaction whose number was given long before it wrote the record.
      if (random(6) === 0) {
        const client = await pool.connect();
        await client.query('BEGIN; SELECT pg_current_xact_id()');
        await sleep(random(15));
        await client.query('COMMIT');
        client.release();
      }
    }
  });
  writing = false;
  await reading;
  const all = await rows<{ id: number }>(
    pool,
    sql`SELECT id FROM platform.events WHERE (xid, id) > (${start.xid}::text::xid8, ${start.id}::bigint) ORDER BY id`,
  );
  await until(async () => (await poll(5)) === 0 && seen.length >= all.length);
  expect(seen.length).toBe(all.length);
  expect(seen.map((event) => event.id).sort((a, b) => a - b)).toEqual(all.map((event) => event.id));
  const versions = Map.groupBy(seen, (event) => event.record);
  for (const events of versions.values()) {
    const order = events.map((event) => event.version);
    expect(order).toEqual([...order].sort((a, b) => a - b));
  }
});

test('an event that another one of its record overtook is read before it, across any page', async () => {
  const pool = workspace.database.pool;
  const id = await workspace.create('accounts', { name: 'Overtaken', employees: 0 });
  const other = await workspace.create('accounts', { name: 'Other' });
  const [last] = await rows<{ xid: string; id: number }>(
    pool,
    sql`SELECT xid::text AS xid, id FROM platform.events ORDER BY platform.events.xid DESC, id DESC LIMIT 1`,
  );
  // Takes its number by writing another record, and the shared one only after somebody else has written it.
  const early = await pool.connect();
  await early.query('BEGIN');
  await early.query('SELECT pg_current_xact_id()');
  await one({ update: 'accounts', id, set: { employees: 1 } });
  await one({ update: 'accounts', id: other, set: { employees: 1 } });
  await early.query({
    text: `INSERT INTO platform.events (object, record, version, type, actor, actor_name, channel) VALUES ('accounts', $1, 3, 'changed', 'test', 'test', 'test')`,
    values: [id],
  });
  expect(await readEvents(pool, last!)).toEqual([]);
  await early.query('COMMIT');
  early.release();
  for (const limit of [1, 2, 3, 10]) {
    const read: [string, number][] = [];
    let cursor: EventCursor | null = last!;
    await until(async () => {
      const events: StoredEvent[] = await readEvents(pool, cursor, limit);
      read.push(...events.map((event): [string, number] => [event.record, event.version]));
      if (events.length > 0) cursor = cursorAfter(events);
      return events.length === 0 && read.length >= 3;
    });
    expect(read.filter(([record]) => record === id)).toEqual([
      [id, 2],
      [id, 3],
    ]);
    expect(read).toHaveLength(3);
  }
});

test('of eight who enter the same person at once, one does', async () => {
  for (let round = 0; round < 5; round++) {
    const email = `person${round}@else.example`;
    const outcomes = await atOnce((writer) =>
      write(admin, {
        mode: 'each',
        changes: [
          { create: 'contacts', set: { last_name: `W${writer}`, email } },
          { create: 'contacts', set: { last_name: `Other ${writer}.${round}` } },
        ],
      }),
    );
    expect(outcomes.filter(([person]) => person!.ok)).toHaveLength(1);
    expect(outcomes.every(([, other]) => other!.ok)).toBe(true);
    for (const [person] of outcomes) if (!person!.ok) expect(person!.problem.body.code).toBe('already_known');
    expect((await list(admin, { object: 'contacts', where: { email } })).data).toHaveLength(1);
  }
});

test('of eight who enter the same unique value at once, one does', async () => {
  const outcomes = await atOnce(() =>
    write(admin, {
      mode: 'each',
      changes: [{ create: 'users', set: { name: 'U', email: 'unique@ours.example' } }],
    }),
  );
  expect(outcomes.filter(([user]) => user!.ok)).toHaveLength(1);
});

test('of eight who change one version of a record, one does, and the others are told the version it has now', async () => {
  const id = await workspace.create('accounts', { name: 'Raced' });
  const outcomes = await atOnce((writer) =>
    write(admin, {
      mode: 'each',
      changes: [{ update: 'accounts', id, version: 1, set: { employees: writer + 1 } }],
    }),
  );
  expect(outcomes.filter(([change]) => change!.ok)).toHaveLength(1);
  for (const [change] of outcomes)
    if (!change!.ok) expect(change!.problem.body).toMatchObject({ status: 412, extra: { version: 2 } });
  // Without a version all are taken, one after the other.
  await atOnce((writer) => one({ update: 'accounts', id, set: { employees: 100 + writer } }));
  expect((await get(admin, { object: 'accounts', id }))['version']).toBe(2 + writers);
});

test('writers who take the same deals in opposite order, through tasks and by name, all get through', async () => {
  const [a, b] = [
    await workspace.create('deals', { name: 'X' }),
    await workspace.create('deals', { name: 'Y' }),
  ];
  const [ofA, ofB] = [
    await workspace.create('tasks', { title: 'of X', deal: a }),
    await workspace.create('tasks', { title: 'of Y', deal: b }),
  ];
  const pool = workspace.database.pool;
  const deadlocks = async (): Promise<number> => {
    await pool.query('SELECT pg_stat_force_next_flush()');
    return Number(
      (await row(pool, sql`SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`))![
        'deadlocks'
      ],
    );
  };
  const before = await deadlocks();
  const pair = (deal: string, task: string, n: number): Change[] => [
    { update: 'deals', id: deal, set: { amount: n } },
    { update: 'tasks', id: task, set: { due_at: instant(n) } },
  ];
  for (let round = 1; round <= 12; round++) {
    const outcomes = await Promise.all([
      write(admin, { mode: 'all', changes: pair(a, ofB, round) }),
      write(admin, { mode: 'each', changes: pair(b, ofA, round) }),
    ]);
    expect(outcomes.flat().every((outcome) => outcome.ok)).toBe(true);
    if ((await deadlocks()) > before) break;
  }
  for (const id of [a, b]) {
    const deal = await get(admin, { object: 'deals', id });
    const task = await get(admin, { object: 'tasks', id: id === a ? ofA : ofB });
    expect(deal['next_step_at']).toBe(task['due_at']);
  }
});

/** As the HTTP door calls with an Idempotency-Key. */
const keyed = (key: string, body: string, context = admin): Context => ({
  ...context,
  catalog: context.catalog,
  idempotency: { key, bodyHash: Buffer.from(body.padEnd(32, '.')) },
});
const creating = (context: Context, name: string, meanwhile: () => Promise<unknown> = async () => {}) =>
  writeAnswering(context, {
    mode: 'all',
    changes: [{ create: 'products', set: { name } }],
    async respond(_, [outcome]) {
      await meanwhile();
      return { status: 201, body: { id: outcome?.ok ? outcome.id : null } };
    },
  });
const productsNamed = async (name: string): Promise<number> =>
  (await list(admin, { object: 'products', where: { name }, limit: 1, count: 'exact' })).total!;

test('a key raced from two connections writes once; the other is told to wait, and later gets the same answer', async () => {
  let other: unknown;
  const first = await creating(keyed('race', 'body'), 'Raced product', async () => {
    other = await refused(creating(keyed('race', 'body'), 'Raced product'));
  });
  expect(other).toMatchObject({ status: 409, code: 'still_running' });
  const again = await creating(keyed('race', 'body'), 'Raced product');
  expect(again.answer).toEqual(first.answer);
  expect(await productsNamed('Raced product')).toBe(1);
  const all = await atOnce(() =>
    creating(keyed('storm', 'body'), 'Storm').catch((error: unknown) => {
      if (isProblem(error) && error.body.code === 'still_running') return undefined;
      throw error;
    }),
  );
  const answers = new Set(all.filter((one) => one !== undefined).map((one) => JSON.stringify(one.answer)));
  expect(answers.size).toBe(1);
  expect(await productsNamed('Storm')).toBe(1);
});

test('the same key with another body is refused; of another caller it is another key', async () => {
  await creating(keyed('body', 'one'), 'Body');
  expect(await refused(creating(keyed('body', 'two'), 'Body'))).toMatchObject({
    status: 422,
    code: 'key_reused',
  });
  await creating(keyed('body', 'two', workspace.as('crm_owner')), 'Body');
  expect(await productsNamed('Body')).toBe(2);
});

test('a refused write keeps no answer, and a stored one is given whatever the body would get today', async () => {
  const invalid = () =>
    writeAnswering(keyed('refused', 'b'), {
      mode: 'all',
      changes: [{ create: 'products', set: { name: '' } }],
    });
  expect((await refused(invalid())).code).toBe('invalid');
  await creating(keyed('refused', 'b'), 'Second try');
  const { answer, outcomes } = await invalid();
  expect(answer).toMatchObject({ status: 201 });
  expect(outcomes).toEqual([]);
});

test('an answer is stored in the write’s own transaction: who dies before the commit leaves neither', async () => {
  const pool = workspace.database.pool;
  const dying = writeAnswering(keyed('dying', 'b'), {
    mode: 'all',
    changes: [{ create: 'products', set: { name: 'Dying' } }],
    async respond(on) {
      const { rows: found } = await on.query({ text: 'SELECT pg_backend_pid() AS pid', values: [] });
      await pool.query('SELECT pg_terminate_backend($1)', [found[0].pid]);
      return { status: 201, body: null };
    },
  });
  await expect(dying).rejects.toThrow();
  expect(await productsNamed('Dying')).toBe(0);
  expect(await rows(pool, sql`SELECT 1 FROM platform.idempotency_keys WHERE key = 'dying'`)).toEqual([]);
  const { answer } = await creating(keyed('dying', 'b'), 'Dying');
  expect(answer).toMatchObject({ status: 201 });
  expect(await productsNamed('Dying')).toBe(1);
});
