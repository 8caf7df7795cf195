/** Whatever is sent: an answer, or a refusal that says something; and nothing written by halves. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Context } from '../../core/context/context.ts';
import { isProblem } from '../../core/errors/problem.ts';
import { rows, sql } from '../../core/sql/sql.ts';
import { testWorkspace, type TestWorkspace } from '../../testing/workspace.ts';
import { bulkEdit, type BulkInput } from '../batches/bulk.ts';
import { history } from '../events/history.ts';
import { get } from '../read/get.ts';
import { list } from '../read/list.ts';
import { search } from '../read/search.ts';
import { summarise, type SummariseInput } from '../read/summarise.ts';
import { write, type Change } from './write.ts';

let workspace: TestWorkspace;
let admin: Context;
let contexts: Context[];
let ids: string[];
let keys: string[];
const objects = [
  'deals',
  'accounts',
  'contacts',
  'leads',
  'activities',
  'tasks',
  'documents',
  'users',
  'products',
];

beforeAll(async () => {
  workspace = await testWorkspace();
  admin = workspace.admin;
  const user = await workspace.create('users', { name: 'Anna', email: 'anna@ours.example' });
  contexts = [
    admin,
    workspace.user({ id: user, name: 'Anna', teams: [] }, 'sales_representative'),
    workspace.as('read_only'),
  ];
  ids = [
    user,
    await workspace.create('accounts', { name: 'There' }),
    await workspace.create('deals', { name: 'There', owner: user }),
    await workspace.create('deals', { name: 'Archived' }),
    await workspace.create('activities', { type: 'call' }),
  ];
  await workspace.change(admin, { archive: 'deals', id: ids[3]! });
  keys = [...new Set(objects.flatMap((object) => [...admin.catalog.objects.get(object)!.fields.keys()]))];
});
afterAll(() => workspace.close());

const oddTexts = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  'x\udfff',
  '\u202e',
  '\ufeff',
  '$me',
  '$my_team',
  '$now-14d',
  '$today+999999y',
  '$$x',
  '$old.name',
  '$parent.id',
  '__proto__',
  'constructor',
  'toString',
  'null',
  'NaN',
  '1e309',
  '-0',
  '0x10',
  '9'.repeat(400),
  '١٢٣',
  'true',
  '{}',
  '[]',
  "'; DROP TABLE crm.deals; --",
  '%',
  '_',
  '\\',
  '2026-02-30',
  '0000-00-00',
  '99999-01-01',
  '-4712-01-01',
  'infinity',
  '2026-01-01T25:00:00Z',
  'PT1E9S',
  'P9999999Y',
  '+49',
  'a@b',
  '@',
  'http://',
  'javascript:alert(1)',
  'new',
  'won',
  'negotiation',
  'new_business',
  'repeat_business',
  'call',
  'call me',
  'ß',
  'İ',
  'e\u0301'.repeat(300),
  '𝔘'.repeat(300),
  'x'.repeat(20_000),
];
const text = () =>
  fc.oneof(
    fc.constantFrom(...oddTexts),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ maxLength: 20 }),
  );
const number = () =>
  fc.oneof(
    fc.constantFrom(
      0,
      -0,
      1,
      -1,
      1e15,
      1e16,
      1e21,
      1e308,
      -1e308,
      5e-324,
      0.1 + 0.2,
      NaN,
      Infinity,
      -Infinity,
      2 ** 31,
      2 ** 53,
    ),
    fc.double(),
    fc.integer(),
  );
const id = () =>
  fc.oneof(
    { weight: 3, arbitrary: fc.nat(4).map((at) => ids[at]!) },
    { weight: 1, arbitrary: fc.uuid() },
    { weight: 1, arbitrary: text() },
  );
const key = () =>
  fc.oneof(
    { weight: 6, arbitrary: fc.nat(9999).map((at) => keys[at % keys.length]!) },
    { weight: 1, arbitrary: text() },
  );
const deep = fc.integer({ min: 1, max: 3000 }).map((depth) => {
  let value: unknown = 1;
  for (let at = 0; at < depth; at++) value = at % 2 ? [value] : { all: value };
  return value;
});
/** As JSON.parse makes it: `__proto__` is a key like any other. */
const asParsed = (entries: readonly (readonly [string, unknown])[]): Record<string, unknown> => {
  const made: Record<string, unknown> = {};
  for (const [name, value] of entries)
    Object.defineProperty(made, name, { value, enumerable: true, configurable: true, writable: true });
  return made;
};
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    text(),
    number(),
    fc.constantFrom(null, true, false, undefined),
    id(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(key(), tie('value')), { maxLength: 4 }).map(asParsed),
    fc.record({ match: fc.array(fc.tuple(key(), tie('value')), { maxLength: 3 }).map(asParsed) }),
    fc.record({ amount: tie('value'), currency: tie('value') }),
    fc.record({ id: tie('value') }),
  ),
}));
const anything = fc.oneof({ weight: 30, arbitrary: value }, { weight: 1, arbitrary: deep });
const values = fc.oneof(
  { weight: 12, arbitrary: fc.array(fc.tuple(key(), anything), { maxLength: 5 }).map(asParsed) },
  { weight: 1, arbitrary: anything as fc.Arbitrary<Record<string, unknown>> },
);
const object = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...objects) },
  { weight: 1, arbitrary: text() },
);
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

