/** What a condition may not be: each refusal has a path, a code, a sentence and a way out, and nothing crashes. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sampleCatalog, sampleDefinitions, sampleParse, type Shape } from '../../kinds/sample-workspace.ts';
import { checkComputed, checkCondition } from './check.ts';
import { conditionMatches } from './matches.ts';
import { conditionReads, computedReads } from './reads.ts';
import { conditionToSql } from './to-sql.ts';
import { places, type Place } from './variables.ts';

const { catalog } = sampleCatalog();
const check = (condition: unknown, place: Place = 'list', object = 'deals') =>
  checkCondition(condition, { catalog, object, place, path: 'where' });
const short = (condition: unknown, place?: Place) =>
  check(condition, place).map((one) => `${one.path} ${one.code}`);

/** `{not: {not: …}}`, made without recursion. */
function nested(depth: number, key = 'not'): unknown {
  let condition: unknown = { stage: 'new' };
  for (let i = 0; i < depth; i++) condition = { [key]: key === 'not' ? condition : [condition] };
  return condition;
}

describe('limits', () => {
  test.each([1_000, 100_000])('%s groups deep is refused with a sentence, not with a crash', (depth) => {
    for (const key of ['not', 'all', 'any']) {
      const [found, ...others] = check(nested(depth, key));
      expect(others).toEqual([]);
      expect(found).toMatchObject({ code: 'too_deep', message: 'A condition nests at most 20 deep.' });
      expect(found!.fix.say).toContain('Flatten');
      expect(found!.path.length).toBeLessThan(200);
    }
    let related: unknown = {};
    for (let i = 0; i < depth; i++) related = { deals: { some: { account: { some: related } } } };
    expect(check(related).map((one) => one.code)).toContain('too_deep');
    let literal: unknown = 'x';
    for (let i = 0; i < depth; i++) literal = [literal];
    expect(short({ name: { eq: literal } })).toEqual(['where.name.eq.0 invalid_value']);
    expect(short({ name: JSON.parse('{"eq":'.repeat(50) + '1' + '}'.repeat(50)) })).toEqual([
      'where.name.eq invalid_value',
    ]);
  });

  test('twenty groups deep is fine', () => {
    expect(check(nested(19))).toEqual([]);
    expect(short(nested(20))).toHaveLength(1);
  });

  test('five hundred tests are fine, one more group is refused once', () => {
    const tests = (count: number) => ({ any: Array.from({ length: count }, () => ({ cost: 1 })) });
    expect(check(tests(249))).toEqual([]);
    for (const count of [250, 5_000, 100_000]) {
      expect(check(tests(count)).map((one) => one.code)).toEqual(['too_many_tests']);
    }
  });

  test('a list of a thousand is fine, one of five thousand is refused with what to do', () => {
    const list = (length: number) => ({ cost: { in: Array.from({ length }, (_, i) => i) } });
    expect(check(list(1_000))).toEqual([]);
    expect(check(list(5_000))).toMatchObject([
      {
        path: 'where.cost.in',
        code: 'list_too_long',
        message: 'A list here holds at most 1,000 values; this one has 5,000.',
        fix: { say: 'Ask in several calls, or filter by what these records have in common.' },
      },
    ]);
  });

  test('texts, paths and spans end somewhere', () => {
    expect(check({ name: { contains: 'a'.repeat(10_000) } })).toEqual([]);
    expect(short({ name: { contains: 'a'.repeat(10_001) } })).toEqual(['where.name.contains text_too_long']);
    expect(check({ 'account.parent.parent.parent.name': 'x' })).toEqual([]);
    expect(short({ 'account.parent.parent.parent.parent.name': 'x' })).toEqual([
      'where.account.parent.parent.parent.parent.name path_too_long',
    ]);
    expect(check({ opened_on: { within: '200y' } })).toEqual([]);
    expect(short({ opened_on: { within: '201y' } })).toEqual(['where.opened_on.within invalid_value']);
    expect(short({ opened_on: '$today+99999mo' })).toEqual(['where.opened_on unknown_variable']);
  });
});

