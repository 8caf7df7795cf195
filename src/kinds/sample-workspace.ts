/** A small workspace for the tests of conditions, checkpoints and the catalog check, and its tables. */
import type { Pool } from 'pg';
import { buildCatalog } from '../core/catalog/build.ts';
import type { Catalog } from '../core/catalog/catalog.ts';
import { type Definitions, noDefinitions, sorts } from '../core/definitions/index.ts';
import type { Issue } from '../core/errors/problem.ts';
import type { ParseEnv } from '../core/kinds/field-type.ts';
import { ident, join, raw, row, rows, sql } from '../core/sql/sql.ts';
import { kinds } from './index.ts';

export type Shape = Record<string, any>;
export type RawDefinitions = Record<keyof Definitions, Record<string, Shape>>;

const field = (type: string, label: string, rest: Shape = {}): Shape => ({
  type,
  label,
  owner: 'administrator',
  meaning: `${label}, as the sample workspace means it.`,
  ...rest,
});

const object = (
  one: string,
  many: string,
  name: string,
  fields: Record<string, Shape>,
  rest: Shape = {},
): Shape => ({
  label: { one, many },
  owner: 'administrator',
  meaning: `${many} of the sample workspace.`,
  side: 'sales',
  name,
  fields,
  ...rest,
});

const list = (label: string, values: Record<string, string>): Shape => ({
  label,
  owner: 'administrator',
  meaning: `${label} of the sample workspace.`,
  values: Object.entries(values).map(([key, name]) => ({ key, label: name })),
});

const stage = (key: string, label: string, outcome = 'open', rest: Shape = {}): Shape => ({
  key,
  label,
  outcome,
  goal: 'Know what the customer needs.',
  action: 'Call the customer and ask.',
  ...rest,
});

/** Fresh each time, so that a test may break one thing. */
export const sampleDefinitions = (): RawDefinitions => ({
  lists: {
    industry: list('Industry', { software: 'Software', retail: 'Retail' }),
    activity_type: list('Type of activity', { call: 'Call', email: 'E-mail', meeting: 'Meeting' }),
    document_kind: list('Kind of document', { proposal: 'Proposal', contract: 'Contract' }),
    tag: list('Tag', { hot: 'Hot', partner: 'Partner', vip: 'VIP' }),
  },
  objects: {
    teams: object(
      'Team',
      'Teams',
      'name',
      { name: field('text', 'Name') },
      { side: 'setup', serves: 'team' },
    ),
    users: object(
      'User',
      'Users',
      'name',
      { name: field('text', 'Name'), team: field('link', 'Team', { to: 'teams' }) },
      { side: 'setup', serves: 'user' },
    ),
    accounts: object(
      'Account',
      'Accounts',
      'name',
      {
        name: field('text', 'Name', { required: true, required_by: 'Every list names accounts by it.' }),
        industry: field('choice', 'Industry', { list: 'industry' }),
        parent: field('link', 'Parent', { to: 'accounts' }),
        owner: field('person', 'Owner'),
        tags: field('multi_choice', 'Tags', { list: 'tag' }),
        open_deals: field('rollup', 'Open deals', {
          fn: 'count',
          of: 'deals',
          by: 'account',
          where: { stage: { outcome: 'open' } },
        }),
      },
      { owner_field: 'owner' },
    ),
    deals: object(
      'Deal',
      'Deals',
      'name',
      {
        name: field('text', 'Name', { default: 'Untitled' }),
        account: field('link', 'Account', { to: 'accounts' }),
        owner: field('person', 'Owner'),
        pipeline: field('pipeline', 'Pipeline'),
        stage: field('stage', 'Stage'),
        amount: field('money', 'Amount'),
        cost: field('number', 'Cost'),
        opened_on: field('date', 'Opened on'),
        closed_on: field('date', 'Closed on'),
        next_step_at: field('datetime', 'Next step'),
        last_step_at: field('rollup', 'Last step', {
          fn: 'max',
          gives: 'datetime',
          sources: [
            { of: 'activities', by: 'deal', field: 'occurred_at' },
            { of: 'tasks', by: 'deal', field: 'due_at' },
          ],
        }),
        active: field('computed', 'Active', {
          condition: { stage: { outcome: 'open' }, last_step_at: { gte: '$today' } },
        }),
        margin: field('computed', 'Margin', {
          expression: {
            op: 'divide',
            args: [{ op: 'subtract', args: [{ field: 'amount' }, { field: 'cost' }] }, { field: 'amount' }],
          },
          result: 'number',
        }),
        good: field('computed', 'Good', { condition: { margin: { gte: 0.5 } } }),
      },
      { owner_field: 'owner', search: ['name'] },
    ),
    activities: object(
      'Activity',
      'Activities',
      'subject',
      {
        subject: field('text', 'Subject'),
        type: field('choice', 'Type', { list: 'activity_type' }),
        occurred_at: field('datetime', 'When'),
        result: field('text', 'Result'),
        deal: field('link', 'Deal', { to: 'deals' }),
        account: field('link', 'Account', { to: 'accounts' }),
      },
      { serves: 'activity', follows: ['deal', 'account'] },
    ),
    tasks: object(
      'Task',
      'Tasks',
      'title',
      {
        title: field('text', 'Title'),
        due_at: field('datetime', 'Due'),
        done_at: field('datetime', 'Done'),
        assignee: field('person', 'Assignee'),
        deal: field('link', 'Deal', { to: 'deals' }),
      },
      { serves: 'task', follows: ['deal'], owner_field: 'assignee' },
    ),
    documents: object(
      'Document',
      'Documents',
      'name',
      {
        name: field('text', 'Name'),
        kind: field('choice', 'Kind', { list: 'document_kind' }),
        file: field('file', 'File'),
        url: field('url', 'Address'),
        deal: field('link', 'Deal', { to: 'deals' }),
      },
      { serves: 'document', follows: ['deal'] },
    ),
  },
  pipelines: {
    new_business: {
      object: 'deals',
      label: 'New business',
      owner: 'administrator',
      meaning: 'How new customers are won in the sample.',
      default: true,
      dates: { opened: 'opened_on', closed: 'closed_on' },
      stages: [
        stage('new', 'New', 'open', {
          leave: [{ key: 'owner', type: 'fields', fields: ['owner'], why: 'Somebody must call.' }],
        }),
        stage('proposal_sent', 'Proposal sent', 'open', {
          enter: [
            { key: 'call', type: 'activity', of: 'call', result: true, why: 'Only a call tells.' },
            { key: 'proposal', type: 'file', document_kind: 'proposal', why: 'Others read it too.' },
          ],
        }),
        stage('negotiation', 'Negotiation', 'open', {
          enter: [{ key: 'next_step', type: 'next_step', why: 'Waiting loses deals.' }],
        }),
        stage('won', 'Won', 'won'),
        stage('lost', 'Lost', 'lost'),
      ],
      transitions: [{ from: '*', to: '*', who: ['administrator'] }],
    },
  },
  roles: {
    administrator: {
      label: 'Administrator',
      owner: 'administrator',
      meaning: 'Runs the sample workspace.',
      grants: { '*': { read: 'all', edit: 'all' } },
    },
    rep: {
      label: 'Sales representative',
      owner: 'administrator',
      meaning: 'Sells in the sample workspace.',
      grants: {
        deals: { read: ['own', 'team', { 'account.owner': '$me' }], fields: { cost: 'hidden' } },
        activities: { read: 'linked' },
      },
    },
  },
  match_rules: {
    accounts: {
      object: 'accounts',
      label: 'The same company',
      owner: 'someone@example.com',
      meaning: 'Two accounts of one name may be one.',
      review: [['name']],
    },
  },
});

