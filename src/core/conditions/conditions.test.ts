/** The condition language on real rows: groups, links, related records, time, variables, who may see what. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeTables, put, sampleCatalog, sampleNow, sampleParse } from '../../kinds/sample-workspace.ts';
import { testDatabase, type TestDatabase } from '../../testing/database.ts';
import { isProblem } from '../errors/problem.ts';
import { ident, raw, rows, sql } from '../sql/sql.ts';
import type { ConditionEnv, Visibility } from './scope.ts';
import { conditionToSql, conditionToSqlOrNothing, fieldToSql } from './to-sql.ts';

const { catalog } = sampleCatalog();
let database: TestDatabase;
let anna: string, ben: string, north: string;

const env = (object: string, rest: Partial<ConditionEnv> = {}): ConditionEnv => ({
  catalog,
  object,
  alias: 't',
  place: 'list',
  scope: { me: anna, teams: [north], now: sampleNow },
  parse: sampleParse(catalog),
  ...rest,
});

/** Names of the records for which the condition holds. */
async function found(
  object: string,
  condition: unknown,
  rest: Partial<ConditionEnv> = {},
): Promise<string[]> {
  const name = catalog.objects.get(object)!.nameFields[0]!;
  const where = conditionToSql(condition, env(object, rest));
  const all = await rows<{ name: string }>(
    database.pool,
    sql`SELECT ${ident('t', name)} AS name FROM ${ident('crm', object)} t WHERE ${where} ORDER BY 1`,
  );
  return all.map((one) => one.name);
}

beforeAll(async () => {
  database = await testDatabase({ empty: true });
  const { pool } = database;
  await makeTables(pool, catalog);
  const make = (of: string, values: Record<string, unknown>) => put(pool, catalog, of, values);
  north = await make('teams', { name: 'North' });
  anna = await make('users', { name: 'Anna', team: north });
  ben = await make('users', { name: 'Ben' });
  const group = await make('accounts', {
    name: 'Müller Group',
    industry: 'retail',
    owner: ben,
    tags: ['vip'],
  });
  const soft = await make('accounts', {
    name: 'Softworks',
    industry: 'software',
    owner: anna,
    parent: group,
  });
  const alpha = await make('deals', {
    name: 'Alpha',
    account: soft,
    owner: anna,
    stage: 'proposal_sent',
    amount: 10_000,
    cost: 4_000,
    opened_on: '2026-03-06',
    last_step_at: '2026-03-20T22:30:00Z',
    next_step_at: '2026-03-20T23:30:00Z',
  });
  const beta = await make('deals', {
    name: 'Beta',
    account: group,
    owner: ben,
    stage: 'won',
    amount: 500,
    cost: 600,
    opened_on: '2026-01-31',
    last_step_at: '2026-03-19T22:59:59Z',
  });
  await make('deals', { name: 'Gamma', stage: 'new', amount: { amount: 0, currency: 'EUR' }, cost: 1 });
  await make('deals', { name: '$weird', amount: { amount: 7, currency: 'JPY' } });
  await make('activities', {
    subject: 'A1',
    type: 'call',
    deal: alpha,
    account: soft,
    occurred_at: '2026-03-19T10:00:00Z',
    result: 'spoke',
  });
  await make('activities', {
    subject: 'A2',
    type: 'email',
    deal: alpha,
    occurred_at: '2026-02-01T10:00:00Z',
  });
  await make('activities', { subject: 'A3', type: 'call', deal: beta, occurred_at: '2026-03-25T10:00:00Z' });
  await make('activities', {
    subject: 'gone',
    type: 'meeting',
    deal: beta,
    archived_at: '2026-03-01T00:00:00Z',
  });
  await make('tasks', { title: 'Call back', deal: alpha, assignee: anna, due_at: '2026-03-21T08:00:00Z' });
  await make('tasks', { title: 'No deal', assignee: ben });
});
afterAll(() => database.drop());