/** Field names of one object, so that more than the first step is reached. */
const fitting: fc.Arbitrary<Change> = fc.constantFrom(...objects).chain((name) =>
  fc
    .array(
      fc.tuple(fc.nat(60), anything).map(([at, one]): [string, unknown] => {
        const fields = [...admin.catalog.objects.get(name)!.fields.values()].filter(
          (field) => !field.maintained,
        );
        return [fields[at % fields.length]!.key, one];
      }),
      { maxLength: 3 },
    )
    .map((entries): Change => ({
      create: name,
      set: { name: 'Fits', title: undefined, ...asParsed(entries) },
    }))
    .map((change) => {
      const known = admin.catalog.objects.get(name)!.fields;
      const set = (change as { set: Record<string, unknown> }).set;
      return {
        create: name,
        set: asParsed(Object.entries(set).filter(([field, one]) => known.has(field) && one !== undefined)),
      };
    }),
);
const changeOf: fc.Arbitrary<Change> = fc.oneof(
  { weight: 4, arbitrary: fitting },
  fc.record({ create: object, set: values, id: optional(id()) }) as fc.Arbitrary<Change>,
  fc.record({ update: object, id: id(), set: values, version: optional(number()) }) as fc.Arbitrary<Change>,
  fc.record({
    advance: object,
    id: id(),
    to: fc.oneof(
      fc.constantFrom('contact_established', 'lost', 'new', 'won'),
      anything,
    ) as fc.Arbitrary<string>,
    set: optional(values),
    activity: optional(values),
    task: optional(values),
    files: optional(fc.array(fc.oneof(values, id()), { maxLength: 2 })),
    reason: optional(fc.oneof(text(), anything)) as fc.Arbitrary<string | undefined>,
    override_reason: optional(fc.oneof(text(), anything)) as fc.Arbitrary<string | undefined>,
  }) as fc.Arbitrary<Change>,
  fc.record({ archive: object, id: id() }) as fc.Arbitrary<Change>,
  fc.record({ restore: object, id: id() }) as fc.Arbitrary<Change>,
);

const size = async (): Promise<unknown> =>
  rows(
    workspace.database.pool,
    sql`SELECT (SELECT count(*) FROM platform.events) AS events, (SELECT sum(version) FROM crm.deals) AS deals, (SELECT sum(version) FROM crm.accounts) AS accounts,
        (SELECT sum(version) FROM crm.activities) AS activities, (SELECT sum(version) FROM crm.tasks) AS tasks, (SELECT sum(version) FROM crm.documents) AS documents`,
  );

let answered = 0;
let refusedSome = 0;
/** Gives the answer, or undefined for a refusal in order. */
async function answer<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    const found = await work();
    answered += 1;
    return found;
  } catch (error) {
    if (!isProblem(error)) throw error;
    const { status, errors, detail } = error.body;
    expect(status >= 400 && status < 500).toBe(true);
    expect(errors.length).toBeGreaterThan(0);
    for (const one of errors) {
      expect(typeof one.path).toBe('string');
      expect(one.code && one.message && one.fix.say).toBeTruthy();
    }
    expect(detail.length).toBeGreaterThan(0);
    refusedSome += 1;
    return undefined;
  }
}

