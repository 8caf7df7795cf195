/** What every kind of checkpoint item promises, and each kind on real rows. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ObjectModel } from '../../core/catalog/catalog.ts';
import { checkpointEnv } from '../../core/conditions/checkpoint-env.ts';
import type { CheckpointKind } from '../../core/kinds/checkpoint-kind.ts';
import { raw, row, rows, sql } from '../../core/sql/sql.ts';
import { testDatabase, type TestDatabase } from '../../testing/database.ts';
import {
  makeTables,
  put,
  sampleCatalog,
  sampleDefinitions,
  sampleNow,
  sampleParse,
} from '../sample-workspace.ts';
import { checkpointKinds } from './index.ts';

const { catalog } = sampleCatalog();
const deals = catalog.objects.get('deals')!;
const env = checkpointEnv(catalog, deals, { me: null, teams: [], now: sampleNow }, sampleParse(catalog));

let database: TestDatabase;
let deal: string;

const settingsOf = (kind: CheckpointKind, given: unknown): any => kind.settings.parse(given);

/** Does the item hold for the deal? Null would be neither, and is never given. */
async function holds(key: string, given: unknown): Promise<boolean> {
  const kind = checkpointKinds[key]!;
  const judged = kind.holds(settingsOf(kind, given), env);
  const found = await row<{ yes: boolean }>(
    database.pool,
    sql`SELECT ${judged} AS yes FROM crm.deals t WHERE t.id = ${deal}`,
  );
  return found!.yes;
}

const make = (of: string, values: Record<string, unknown>) => put(database.pool, catalog, of, values);
const archive = (of: string) => rows(database.pool, sql`UPDATE ${raw(`crm.${of}`)} SET archived_at = now()`);
const set = (change: string) =>
  rows(database.pool, sql`UPDATE crm.deals SET ${raw(change)} WHERE id = ${deal}`);

beforeAll(async () => {
  database = await testDatabase({ empty: true });
  await makeTables(database.pool, catalog);
});
afterAll(() => database.drop());
beforeEach(async () => {
  for (const of of ['deals', 'activities', 'tasks', 'documents'])
    await rows(database.pool, sql`DELETE FROM ${raw(`crm.${of}`)}`);
  deal = await make('deals', { name: 'Alpha', stage: 'new' });
  const other = await make('deals', { name: 'Other', stage: 'new' });
  // Evidence of another record proves nothing for this one.
  await make('activities', {
    type: 'call',
    deal: other,
    occurred_at: '2026-03-19T10:00:00Z',
    result: 'spoke',
  });
  await make('tasks', { title: 'Other', deal: other });
  await make('documents', { name: 'Other', deal: other, kind: 'proposal', url: 'https://acme.com/a.pdf' });
});

const minimal: Record<string, unknown> = {
  fields: { fields: ['owner', 'amount'] },
  condition: {
    condition: { amount: { gt: 0 }, 'account.industry': 'software' },
    say: 'The amount is still nothing.',
  },
  activity: { of: ['call', 'meeting'], result: true, within: '14d' },
  file: { document_kind: 'proposal' },
  next_step: {},
  related: { of: 'tasks', where: { assignee: { missing: false } }, at_least: 2 },
};