describe('groups', () => {
  test.each<[string, unknown, string[]]>([
    ['{} is every record', {}, ['$weird', 'Alpha', 'Beta', 'Gamma']],
    ['several keys are all of them', { stage: 'won', cost: { gt: 1 } }, ['Beta']],
    ['a list is any of its values', { stage: ['won', 'new'] }, ['Beta', 'Gamma']],
    ['null is missing', { stage: null }, ['$weird']],
    ['any of several', { any: [{ stage: 'won' }, { cost: 1 }] }, ['Beta', 'Gamma']],
    ['any of none is nothing', { any: [] }, []],
    ['not takes the missing in', { not: { stage: 'won' } }, ['$weird', 'Alpha', 'Gamma']],
    ['not of all', { not: { all: [{ stage: 'won' }, { cost: { gte: 1 } }] } }, ['$weird', 'Alpha', 'Gamma']],
    ['several operators on one field', { cost: { gte: 1, lt: 4000 } }, ['Beta', 'Gamma']],
    ['ne takes the missing in', { stage: { ne: 'won' } }, ['$weird', 'Alpha', 'Gamma']],
    ['$$ is a text that begins with $', { name: '$$weird' }, ['$weird']],
    ['case and accents make no difference', { 'account.name': 'MULLER  group' }, ['Beta']],
    [
      'an amount that has no rate is there, but equals nothing',
      { amount: { missing: false, lt: 1e9 } },
      ['Alpha', 'Beta', 'Gamma'],
    ],
    [
      'an amount that has no rate is not missing',
      { amount: { missing: false } },
      ['$weird', 'Alpha', 'Beta', 'Gamma'],
    ],
    ['a set includes a value', { 'account.tags': 'vip' }, ['Beta']],
  ])('%s', async (_name, condition, names) => {
    expect(await found('deals', condition)).toEqual(names);
  });
});

describe('links and related records', () => {
  test.each<[string, string, unknown, string[]]>([
    ['a path over one link', 'deals', { 'account.industry': 'software' }, ['Alpha']],
    [
      'a path over three links',
      'activities',
      { 'deal.account.parent.name': { starts_with: 'mull' } },
      ['A1', 'A2'],
    ],
    [
      'a path that leads nowhere is missing',
      'deals',
      { 'account.name': { missing: true } },
      ['$weird', 'Gamma'],
    ],
    ['some', 'deals', { activities: { some: { type: 'call', result: { missing: false } } } }, ['Alpha']],
    [
      'none counts no archived record',
      'deals',
      { activities: { none: { type: 'meeting' } } },
      ['$weird', 'Alpha', 'Beta', 'Gamma'],
    ],
    ['none', 'deals', { activities: { none: {} } }, ['$weird', 'Gamma']],
    [
      'count with a condition',
      'deals',
      { activities: { count: { gte: 1, where: { type: 'call' } } } },
      ['Alpha', 'Beta'],
    ],
    ['count as a bare number', 'deals', { activities: { count: 2 } }, ['Alpha']],
    ['count of none', 'deals', { activities: { count: { lt: 1 } } }, ['$weird', 'Gamma']],
    ['some and none at once', 'deals', { activities: { some: {}, none: { type: 'email' } } }, ['Beta']],
    [
      'related records two levels down',
      'accounts',
      { deals: { some: { activities: { some: { type: 'email' } } } } },
      ['Softworks'],
    ],
    [
      'related records that lead back over a link',
      'deals',
      { activities: { some: { 'deal.account.industry': 'retail' } } },
      ['Beta'],
    ],
    [
      'related records of a linked record',
      'tasks',
      { 'deal.activities': { some: { type: 'email' } } },
      ['Call back'],
    ],
    [
      'without a linked record none is not true',
      'tasks',
      { 'deal.activities': { none: { type: 'meeting' } } },
      ['Call back'],
    ],
    [
      'an object that links to itself',
      'accounts',
      { accounts: { some: { industry: 'software' } } },
      ['Müller Group'],
    ],
    [
      '$parent is the record around',
      'deals',
      { activities: { some: { occurred_at: { gte: '$parent.next_step_at' } } } },
      [],
    ],
    [
      '$parent over a link',
      'tasks',
      { 'deal.activities': { some: { occurred_at: { lt: '$parent.next_step_at' } } } },
      ['Call back'],
    ],
    ['a parent’s own link', 'deals', { activities: { some: { account: '$parent.account' } } }, ['Alpha']],
  ])('%s', async (_name, object, condition, names) => {
    expect(await found(object, condition)).toEqual(names);
  });
});