afterAll(() => console.info(`garbage: ${answered} answered, ${refusedSome} refused`));

test('whatever is written, all or nothing: done, or refused in order with nothing written', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(changeOf, { minLength: 1, maxLength: 2 }), fc.nat(2), async (changes, who) => {
      const before = await size();
      const outcomes = await answer(() => write(contexts[who]!, { mode: 'all', changes }));
      if (!outcomes) expect(await size()).toEqual(before);
      for (const [at, outcome] of (outcomes ?? []).entries()) {
        const change = changes[at]!;
        if (outcome.ok && 'create' in change)
          expect(await get(admin, { object: change.create, id: outcome.id })).toMatchObject({
            id: outcome.id,
          });
      }
    }),
    { numRuns: 500 },
  );
});

test('whatever a file holds: each row done or refused, and a row that is done can be read', async () => {
  const row = fc.constantFrom(...objects).chain((name) =>
    fc.array(fc.tuple(fc.nat(60), text()), { maxLength: 6 }).map((cells): Change => {
      const fields = [...admin.catalog.objects.get(name)!.fields.values()].filter(
        (field) => !field.maintained,
      );
      return {
        create: name,
        set: asParsed(cells.map(([at, cell]) => [fields[at % fields.length]!.key, cell])),
      };
    }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      async (changes, lenient) => {
        const outcomes = await answer(() =>
          write(admin, { mode: 'each', lenient, text: { dateOrder: 'dmy' }, changes }),
        );
        expect(outcomes).toHaveLength(changes.length);
        for (const [at, outcome] of outcomes!.entries()) {
          if (!outcome.ok) expect(outcome.problem.body.errors.length).toBeGreaterThan(0);
          else await get(admin, { object: (changes[at] as { create: string }).create, id: outcome.id });
        }
      },
    ),
    { numRuns: 200 },
  );
});

const operators = [
  'eq',
  'ne',
  'in',
  'not_in',
  'gt',
  'lte',
  'between',
  'contains',
  'starts_with',
  'within',
  'older_than',
  'next',
  'missing',
  'has',
  'has_any',
  'outcome',
  'nonsense',
];
const { condition } = fc.letrec<{ condition: unknown }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    anything,
    fc.record({ all: fc.array(tie('condition'), { maxLength: 3 }) }),
    fc.record({ any: fc.array(tie('condition'), { maxLength: 3 }) }),
    fc.record({ not: tie('condition') }),
    fc
      .tuple(
        key(),
        fc.oneof(
          anything,
          fc
            .tuple(fc.constantFrom(...operators), anything)
            .map(([operator, one]) => asParsed([[operator, one]])),
        ),
      )
      .map((entry) => asParsed([entry])),
    fc
      .tuple(
        fc.constantFrom('deals', 'activities', 'tasks', 'account.deals', 'account.name', 'owner.team.name'),
        fc.constantFrom('some', 'none', 'count', 'eq'),
        tie('condition'),
      )
      .map(([path, word, inner]) => asParsed([[path, asParsed([[word, inner]])]])),
  ),
}));

/** Operators and odd arguments on fields that are there. */
const fittingTest = fc
  .tuple(fc.nat(9999), fc.constantFrom(...operators), anything)
  .map(([at, operator, one]) => asParsed([[keys[at % keys.length]!, asParsed([[operator, one]])]]));

const cursor = fc.oneof(
  text(),
  fc
    .array(fc.oneof(anything, fc.constantFrom('-id', 'name', 'amount', 0, 1)))
    .map((parts) => Buffer.from(JSON.stringify(parts)).toString('base64url')),
  fc
    .tuple(
      fc.constantFrom('-id', 'amount', '-created_at', 'owner', 'active', 'stage', 'name'),
      fc.array(fc.oneof(text(), fc.constant(null), id()), { maxLength: 3 }),
    )
    .map(([sort, parts]) => Buffer.from(JSON.stringify([sort, 0, ...parts])).toString('base64url')),
);
const sort = fc.oneof(
  fc
    .array(
      fc.tuple(fc.constantFrom('', '-', '--', ' '), key()).map((parts) => parts.join('')),
      { maxLength: 3 },
    )
    .map((parts) => parts.join(',')),
  fc.constantFrom('-id', 'amount', '-created_at', 'owner', 'active', 'stage', 'name', 'gaps'),
  text(),
);

