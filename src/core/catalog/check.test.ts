/** The catalog check finds each way in which definitions can be broken, says where, and how to mend it. */
import { describe, expect, test } from 'vitest';
import {
  sampleCatalog,
  sampleDefinitions,
  type RawDefinitions,
  type Shape,
} from '../../kinds/sample-workspace.ts';
import { checkCatalog } from './check.ts';

const field = (type: string, rest: Shape = {}): Shape => ({
  type,
  label: 'Probe',
  owner: 'administrator',
  meaning: 'A field under test.',
  ...rest,
});

function findings(breaks: (definitions: RawDefinitions) => unknown) {
  const definitions = sampleDefinitions();
  breaks(definitions);
  const { catalog, issues } = sampleCatalog(definitions);
  expect(issues).toEqual([]);
  return checkCatalog(catalog);
}

const deals = (d: RawDefinitions) => d.objects.deals!;
const probe =
  (shape: Shape, key = 'probe', object = 'deals') =>
  (d: RawDefinitions) =>
    (d.objects[object]!.fields[key] = shape);
const stages = (d: RawDefinitions) => d.pipelines.new_business!.stages;
const rep =
  (grant: Shape, object = 'deals') =>
  (d: RawDefinitions) =>
    (d.roles.rep!.grants[object] = grant);
const long = `a${'_long'.repeat(10)}`;

test('the sample workspace holds together', () => {
  expect(findings(() => undefined)).toEqual([]);
});