describe('refusals', () => {
  test.each<[unknown, string]>([
    [[], 'where invalid_condition'],
    ['stage', 'where invalid_condition'],
    [null, 'where invalid_condition'],
    [{ all: { stage: 'new' } }, 'where.all invalid_condition'],
    [{ all: ['new'] }, 'where.all.0 invalid_condition'],
    [{ not: [] }, 'where.not invalid_condition'],
    [{ stage: {} }, 'where.stage invalid_condition'],
    [{ stag: 'new' }, 'where.stag unknown_field'],
    [{ stag: { gte: 1, lte: 2 } }, 'where.stag unknown_field'],
    [{ 'account.industri': 'x' }, 'where.account.industri unknown_field'],
    [{ 'stage.name': 'x' }, 'where.stage.name not_a_link'],
    [{ '': 1 }, 'where. unknown_field'],
    [{ 'account.': 1 }, 'where.account. unknown_field'],
    [{ __proto__x: 1, constructor: 1 }, 'where.__proto__x unknown_field'],
    [{ amount: { gte: 'much' } }, 'where.amount.gte invalid_value'],
    [{ amount: { atleast: 5 } }, 'where.amount.atleast unknown_operator'],
    [{ amount: { toString: 5 } }, 'where.amount.toString unknown_operator'],
    [{ amount: { contains: '5' } }, 'where.amount.contains wrong_operator'],
    [{ active: null }, 'where.active wrong_operator'],
    [{ stage: { eq: null } }, 'where.stage.eq invalid_value'],
    [{ stage: { in: ['new', null] } }, 'where.stage.in.1 invalid_value'],
    [{ stage: 'nwe' }, 'where.stage invalid_value'],
    [{ stage: { outcome: 'alive' } }, 'where.stage.outcome invalid_value'],
    [{ amount: { between: [1] } }, 'where.amount.between invalid_value'],
    [{ amount: { missing: 'yes' } }, 'where.amount.missing invalid_value'],
    [{ name: { contains: ' ' } }, 'where.name.contains invalid_value'],
    [{ name: 'a\0b' }, 'where.name invalid_text'],
    [{ opened_on: '2026-02-30' }, 'where.opened_on invalid_value'],
    [{ activities: { gte: 3 } }, 'where.activities related_records'],
    [{ activities: 3 }, 'where.activities related_records'],
    [{ activities: { count: { where: {} } } }, 'where.activities.count invalid_condition'],
    [{ activities: { count: { gte: -1 } } }, 'where.activities.count.gte invalid_value'],
    [{ activities: { count: { contains: 'x' } } }, 'where.activities.count.contains wrong_operator'],
    [{ activities: { some: { typ: 'call' } } }, 'where.activities.some.typ unknown_field'],
    [{ account: { some: {} } }, 'where.account not_related_records'],
    [{ owner: '$you' }, 'where.owner unknown_variable'],
    [{ name: '$me' }, 'where.name invalid_value'],
    [{ account: '$me' }, 'where.account invalid_value'],
    [{ amount: '$now' }, 'where.amount invalid_value'],
    [{ owner: { gt: '$me' } }, 'where.owner.gt wrong_operator'],
    [{ name: { contains: '$me' } }, 'where.name.contains invalid_value'],
    [{ stage: '$old.stage' }, 'where.stage forbidden_variable'],
    [{ cost: '$parent.cost' }, 'where.cost forbidden_variable'],
    [{ activities: { some: { deal: '$parent.account' } } }, 'where.activities.some.deal invalid_value'],
    [{ activities: { some: { deal: '$parent.nobody' } } }, 'where.activities.some.deal unknown_field'],
  ])('%j', (condition, first) => {
    const issues = check(condition);
    expect(`${issues[0]?.path} ${issues[0]?.code}`).toBe(first);
    expect(new Set(issues.map((one) => one.path + one.code)).size).toBe(issues.length);
    for (const one of issues) {
      expect(one.message).toMatch(/^.{8,}\.$/);
      expect(one.fix.say).toMatch(/^.{6,}[.?]$/);
      expect(`${one.message} ${one.fix.say}`).not.toMatch(/\{\w+\}|undefined|function/);
    }
    expect(() => conditionToSql(condition, { ...sql, scope: { me: null, teams: [] } })).toThrow();
    expect(conditionMatches(condition, {}, { ...sql, scope: { me: null, teams: [] } })).toBe('unknown');
  });

  const sql = { catalog, object: 'deals', alias: 't', place: 'list', parse: sampleParse(catalog) } as const;

  test('all findings come at once, each with its path', () => {
    expect(
      short({ any: [{ stag: 1 }, { amount: { gte: 'x', lte: 5 } }], stage: ['new', 'nwe', 'olt'] }),
    ).toEqual([
      'where.any.0.stag unknown_field',
      'where.any.1.amount.gte invalid_value',
      'where.stage.1 invalid_value',
      'where.stage.2 invalid_value',
    ]);
  });

  test('the nearest name is suggested', () => {
    expect(check({ stge: 'new' })[0]!.fix.say).toBe('Did you mean “stage”?');
    expect(check({ activitys: { some: {} } })[0]!.fix.say).toBe('Did you mean “activities”?');
    expect(check({ cost: { gtee: 1 } })[0]!.fix.say).toMatch(/Did you mean “gte?”\?/);
    expect(check({ xyzzy: 1 })[0]!.fix.say).toBe('See the catalog for the names there are.');
  });
});