describe('variables', () => {
  test.each<[string, string, unknown, string[]]>([
    ['$me', 'deals', { owner: '$me' }, ['Alpha']],
    ['not $me takes the missing in', 'deals', { owner: { ne: '$me' } }, ['$weird', 'Beta', 'Gamma']],
    ['$me as the user’s own id', 'users', { id: '$me' }, ['Anna']],
    ['$my_team is any of them', 'deals', { 'owner.team': '$my_team' }, ['Alpha']],
    ['$my_team in a list', 'users', { team: { in: '$my_team' } }, ['Anna']],
    ['not $my_team', 'users', { team: { ne: '$my_team' } }, ['Ben']],
    [
      '$me beside others in a list',
      'deals',
      { owner: { in: ['$me', '00000000-0000-4000-8000-000000000000'] } },
      ['Alpha'],
    ],
    // In Berlin the day of the test ends at 23:00 UTC.
    ['$today is the start of the day in the zone', 'deals', { last_step_at: { gte: '$today' } }, ['Alpha']],
    ['$today+1d', 'deals', { next_step_at: { gte: '$today+1d' } }, ['Alpha']],
    ['$today with a date field is the date', 'deals', { opened_on: { gte: '$today-14d' } }, ['Alpha']],
    ['months end where they end', 'deals', { opened_on: { lte: '$today-1mo' } }, ['Beta']],
    ['$now with hours', 'activities', { occurred_at: { gt: '$now-27h' } }, ['A1', 'A3']],
    ['within looks back only', 'activities', { occurred_at: { within: '14d' } }, ['A1']],
    ['next looks ahead only', 'activities', { occurred_at: { next: '14d' } }, ['A3']],
    ['older than', 'activities', { occurred_at: { older_than: '14d' } }, ['A2']],
  ])('%s', async (_name, object, condition, names) => {
    expect(await found(object, condition)).toEqual(names);
  });

  test('a key without user and team matches nothing by them, not even under not, none and count', async () => {
    const scope = { me: null, teams: [], now: sampleNow };
    for (const condition of [
      { owner: '$me' },
      { owner: { ne: '$me' } },
      { not: { owner: '$me' } },
      { not: { not: { not: { owner: '$me' } } } },
      { 'owner.team': '$my_team' },
      { not: { 'owner.team': { in: '$my_team' } } },
      { not: { any: [{ owner: '$me' }, { stage: 'lost' }] } },
      { name: 'Alpha', tasks: { none: { assignee: '$me' } } },
      { tasks: { count: { lt: 5, where: { assignee: '$me' } } } },
    ]) {
      expect(await found('deals', condition, { scope }), JSON.stringify(condition)).toEqual([]);
    }
    expect(await found('deals', { any: [{ owner: '$me' }, { stage: 'won' }] }, { scope })).toEqual(['Beta']);
  });

  test('$old is the row before, by alias or as values; without one nothing is told', async () => {
    const condition = { stage: { ne: '$old.stage' }, amount: { gt: '$old.cost' } };
    const scope = { me: null, teams: [], now: sampleNow };
    const place = 'automation';
    const old = { values: { stage: 'won', cost: 450 } };
    expect(await found('deals', condition, { place, scope: { ...scope, old } })).toEqual(['Alpha']);
    expect(
      await found('deals', { stage: '$old.stage' }, { place, scope: { ...scope, old: { alias: 't' } } }),
    ).toEqual(['Alpha', 'Beta', 'Gamma']);
    expect(await found('deals', { not: condition }, { place, scope })).toEqual([]);
  });

  test('$other is the other record of a pair', async () => {
    const where = conditionToSql(
      { stage: { ne: '$other.stage' }, name: { lt: '$other.name' }, cost: { missing: false } },
      env('deals', { place: 'match', scope: { me: null, teams: [], other: { alias: 'o' } } }),
    );
    const pairs = await rows(
      database.pool,
      sql`SELECT t.name AS a, o.name AS b FROM crm.deals t, crm.deals o WHERE o.cost IS NOT NULL AND ${where} ORDER BY 1, 2`,
    );
    expect(pairs).toEqual([
      { a: 'Alpha', b: 'Beta' },
      { a: 'Alpha', b: 'Gamma' },
      { a: 'Beta', b: 'Gamma' },
    ]);
  });

  test('$now is the database’s own clock unless one is given', async () => {
    const scope = { me: null, teams: [] };
    const where = conditionToSql({ occurred_at: { lte: '$now' } }, env('activities', { scope }));
    expect(where.chunks.join('')).toContain('now()');
    expect(
      (await rows(database.pool, sql`SELECT 1 FROM crm.activities t WHERE ${where} LIMIT 0`)).length,
    ).toBe(0);
  });
});