describe('broken definitions', () => {
  test.each<[string, (d: RawDefinitions) => unknown, string, RegExp?]>([
    // Owners
    [
      'object owner',
      (d) => (deals(d).owner = 'administrater'),
      'objects.deals.owner unknown_owner',
      /Did you mean “administrator”\?/,
    ],
    [
      'field owner',
      probe(field('text', { owner: 'nobody' })),
      'objects.deals.fields.probe.owner unknown_owner',
    ],
    ['list owner', (d) => (d.lists.tag!.owner = 'x'), 'lists.tag.owner unknown_owner'],
    ['value owner', (d) => (d.lists.tag!.values[1].owner = 'x'), 'lists.tag.values.1.owner unknown_owner'],
    [
      'pipeline owner',
      (d) => (d.pipelines.new_business!.owner = 'x'),
      'pipelines.new_business.owner unknown_owner',
    ],
    [
      'item owner',
      (d) => (stages(d)[0].leave[0].owner = 'x'),
      'pipelines.new_business.stages.new.leave.0.owner unknown_owner',
    ],
    ['role owner', (d) => (d.roles.rep!.owner = 'x'), 'roles.rep.owner unknown_owner'],
    [
      'match rule owner',
      (d) => (d.match_rules.accounts!.owner = 'x'),
      'match_rules.accounts.owner unknown_owner',
    ],
    // Objects
    [
      'a reserved object key',
      (d) => (d.objects.exports = { ...structuredClone(d.objects.teams!), serves: undefined }),
      'objects.exports reserved_word',
      /Choose another key/,
    ],
    [
      'no name field',
      (d) => (deals(d).name = 'nam'),
      'objects.deals.name unknown_field',
      /Did you mean “name”\?/,
    ],
    [
      'a name of several, one missing',
      (d) => (deals(d).name = ['name', 'nam']),
      'objects.deals.name.1 unknown_field',
    ],
    ['a name that is no text', (d) => (deals(d).name = 'amount'), 'objects.deals.name wrong_field'],
    ['a name that is computed', (d) => (deals(d).name = 'active'), 'objects.deals.name wrong_field'],
    [
      'a retired name field',
      (d) => (d.objects.tasks!.fields.title.retired = true),
      'objects.tasks.name retired_field',
    ],
    ['search without text', (d) => (deals(d).search = ['amount']), 'objects.deals.search wrong_field'],
    [
      'search without field',
      (d) => (deals(d).search = ['titel', 'name']),
      'objects.deals.search.0 unknown_field',
    ],
    [
      'an owner that is no person',
      (d) => (deals(d).owner_field = 'account'),
      'objects.deals.owner_field wrong_field',
    ],
    [
      'no owner field',
      (d) => (deals(d).owner_field = 'owners'),
      'objects.deals.owner_field unknown_field',
      /Did you mean “owner”\?/,
    ],
    ['following no link', (d) => (d.objects.tasks!.follows = ['title']), 'objects.tasks.follows wrong_field'],
    [
      'following in a circle',
      (d) => Object.assign(d.objects.accounts!, { follows: ['parent'] }),
      'objects.accounts.follows follows_circle',
      /Take one link/,
    ],
    ['two that serve', (d) => (d.objects.tasks!.serves = 'activity'), 'objects.tasks.serves serves_twice'],
    [
      'a field named as related records',
      probe(field('text'), 'activities'),
      'objects.activities.fields.deal name_taken',
    ],
    [
      'two links of one name',
      (d) => {
        deals(d).fields.second = field('link', { to: 'accounts' });
        d.objects.deals_by_second = { ...structuredClone(d.objects.teams!), serves: undefined };
        d.objects.deals_by_second.fields.account = field('link', { to: 'accounts' });
      },
      'objects.deals_by_second.fields.account name_taken',
    ],
    // Fields
    ['a reserved field key', probe(field('text'), 'version'), 'objects.deals.fields.version reserved_word'],
    ['a field called any', probe(field('text'), 'any'), 'objects.deals.fields.any reserved_word'],
    ['a field called typed', probe(field('text'), 'typed'), 'objects.deals.fields.typed reserved_word'],
    [
      'a required field that nobody needs',
      probe(field('text', { required: true })),
      'objects.deals.fields.probe.required_by required_by_missing',
      /Say in required_by/,
    ],
    [
      'a required rollup',
      (d) =>
        Object.assign(d.objects.accounts!.fields.open_deals, { required: true, required_by: 'Reports.' }),
      'objects.accounts.fields.open_deals.required maintained',
    ],
    [
      'a unique set',
      probe(field('multi_choice', { list: 'tag', unique: true })),
      'objects.deals.fields.probe.unique cannot_be_unique',
    ],
    [
      'a unique computed field',
      (d) => (deals(d).fields.margin.unique = true),
      'objects.deals.fields.margin.unique cannot_be_unique',
    ],
    [
      'an indexed computed field',
      (d) => (deals(d).fields.margin.indexed = true),
      'objects.deals.fields.margin.indexed cannot_be_indexed',
    ],
    [
      'a default of the wrong type',
      probe(field('number', { default: 'many' })),
      'objects.deals.fields.probe.default not_a_number',
    ],
    [
      'a default that is no value of the list',
      probe(field('choice', { list: 'tag', default: 'cold' })),
      'objects.deals.fields.probe.default not_in_list',
    ],
    [
      'a default of a computed field',
      (d) => (deals(d).fields.active.default = true),
      'objects.deals.fields.active.default maintained',
    ],
    [
      'no such list',
      probe(field('choice', { list: 'tags' })),
      'objects.deals.fields.probe.list unknown_list',
      /tag/,
    ],
    [
      'a retired list',
      (d) => (d.lists.tag!.retired = true),
      'objects.accounts.fields.tags.list unknown_list',
    ],
    [
      'a link to nothing',
      probe(field('link', { to: 'account' })),
      'objects.deals.fields.probe.to unknown_object',
      /Did you mean “accounts”\?/,
    ],
    // Rollups and computed fields
    [
      'a rollup over nothing',
      (d) => (d.objects.accounts!.fields.open_deals.of = 'deal'),
      'objects.accounts.fields.open_deals.of unknown_object',
    ],
    [
      'a rollup by a link elsewhere',
      (d) => (d.objects.accounts!.fields.open_deals.by = 'owner'),
      'objects.accounts.fields.open_deals.by not_a_link_here',
    ],
    [
      'a rollup of no field',
      (d) => (deals(d).fields.last_step_at.sources[1].field = 'due'),
      'objects.deals.fields.last_step_at.sources.1.field unknown_field',
    ],
    [
      'a rollup under a broken condition',
      (d) => (d.objects.accounts!.fields.open_deals.where = { stag: 1 }),
      'objects.accounts.fields.open_deals.where.stag unknown_field',
      /Did you mean “stage”\?/,
    ],
    [
      'a rollup over a link',
      (d) => (d.objects.accounts!.fields.open_deals.where = { 'owner.name': 'x' }),
      'objects.accounts.fields.open_deals.where.owner.name forbidden_here',
    ],
    [
      'a rollup by the clock, hidden in a computed field',
      (d) => (d.objects.accounts!.fields.open_deals.where = { active: true }),
      'objects.accounts.fields.open_deals.where.active.last_step_at.gte forbidden_variable',
    ],
    [
      'rollups that come from each other',
      (d) => {
        d.objects.accounts!.fields.total = field('rollup', {
          fn: 'sum',
          gives: 'number',
          of: 'deals',
          by: 'account',
          field: 'back',
        });
        deals(d).fields.of_parent = field('link', { to: 'deals' });
        d.objects.accounts!.fields.deal = field('link', { to: 'deals' });
        deals(d).fields.back = field('rollup', {
          fn: 'sum',
          gives: 'number',
          of: 'accounts',
          by: 'deal',
          field: 'total',
        });
      },
      'objects.accounts.fields.total rollup_circle',
    ],
    [
      'a rollup that counts by itself',
      (d) => {
        const where = { daughters: { gt: 0 } };
        d.objects.accounts!.fields.daughters = field('rollup', {
          fn: 'count',
          of: 'accounts',
          by: 'parent',
          where,
        });
      },
      'objects.accounts.fields.daughters rollup_circle',
    ],
    [
      'a computed field over nothing',
      (d) => (deals(d).fields.active.condition = { stag: 1 }),
      'objects.deals.fields.active.stag unknown_field',
    ],
    [
      'a computed field over a link',
      (d) => (deals(d).fields.active.condition = { 'account.name': 'x' }),
      'objects.deals.fields.active.account.name forbidden_here',
    ],
    [
      'a computed field of another result',
      (d) => (deals(d).fields.margin.result = 'text'),
      'objects.deals.fields.margin wrong_result',
      /Write result: number/,
    ],
    [
      'computed fields in a circle',
      (d) => (deals(d).fields.margin.expression = { if: { good: true }, then: 1, else: 0 }),
      'objects.deals.fields.margin.if.good.margin computed_cycle',
    ],
    // Lists
    [
      'a value twice',
      (d) => d.lists.tag!.values.push({ key: 'hot', label: 'Hot again' }),
      'lists.tag.values.3.key twice',
    ],
    [
      'merged into nothing',
      (d) => (d.lists.tag!.values[0].merged_into = 'vipp'),
      'lists.tag.values.0.merged_into unknown_value',
      /Did you mean “vip”\?/,
    ],
    [
      'merged in a circle',
      (d) => {
        d.lists.tag!.values[0].merged_into = 'vip';
        d.lists.tag!.values[2].merged_into = 'hot';
      },
      'lists.tag merge_circle',
    ],
    // Pipelines
    [
      'a pipeline of nothing',
      (d) => (d.pipelines.other = { ...structuredClone(d.pipelines.new_business!), object: 'deal' }),
      'pipelines.other.object unknown_object',
      /Did you mean “deals”\?/,
    ],
    [
      'a pipeline of an object without stage',
      (d) =>
        (d.pipelines.other = {
          ...structuredClone(d.pipelines.new_business!),
          object: 'accounts',
          dates: {},
          stages: stages(d)
            .slice(3)
            .concat({ ...stages(d)[0], leave: [] }),
        }),
      'pipelines.other.object not_staged',
    ],
    [
      'an object with stage without pipeline',
      (d) => (d.pipelines.new_business!.retired = true),
      'objects.deals.fields.stage no_pipeline',
    ],
    [
      'a date that is none',
      (d) => (d.pipelines.new_business!.dates.closed = 'amount'),
      'pipelines.new_business.dates.closed wrong_field',
    ],
    [
      'a date that is not there',
      (d) => (d.pipelines.new_business!.dates.closed = 'closed_at'),
      'pipelines.new_business.dates.closed unknown_field',
    ],
    [
      'two stages of one key',
      (d) => stages(d).push({ ...stages(d)[3] }),
      'pipelines.new_business.stages.won twice',
    ],
    [
      'two items of one key',
      (d) => (stages(d)[2].enter[0].key = 'call'),
      'pipelines.new_business.stages.negotiation.enter.0.key twice',
    ],
    [
      'no open stage',
      (d) => stages(d).forEach((one: Shape) => (one.outcome = 'done')),
      'pipelines.new_business.stages no_open_stage',
    ],
    [
      'a transition from nowhere',
      (d) => (d.pipelines.new_business!.transitions[0].from = 'negotation'),
      'pipelines.new_business.transitions.0.from unknown_stage',
      /Did you mean “negotiation”\?/,
    ],
    [
      'a transition for nobody',
      (d) => (d.pipelines.new_business!.transitions[0].who = ['reps']),
      'pipelines.new_business.transitions.0.who.0 unknown_role',
    ],
    [
      'a broken entry condition',
      (d) => (d.pipelines.new_business!.entry = { owner: '$me' }),
      'pipelines.new_business.entry.owner forbidden_variable',
    ],
    [
      'a broken checkpoint',
      (d) => (stages(d)[0].leave[0].fields = ['owner', 'amont']),
      'pipelines.new_business.stages.new.leave.0.fields.1 unknown_field',
      /Did you mean “amount”\?/,
    ],
    [
      'a checkpoint of an unknown activity',
      (d) => (stages(d)[1].enter[0].of = 'cal'),
      'pipelines.new_business.stages.proposal_sent.enter.0.of.any.0.activities.some.type.0 invalid_value',
    ],
    [
      'enforced from a day, but enforced already',
      (d) => (stages(d)[0].leave[0].enforce_from = '2026-01-01'),
      'pipelines.new_business.stages.new.leave.0.enforce_from not_advised',
    ],
    [
      'two default pipelines',
      (d) => (d.pipelines.other = structuredClone(d.pipelines.new_business!)),
      'pipelines.other.default two_defaults',
    ],
    [
      'a stage of two meanings',
      (d) => {
        d.pipelines.other = { ...structuredClone(d.pipelines.new_business!), default: false };
        d.pipelines.other.stages[2].outcome = 'done';
      },
      'pipelines.other.stages.negotiation.outcome two_outcomes',
    ],
    // Roles
    [
      'a grant on nothing',
      rep({ read: 'all' }, 'deal'),
      'roles.rep.grants.deal unknown_object',
      /Did you mean “deals”\?/,
    ],
    [
      'a field right on nothing',
      rep({ read: 'all', fields: { costs: 'hidden' } }),
      'roles.rep.grants.deals.fields.costs unknown_field',
      /Did you mean “cost”\?/,
    ],
    [
      'a field right on nothing anywhere',
      rep({ read: 'all', fields: { zzzz: 'hidden' } }, '*'),
      'roles.rep.grants.*.fields.zzzz unknown_field',
    ],
    [
      'own without owner',
      rep({ read: 'own' }, 'documents'),
      'roles.rep.grants.documents.read scope_without_meaning',
    ],
    [
      'team without owner',
      rep({ read: ['linked', 'team'] }, 'documents'),
      'roles.rep.grants.documents.read.1 scope_without_meaning',
    ],
    [
      'linked without link',
      rep({ read: 'linked' }, 'accounts'),
      'roles.rep.grants.accounts.read scope_without_meaning',
    ],
    [
      'a broken scope',
      rep({ read: { ownr: '$me' } }),
      'roles.rep.grants.deals.read.ownr unknown_field',
      /Did you mean “owner”\?/,
    ],
    [
      'a broken scope among several',
      rep({ read: ['own', { stage: '$old.stage' }] }),
      'roles.rep.grants.deals.read.1.stage forbidden_variable',
    ],
    [
      'a scope for all others that few have',
      rep({ read: { owner: '$me' } }, '*'),
      'roles.rep.grants.*.read.owner unknown_field',
    ],
    // Match rules
    [
      'a rule for nothing',
      (d) => (d.match_rules.accounts!.object = 'acounts'),
      'match_rules.accounts.object unknown_object',
      /Did you mean “accounts”\?/,
    ],
    [
      'a rule by nothing',
      (d) => (d.match_rules.accounts!.auto = [['name', 'domian']]),
      'match_rules.accounts.auto.0.1 unknown_field',
    ],
    [
      'a rule by a set',
      (d) => (d.match_rules.accounts!.review = [['tags']]),
      'match_rules.accounts.review.0.0 wrong_field',
    ],
  ])('%s', (_name, breaks, expected, fix) => {
    const issues = findings(breaks);
    const found = issues.find((one) => `${one.path} ${one.code}` === expected);
    expect(found, JSON.stringify(issues.map((one) => `${one.path} ${one.code}`))).toBeDefined();
    if (fix) expect(found!.fix.say).toMatch(fix);
    for (const one of issues) {
      expect(one.message).toMatch(/^.{10,}\.$/s);
      expect(one.fix.say).toMatch(/^.{8,}[.?]$/s);
      expect(`${one.message} ${one.fix.say}`).not.toMatch(/\{\w+\}|undefined/);
    }
  });

  test('names too long for PostgreSQL are refused before they reach it', () => {
    // The schemas refuse them first; the check is for catalogs made otherwise.
    const { catalog } = sampleCatalog();
    const teams = catalog.objects.get('teams')!;
    const name = teams.fields.get('name')!;
    const fields = new Map([...teams.fields, [long, { ...name, key: long }]]);
    const objects = new Map([...catalog.objects, [long, { ...teams, key: long, fields }]]);
    const codes = checkCatalog({ ...catalog, objects }).map((one) => `${one.path} ${one.code}`);
    expect(codes).toContain(`objects.${long} name_too_long`);
    expect(codes).toContain(`objects.${long}.fields.${long} name_too_long`);
  });

  test('what is broken in one place is found once, and all of it at once', () => {
    const issues = findings((d) => {
      deals(d).name = 'nam';
      probe(field('choice', { list: 'tags' }))(d);
      d.roles.rep!.grants.deals.read = { ownr: '$me' };
    });
    expect(issues.map((one) => `${one.path} ${one.code}`)).toEqual([
      'objects.deals.name unknown_field',
      'objects.deals.fields.probe.list unknown_list',
      'roles.rep.grants.deals.read.ownr unknown_field',
    ]);
  });
});