describe('places', () => {
  const variables: Record<string, unknown> = {
    me: { owner: '$me' },
    team: { 'owner.team': '$my_team' },
    now: { next_step_at: { gte: '$now-14d' } },
    today: { opened_on: '$today' },
    old: { stage: { ne: '$old.stage' } },
    other: { name: '$other.name' },
    input: { stage: '$input.stage' },
    parent: { activities: { some: { occurred_at: { gte: '$parent.next_step_at' } } } },
    link: { 'account.name': 'x' },
    related: { activities: { none: {} } },
    clock: { active: true },
  };
  // The one table, as a test: what is not listed is refused.
  test.each<[Place, string]>([
    ['list', 'me team now today parent link related clock'],
    ['role', 'me team now today parent link related clock'],
    ['checkpoint', 'now today parent link related clock'],
    ['entry', 'now today parent link related clock'],
    ['computed', 'now today clock'],
    ['rollup', ''],
    ['match', 'other'],
    ['kpi', 'now today parent link related clock'],
    ['automation', 'now today old input parent link related clock'],
  ])('%s may use: %s', (place, allowed) => {
    const fine = Object.keys(variables).filter((name) => check(variables[name], place).length === 0);
    expect(fine.join(' ')).toBe(
      Object.keys(variables)
        .filter((name) => allowed.split(' ').includes(name))
        .join(' '),
    );
    for (const name of Object.keys(variables).filter((one) => !fine.includes(one))) {
      expect(['forbidden_variable', 'forbidden_here']).toContain(check(variables[name], place)[0]!.code);
      expect(check(variables[name], place)[0]!.message).toContain(
        places[place === 'computed' ? place : place].words,
      );
    }
  });

  test('a computed field in a rollup is refused where it depends on the clock', () => {
    expect(check({ good: true }, 'rollup')).toEqual([]);
    expect(short({ active: true }, 'rollup')).toEqual(['where.active.last_step_at.gte forbidden_variable']);
  });
});