describe('computed fields', () => {
  test.each<[string, unknown, string[]]>([
    ['a condition is yes', { active: true }, ['Alpha']],
    ['a condition is no where it is not yes', { active: false }, ['$weird', 'Beta', 'Gamma']],
    ['an expression is a number', { margin: { gte: 0.6 } }, ['Alpha']],
    ['nothing divided by zero is missing', { margin: { missing: true } }, ['$weird', 'Gamma']],
    ['one may stand in another', { good: true }, ['Alpha']],
  ])('%s', async (_name, condition, names) => {
    expect(await found('deals', condition)).toEqual(names);
  });

  test('may be selected and sorted by, also over a link', async () => {
    const margin = fieldToSql('margin', env('deals'));
    expect(margin).toMatchObject({ type: 'numeric', field: { key: 'margin' } });
    const linked = fieldToSql('deal.margin', env('activities'));
    const all = await rows(
      database.pool,
      sql`SELECT t.subject, round(${linked.sql}, 2) AS margin FROM crm.activities t ORDER BY ${linked.sql}, 1`,
    );
    expect(all.map((one) => `${one.subject} ${Number(one.margin)}`)).toEqual([
      'A3 -0.2',
      'gone -0.2',
      'A1 0.6',
      'A2 0.6',
    ]);
  });

  test('a field that is none is refused with its path', () => {
    let problem: unknown;
    try {
      fieldToSql('account.industri', env('deals'));
    } catch (error) {
      problem = error;
    }
    expect(isProblem(problem) && problem.body).toMatchObject({
      status: 422,
      errors: [{ path: 'account.industri', code: 'unknown_field', fix: { say: 'Did you mean “industry”?' } }],
    });
  });
});