test('whatever is asked: a page, or a refusal in order', async () => {
  // One odd thing at a time, or the first would hide the others.
  const input = fc
    .tuple(
      fc.constantFrom(...objects),
      fc.oneof(
        fc.record({ where: condition }),
        fc.record({ where: fittingTest }),
        fc.record({ q: text() }),
        fc.record({ sort }),
        fc.record({ limit: number() }),
        fc.record({ cursor }),
        fc.record({ fields: fc.array(key(), { maxLength: 3 }) }),
        fc.record({ object }),
      ),
      fc.record({
        archived: optional(fc.constantFrom('include', 'only')),
        count: optional(fc.constant('exact')),
      }),
    )
    .map(([name, odd, rest]) => ({ object: name, ...odd, ...rest }));
  await fc.assert(
    fc.asyncProperty(input, fc.nat(2), async (asked, who) => {
      const page = await answer(() => list(contexts[who]!, asked));
      if (page) expect(Array.isArray(page.data)).toBe(true);
    }),
    { numRuns: 600 },
  );
});

test('whatever cursor comes with a sort that fits it: a page, or a refusal in order', async () => {
  const input = fc
    .constantFrom(
      '-id',
      'amount',
      '-created_at',
      'owner',
      'active',
      'stage',
      'name',
      '-closed_on',
      'opened_on,-amount',
      'version',
    )
    .chain((spec) =>
      fc
        .array(
          fc.oneof(
            text(),
            fc.constant(null),
            id(),
            fc.constantFrom(
              '2026-01-01',
              '2026-13-45',
              '2026-01-01 00:00:00+00',
              '2026-01-01 99:99:99+99',
              '1e5',
              '99999999999999999999999',
              'true',
            ),
          ),
          { minLength: 1, maxLength: 4 },
        )
        .chain((parts) =>
          fc.nat(1).map((phase) => ({
            sort: spec,
            cursor: Buffer.from(JSON.stringify([spec, phase, ...parts])).toString('base64url'),
          })),
        ),
    );
  await fc.assert(
    fc.asyncProperty(input, async (asked) => {
      await answer(() => list(admin, { object: 'deals', ...asked }));
    }),
    { numRuns: 600 },
  );
});

test('whatever is summed, searched, looked up or asked about its past', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        object,
        where: optional(fittingTest),
        by: optional(fc.array(key(), { maxLength: 2 })),
        measures: optional(
          fc.array(fc.record({ fn: fc.constantFrom('sum', 'avg', 'min', 'max', 'count'), field: key() }), {
            maxLength: 2,
          }),
        ),
      }) as fc.Arbitrary<SummariseInput>,
      text(),
      object,
      id(),
      async (asked, q, name, one) => {
        await answer(() => summarise(admin, asked));
        await answer(() => search(admin, { q }));
        await answer(() => get(admin, { object: name, id: one }));
        await answer(() => history(admin, { object: name, id: one }));
      },
    ),
    { numRuns: 250 },
  );
});

test('whatever is done to many at once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        object,
        ids: fc.option(fc.array(id(), { maxLength: 4 }), { nil: undefined, freq: 2 }),
        where: optional(fc.oneof(condition, fittingTest)),
        set: fc.oneof(values, fc.constant({ notes: 'Bulk' })),
        archive: optional(fc.constant(true)),
      }) as fc.Arbitrary<BulkInput>,
      async (asked) => {
        const done = await answer(() =>
          bulkEdit(contexts[1]!, { ...asked, ids: asked.ids?.filter((one) => one !== ids[0]) }),
        );
        for (const one of done?.refused ?? []) expect(one.errors.length).toBeGreaterThan(0);
      },
    ),
    { numRuns: 150 },
  );
});

test('a batch of everything at once stays answerable row by row', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(changeOf, { minLength: 5, maxLength: 30 }), async (changes) => {
      const outcomes = await answer(() => write(admin, { mode: 'each', changes, dryRun: true }));
      expect(outcomes).toHaveLength(changes.length);
      for (const outcome of outcomes!)
        if (!outcome.ok) expect(outcome.problem.body.errors.length).toBeGreaterThan(0);
    }),
    { numRuns: 40 },
  );
});