describe('computed fields', () => {
  const withField = (shape: Shape, more: Record<string, Shape> = {}) => {
    const definitions = sampleDefinitions();
    const field = (one: Shape): Shape => ({
      label: 'Test',
      owner: 'administrator',
      meaning: 'A field under test.',
      type: 'computed',
      ...one,
    });
    definitions.objects.deals!.fields.probe = field(shape);
    for (const [key, one] of Object.entries(more)) definitions.objects.deals!.fields[key] = field(one);
    const { catalog: made } = sampleCatalog(definitions);
    return checkComputed(made.objects.get('deals')!.fields.get('probe')!, { catalog: made });
  };
  const deep = (depth: number): unknown => {
    let expression: unknown = { field: 'cost' };
    for (let i = 0; i < depth; i++) expression = { op: 'abs', args: [expression] };
    return expression;
  };

  test.each<[string, unknown, string, string[]]>([
    ['numbers', { op: 'add', args: [{ field: 'amount' }, 1, { field: 'cost' }] }, 'number', []],
    ['texts', { op: 'concat', args: [{ field: 'name' }, ' ', { field: 'cost' }] }, 'text', []],
    ['days', { op: 'days_between', args: [{ field: 'opened_on' }, { $: 'today-1d' }] }, 'number', []],
    ['if', { if: { stage: 'won' }, then: { field: 'cost' }, else: null }, 'number', []],
    ['another result than promised', { field: 'name' }, 'number', ['wrong_result']],
    ['an unknown operation', { op: 'ad', args: [1, 2] }, 'number', ['unknown_operation']],
    ['a number of arguments', { op: 'divide', args: [1] }, 'number', ['invalid_expression']],
    ['adding a text', { op: 'add', args: [1, { field: 'name' }] }, 'number', ['invalid_expression']],
    ['both outcomes', { if: {}, then: 1, else: 'x' }, 'number', ['invalid_expression']],
    ['a link', { field: 'account' }, 'text', ['invalid_expression']],
    ['a path over a link', { field: 'account.name' }, 'text', ['forbidden_here']],
    ['an unknown field', { field: 'costs' }, 'number', ['unknown_field']],
    ['no shape at all', { feild: 'cost' }, 'number', ['invalid_expression']],
    ['a list', [1], 'number', ['invalid_expression']],
    ['a variable that is none', { $: 'me' }, 'text', ['unknown_variable']],
    ['more digits than there are', { op: 'round', args: [1.5, 99] }, 'number', ['invalid_expression']],
    [
      'a condition inside that does not hold',
      { if: { stag: 1 }, then: 1, else: 2 },
      'number',
      ['unknown_field'],
    ],
    ['nineteen deep', deep(19), 'number', []],
    ['a hundred thousand deep', deep(100_000), 'number', ['too_deep']],
  ])('%s', (_name, expression, result, codes) => {
    expect(withField({ expression, result }).map((one) => one.code)).toEqual(codes);
  });

  test('a circle is found, and says how it goes', () => {
    const issues = withField({ condition: { two: true } }, { two: { condition: { probe: true } } });
    expect(issues).toMatchObject([
      { code: 'computed_cycle', message: expect.stringContaining('deals.probe → deals.two → deals.probe') },
    ]);
    expect(withField({ condition: { probe: true } })).toMatchObject([{ code: 'computed_cycle' }]);
  });

  test('fields that double what they hold are refused before they fill the memory', () => {
    const more: Record<string, Shape> = { f0: { condition: { stage: 'won' } } };
    for (let i = 1; i <= 18; i++)
      more[`f${i}`] = { condition: { any: [{ [`f${i - 1}`]: true }, { [`f${i - 1}`]: false }] } };
    const started = performance.now();
    expect(withField({ condition: { f18: true } }, more).map((one) => one.code)).toContain('too_many_tests');
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

describe('what a condition reads', () => {
  test('its own fields, those of computed fields, and related objects', () => {
    const reads = conditionReads(
      {
        active: true,
        'account.industry': 'software',
        activities: { some: { type: 'call', occurred_at: { gte: '$parent.next_step_at' } } },
        tasks: { none: { 'deal.account.name': 'x' } },
      },
      { catalog, object: 'deals', place: 'list' },
    );
    expect([...reads.fields].sort()).toEqual(['account', 'last_step_at', 'next_step_at', 'stage']);
    expect([...reads.computed]).toEqual(['active']);
    expect([...reads.related].sort()).toEqual(['activities', 'tasks']);
    expect([...reads.linked].sort()).toEqual(['accounts', 'deals']);
    expect(reads.clock).toBe(true);
  });

  test('of a computed field, what it is computed from', () => {
    const good = computedReads(catalog.objects.get('deals')!.fields.get('good')!, catalog);
    expect([...good.fields].sort()).toEqual(['amount', 'cost']);
    expect(good.clock).toBe(false);
  });
});

test('whatever is sent, checking answers with findings or with none, and compiling agrees', () => {
  const keys = fc.constantFrom(
    'all',
    'any',
    'not',
    'stage',
    'name',
    'amount',
    'opened_on',
    'account',
    'account.name',
    'activities',
    'active',
    'some',
    'none',
    'count',
    'where',
    'eq',
    'in',
    'gte',
    'missing',
    'contains',
    'within',
    'between',
    'outcome',
    '__proto__',
    'constructor',
    'x',
  );
  const leaf = fc.oneof(
    fc.constantFrom(
      'new',
      '$me',
      '$now-1d',
      '$parent.name',
      '$$',
      '14d',
      '',
      '\0',
      '2026-01-01',
      5,
      1e308,
      -0,
      true,
      null,
    ),
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.double(),
  );
  const { condition } = fc.letrec((tie) => ({
    condition: fc.dictionary(
      keys,
      fc.oneof(
        { maxDepth: 5 },
        leaf,
        tie('condition'),
        fc.array(tie('condition'), { maxLength: 3 }),
        fc.array(leaf, { maxLength: 3 }),
      ),
      { maxKeys: 3, noNullPrototype: true },
    ),
  }));
  fc.assert(
    fc.property(condition, (given) => {
      const issues = check(given);
      const compile = () =>
        conditionToSql(given, {
          catalog,
          object: 'deals',
          alias: 't',
          place: 'list',
          scope: { me: null, teams: [] },
          parse: sampleParse(catalog),
        });
      if (issues.length === 0) compile();
      else expect(compile).toThrow();
    }),
    { numRuns: 3_000 },
  );
});