describe('what one may not see', () => {
  const onlyOwn: Visibility = {
    field: (object, key) => !(object === 'deals' && key === 'cost'),
    object: (object) => object !== 'tasks',
    // A reader’s scope is a condition itself, compiled for the alias it is given.
    readable: (object, alias) =>
      object === 'accounts' || object === 'activities'
        ? conditionToSql(object === 'accounts' ? { owner: '$me' } : { 'deal.account.owner': '$me' }, {
            ...env(object),
            alias,
          })
        : null,
  };
  const codes = (condition: unknown, may?: Visibility): string[] => {
    try {
      conditionToSql(condition, env('deals', { may }));
    } catch (error) {
      return isProblem(error) ? error.body.errors.map((one) => `${one.code} ${one.message}`) : ['crash'];
    }
    return [];
  };

  test('a hidden field is refused in the words of an unknown one', () => {
    const hidden = codes({ cost: 1 }, onlyOwn);
    expect(hidden).toEqual(['unknown_field There is no field “cost” on Deals.']);
    expect(codes({ coss: 1 }, onlyOwn).map((text) => text.replace('coss', 'cost'))).toEqual(hidden);
    expect(codes({ cost: 1 })).toEqual([]);
  });

  test('no suggestion names what is hidden', () => {
    let says: string[] = [];
    try {
      conditionToSql({ costs: 1, task: { some: {} } }, env('deals', { may: onlyOwn }));
    } catch (error) {
      says = isProblem(error) ? error.body.errors.map((one) => one.fix.say) : [];
    }
    expect(says).toHaveLength(2);
    expect(says.join()).not.toMatch(/cost|task/);
  });

  test('a computed field that reads a hidden one is unknown too', () => {
    expect(codes({ margin: { gt: 0 } }, onlyOwn)).toEqual([
      'unknown_field There is no field “margin” on Deals.',
    ]);
    expect(codes({ good: true }, onlyOwn)).toEqual(['unknown_field There is no field “good” on Deals.']);
    expect(codes({ active: true }, onlyOwn)).toEqual([]);
  });

  test('related records of a hidden object are unknown', () => {
    expect(codes({ tasks: { some: {} } }, onlyOwn)).toEqual([
      'unknown_field There is no field “tasks” on Deals.',
    ]);
  });

  test('linked and related records are met only where they may be read', async () => {
    expect(await found('deals', { 'account.name': { missing: false } }, { may: onlyOwn })).toEqual(['Alpha']);
    expect(await found('deals', { activities: { some: {} } }, { may: onlyOwn })).toEqual(['Alpha']);
    expect(await found('deals', { activities: { count: 0 } }, { may: onlyOwn })).toEqual([
      '$weird',
      'Beta',
      'Gamma',
    ]);
    // Two subselects of one object, one inside the other, each under the reader’s scope.
    expect(
      await found('activities', { 'deal.activities': { some: { type: 'email' } } }, { may: onlyOwn }),
    ).toEqual(['A1', 'A2']);
  });
});

describe('a condition that no longer resolves', () => {
  test('matches nothing where a scope asks for nothing instead of a problem', async () => {
    const nothing = conditionToSqlOrNothing({ any: [{ no_such: 1 }, {}] }, env('deals', { place: 'role' }));
    expect(await rows(database.pool, sql`SELECT 1 FROM crm.deals t WHERE ${nothing}`)).toEqual([]);
    const well = conditionToSqlOrNothing({ owner: '$me' }, env('deals', { place: 'role' }));
    expect(await rows(database.pool, sql`SELECT 1 FROM crm.deals t WHERE ${well}`)).toHaveLength(1);
  });

  test('of an unknown object is a problem, not a crash', () => {
    expect(() => conditionToSql({}, env('no_such'))).toThrow('There is no object “no_such”.');
  });
});

describe('index use', () => {
  test('a list of values is one parameter, whatever its length', () => {
    const one = conditionToSql({ stage: ['new'] }, env('deals'));
    const many = conditionToSql({ stage: ['new', 'won', 'lost', 'negotiation'] }, env('deals'));
    expect(many.chunks).toEqual(one.chunks);
    expect(many.values).toEqual([['new', 'won', 'lost', 'negotiation']]);
  });

  test('equality and prefixes of text can use an index on the folded column', async () => {
    await rows(database.pool, sql`CREATE INDEX ON crm.accounts (name__fold)`);
    for (const condition of [{ name: 'Softworks' }, { name: { starts_with: 'soft' } }]) {
      const client = await database.pool.connect();
      try {
        await client.query('SET enable_seqscan = off');
        const where = conditionToSql(condition, env('accounts'));
        // The planner sees a prefix only in a literal: the text of a generic plan would hide it.
        const text = where.chunks.reduce(
          (all, chunk, index) => `${all}'${String(where.values[index - 1])}'${chunk}`,
        );
        const plan = await rows<{ 'QUERY PLAN': string }>(
          client,
          sql`EXPLAIN SELECT 1 FROM crm.accounts t WHERE ${raw(text)}`,
        );
        expect(plan.map((line) => line['QUERY PLAN']).join('\n')).toMatch(/Index Cond: .*name__fold/);
      } finally {
        await client.query('RESET enable_seqscan');
        client.release();
      }
    }
  });
});