/** Definitions → catalog, through the schemas as any pack goes. */
export function sampleCatalog(definitions: RawDefinitions = sampleDefinitions()): {
  catalog: Catalog;
  issues: Issue[];
} {
  const parsed = noDefinitions() as Record<keyof Definitions, Record<string, unknown>>;
  for (const [sort, all] of Object.entries(definitions) as [keyof Definitions, Record<string, Shape>][]) {
    for (const [key, shape] of Object.entries(all)) parsed[sort][key] = sorts[sort].parse(shape);
  }
  return buildCatalog(parsed as Definitions, kinds, 1);
}

export const sampleNow = new Date('2026-03-20T12:00:00Z');

export const sampleParse = (catalog: Catalog, rest: Partial<ParseEnv> = {}): ParseEnv => ({
  catalog,
  now: sampleNow,
  timeZone: 'Europe/Berlin',
  currency: 'EUR',
  country: 'DE',
  ...rest,
});

/** Plain tables with the columns of every field. */
export async function makeTables(pool: Pool, catalog: Catalog): Promise<void> {
  await rows(pool, sql`CREATE SCHEMA IF NOT EXISTS crm`);
  for (const model of catalog.objects.values()) {
    const columns = [...model.fields.values()].flatMap((one) => one.type.columns(one));
    const shape = columns.map(
      ({ name, type, collateC }) => sql`${ident(name)} ${raw(type + (collateC ? ' COLLATE "C"' : ''))}`,
    );
    await rows(pool, sql`CREATE TABLE ${ident('crm', model.key)} (${join(shape)})`);
  }
}

/** One row as its types write it; gives its id. */
export async function put(
  pool: Pool,
  catalog: Catalog,
  of: string,
  values: Record<string, unknown> = {},
): Promise<string> {
  const model = catalog.objects.get(of)!;
  const written: Record<string, unknown> = {};
  for (const [key, input] of Object.entries(values)) {
    const one = model.fields.get(key)!;
    if (one.maintained) {
      Object.assign(written, one.type.write(input, one));
      continue;
    }
    const parsed = one.type.parse(input, one, sampleParse(catalog));
    if (!parsed.ok) throw new Error(`${of}.${key}: ${parsed.message}`);
    Object.assign(written, one.type.write(parsed.value, one));
  }
  const id = (await row<{ id: string }>(pool, sql`SELECT gen_random_uuid() AS id`))!.id;
  const entries = Object.entries({ id, ...written });
  await rows(
    pool,
    sql`INSERT INTO ${ident('crm', of)} (${join(entries.map(([name]) => ident(name)))}) VALUES (${join(entries.map(([, value]) => sql`${value}`))})`,
  );
  return id;
}