describe.each(Object.values(checkpointKinds))('every kind: $key', (kind) => {
  const given = () => settingsOf(kind, minimal[kind.key]);

  test('does not hold on a bare record, and says so with yes or no', async () => {
    expect(await holds(kind.key, minimal[kind.key])).toBe(false);
  });

  test('holds together in a catalog that has what it asks for', () => {
    expect(checkpointKinds[kind.key]).toBe(kind);
    expect(kind.check(given(), env)).toEqual([]);
    expect(kind.settings.safeParse({ ...(minimal[kind.key] as object), no_such_setting: 1 }).success).toBe(
      false,
    );
  });

  test('says in one kind sentence what is missing, and what to send', () => {
    const { path, say, fix } = kind.missing(given(), env);
    expect(path === '' || deals.fields.has(path)).toBe(true);
    expect(say).toMatch(/^[A-Z].{10,}\.$/);
    expect(fix.say).toMatch(/^[A-Z].{8,}\.$/);
    expect(`${say}${fix.say}`).not.toMatch(/undefined|null|\{/);
    for (const key of (fix.set as string[] | undefined) ?? [])
      expect(deals.fields.get(key)?.maintained).toBe(false);
  });

  test('names fields of the record and objects of its evidence', () => {
    for (const key of kind.fields(given(), env)) expect(deals.fields.has(key)).toBe(true);
    for (const key of kind.evidence(given(), env)) expect(catalog.objects.has(key)).toBe(true);
    expect([...kind.fields(given(), env), ...kind.evidence(given(), env)]).not.toEqual([]);
  });

  test('stays shut, and says why, where the catalog has nothing that could meet it', async () => {
    const definitions = sampleDefinitions();
    for (const key of ['activities', 'tasks', 'documents']) delete definitions.objects[key];
    delete definitions.objects.deals!.fields.last_step_at;
    delete definitions.objects.deals!.fields.active;
    for (const stage of definitions.pipelines.new_business!.stages) {
      delete stage.enter;
      delete stage.leave;
    }
    const { catalog: bare } = sampleCatalog(definitions);
    const poor = checkpointEnv(bare, bare.objects.get('deals') as ObjectModel);
    if (['fields', 'condition'].includes(kind.key)) {
      expect(kind.check(given(), poor)).toEqual([]);
      return;
    }
    const issues = kind.check(given(), poor);
    expect(issues.map((one) => one.code)).toEqual([
      kind.key === 'related' ? 'unknown_related' : 'nothing_serves',
    ]);
    expect(kind.missing(given(), poor).say).toMatch(/\.$/);
    if (kind.key === 'related') expect(() => kind.holds(given(), poor)).toThrow();
    else
      expect(await row(database.pool, sql`SELECT ${kind.holds(given(), poor)} AS yes`)).toEqual({
        yes: false,
      });
  });
});

describe('fields', () => {
  test('hold when all are filled in', async () => {
    await set(`owner = gen_random_uuid()`);
    expect(await holds('fields', { fields: ['owner', 'amount'] })).toBe(false);
    // An amount without a rate is filled in.
    await set(`amount = 5, amount__currency = 'JPY'`);
    expect(await holds('fields', { fields: ['owner', 'amount'] })).toBe(true);
  });

  test('say which, and which do not exist', () => {
    const { fields } = checkpointKinds;
    expect(fields!.missing({ fields: ['amount'] }, env)).toEqual({
      path: 'amount',
      say: 'Amount is still to be filled in.',
      fix: { say: 'Fill in Amount.', set: ['amount'] },
    });
    expect(fields!.missing({ fields: ['owner', 'opened_on', 'amount'] }, env).fix.say).toBe(
      'Fill in Owner, Opened on and Amount.',
    );
    expect(fields!.check({ fields: ['amont', 'active'] }, env)).toMatchObject([
      { path: 'fields.0', code: 'unknown_field', fix: { say: 'Did you mean “amount”?' } },
      { path: 'fields.1', code: 'never_missing' },
    ]);
    expect(fields!.fields({ fields: ['margin'] }, env)).toEqual(['amount', 'cost']);
  });
});

describe('condition', () => {
  const item = (condition: unknown, fix?: string) => ({
    condition,
    say: 'The amount must be more than nothing.',
    fix,
  });

  test('holds, does not hold, and is unknown nowhere', async () => {
    expect(await holds('condition', item({ cost: { gt: 1 } }))).toBe(false);
    expect(await holds('condition', item({ not: { cost: { gt: 1 } } }))).toBe(true);
    await set('cost = 2');
    expect(await holds('condition', item({ cost: { gt: 1 } }))).toBe(true);
  });

  test('tells what it asks, and where it is wrong', () => {
    const { condition } = checkpointKinds;
    expect(condition!.missing(settingsOf(condition!, item({ amount: { gte: 5_000 } })), env)).toEqual({
      path: 'amount',
      say: 'The amount must be more than nothing.',
      fix: { say: 'See to it that amount is at least 5,000.', set: ['amount'] },
    });
    expect(condition!.missing(item({ amount: 1 }, 'Ask for it.'), env).fix.say).toBe('Ask for it.');
    expect(condition!.check(item({ any: [{ amont: 1 }, { owner: '$me' }] }), env)).toMatchObject([
      { path: 'condition.any.0.amont', code: 'unknown_field' },
      { path: 'condition.any.1.owner', code: 'forbidden_variable' },
    ]);
    expect(condition!.evidence(item({ activities: { some: {} } }), env)).toEqual(['activities']);
  });
});

describe('activity', () => {
  test('is met by one of its types that took place, with its result', async () => {
    const asked = { of: 'call', result: true };
    await make('activities', { type: 'email', deal, occurred_at: '2026-03-19T10:00:00Z', result: 'sent' });
    expect(await holds('activity', asked)).toBe(false);
    await make('activities', { type: 'call', deal, result: 'spoke' });
    expect(await holds('activity', asked), 'undated').toBe(false);
    await make('activities', { type: 'call', deal, occurred_at: '2026-03-19T10:00:00Z' });
    expect(await holds('activity', asked), 'without result').toBe(false);
    expect(await holds('activity', { of: 'call' })).toBe(true);
    await make('activities', {
      type: 'call',
      deal,
      occurred_at: '2026-03-21T10:00:00Z',
      result: 'will speak',
    });
    expect(await holds('activity', asked), 'still to come').toBe(false);
    await make('activities', { type: 'call', deal, occurred_at: '2026-03-01T10:00:00Z', result: 'spoke' });
    expect(await holds('activity', asked)).toBe(true);
    expect(await holds('activity', { ...asked, within: '14d' }), 'too old').toBe(false);
    await archive('activities');
    expect(await holds('activity', asked), 'archived').toBe(false);
  });

  test('any of several types will do', async () => {
    await make('activities', {
      type: 'meeting',
      deal,
      occurred_at: '2026-03-19T10:00:00Z',
      result: 'agreed',
    });
    expect(await holds('activity', { of: 'call' })).toBe(false);
    expect(await holds('activity', { of: ['call', 'meeting'], result: true, within: '2d' })).toBe(true);
  });

  test('says what to log', () => {
    const { activity } = checkpointKinds;
    expect(activity!.missing(settingsOf(activity!, minimal.activity), env)).toEqual({
      path: '',
      say: 'There is no record yet of a call or meeting with its result from the last 14 days.',
      fix: {
        say: 'Log a call or meeting with its result from the last 14 days.',
        activity: { type: 'call', occurred_at: null, result: null },
      },
    });
    expect(
      activity!.check(settingsOf(activity!, { of: 'cal', result_field: 'reslt', result: true }), env),
    ).toMatchObject([
      { path: 'result_field', code: 'unknown_field', fix: { say: 'Did you mean “result”?' } },
    ]);
    expect(activity!.check(settingsOf(activity!, { of: 'cal' }), env)).toMatchObject([
      { code: 'invalid_value' },
    ]);
    expect(activity!.evidence(settingsOf(activity!, { of: 'call' }), env)).toEqual(['activities']);
  });

  test('counts through any of the links of the activity', async () => {
    const account = await make('accounts', { name: 'Acme' });
    const accounts = checkpointEnv(
      catalog,
      catalog.objects.get('accounts')!,
      { me: null, teams: [], now: sampleNow },
      sampleParse(catalog),
    );
    await make('activities', { type: 'call', account, occurred_at: '2026-03-19T10:00:00Z' });
    const judged = checkpointKinds.activity!.holds(
      settingsOf(checkpointKinds.activity!, { of: 'call' }),
      accounts,
    );
    expect(
      await row(database.pool, sql`SELECT ${judged} AS yes FROM crm.accounts t WHERE id = ${account}`),
    ).toEqual({ yes: true });
  });
});

describe('file', () => {
  test('is met by a living document of its kind with a file or a link', async () => {
    await make('documents', { name: 'Empty', deal, kind: 'proposal' });
    expect(await holds('file', {})).toBe(false);
    await make('documents', { name: 'Contract', deal, kind: 'contract', url: 'https://acme.com/c.pdf' });
    expect(await holds('file', {})).toBe(true);
    expect(await holds('file', { document_kind: 'proposal' })).toBe(false);
    await make('documents', {
      name: 'Offer',
      deal,
      kind: 'proposal',
      file: '01923f6e-7c1a-7bbb-8e21-0a4b7c1d2e3f',
    });
    expect(await holds('file', { document_kind: 'proposal' })).toBe(true);
    await archive('documents');
    expect(await holds('file', {})).toBe(false);
  });

  test('says what to attach', () => {
    const { file } = checkpointKinds;
    expect(file!.missing(settingsOf(file!, { document_kind: ['proposal'] }), env)).toEqual({
      path: '',
      say: 'No proposal is attached yet.',
      fix: { say: 'Attach a proposal, as a file or a link.', file: { kind: 'proposal' } },
    });
    expect(file!.check(settingsOf(file!, { document_kind: 'propsal' }), env)).toMatchObject([
      { code: 'invalid_value' },
    ]);
  });
});

describe('next step', () => {
  test('is met by an open task', async () => {
    await make('tasks', { title: 'Done', deal, done_at: '2026-03-01T10:00:00Z' });
    expect(await holds('next_step', {})).toBe(false);
    await make('tasks', { title: 'Call', deal });
    expect(await holds('next_step', {})).toBe(true);
    await archive('tasks');
    expect(await holds('next_step', {})).toBe(false);
  });

  test('is met by a meeting still to come, not by one that was', async () => {
    await make('activities', { type: 'meeting', deal, occurred_at: '2026-03-20T11:00:00Z' });
    expect(await holds('next_step', {})).toBe(false);
    await make('activities', { type: 'meeting', deal, occurred_at: '2026-03-21T11:00:00Z' });
    expect(await holds('next_step', {})).toBe(true);
    expect(
      [...checkpointKinds.next_step!.evidence(settingsOf(checkpointKinds.next_step!, {}), env)].sort(),
    ).toEqual(['activities', 'tasks']);
  });
});

describe('related records', () => {
  test('are counted under their condition', async () => {
    await make('tasks', { title: 'a', deal, assignee: '01923f6e-7c1a-7bbb-8e21-0a4b7c1d2e3f' });
    expect(await holds('related', { of: 'tasks' })).toBe(true);
    expect(await holds('related', minimal.related)).toBe(false);
    await make('tasks', { title: 'b', deal });
    expect(await holds('related', { of: 'tasks', at_least: 2 })).toBe(true);
    expect(await holds('related', minimal.related)).toBe(false);
    await archive('tasks');
    expect(await holds('related', { of: 'tasks' })).toBe(false);
  });

  test('say how many, and which do not exist', () => {
    const { related } = checkpointKinds;
    expect(related!.missing(settingsOf(related!, minimal.related), env).say).toBe(
      'This needs at least 2 tasks where assignee is filled in.',
    );
    expect(related!.check(settingsOf(related!, { of: 'task' }), env)).toMatchObject([
      { path: 'of', code: 'unknown_related', fix: { say: 'Did you mean “tasks”?' } },
    ]);
    expect(related!.check(settingsOf(related!, { of: 'tasks', where: { titel: 'x' } }), env)).toMatchObject([
      { path: 'where.titel', code: 'unknown_field' },
    ]);
  });
});
