import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Context } from '../../core/context/context.ts';
import { fold } from '../../core/conditions/fold.ts';
import { isProblem } from '../../core/errors/problem.ts';
import { testWorkspace, type TestWorkspace } from '../../testing/workspace.ts';
import { list, listIds } from './list.ts';

let workspace: TestWorkspace;
let admin: Context;
type Deal = { id: string; name: string; amount: number | null; expected_close_on: string | null };
const deals: Deal[] = [];

beforeAll(async () => {
  workspace = await testWorkspace();
  admin = workspace.admin;
  const names = ['Élan', 'elan', 'Zebra', 'zebra 2', 'ähre', 'Ahorn', 'ß-Werk', 'Oslo', 'øre'];
  for (let n = 0; n < 120; n++) {
    const deal = {
      name: `${names[n % names.length]}${n % 4 === 0 ? '' : ` ${n}`}`,
      amount: n % 5 === 0 ? null : (n * 37) % 11,
      expected_close_on: n % 3 === 0 ? null : `2026-0${1 + (n % 9)}-15`,
    };
    deals.push({ ...deal, id: await workspace.create('deals', deal) });
  }
});
afterAll(() => workspace.close());

/** Walks a list page by page. */
async function walk(
  context: Context,
  input: { sort?: string; limit: number; where?: unknown },
): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await list(context, { object: 'deals', ...input, cursor, fields: ['id'] });
    ids.push(...page.data.map((record) => record['id'] as string));
    cursor = page.next_cursor ?? undefined;
  } while (cursor);
  return ids;
}

const bytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** The order that a sort promises, in memory: empty last both ways, folded text first, then as written, then id. */
function expected(sort: string): string[] {
  const keys = sort
    .split(',')
    .map((part) => ({ key: part.replace('-', '') as keyof Deal, descending: part.startsWith('-') }));
  const compare = (a: Deal, b: Deal): number => {
    for (const { key, descending } of keys) {
      const [x, y] = [a[key], b[key]];
      if (x === null && y === null) continue;
      if (x === null) return 1;
      if (y === null) return -1;
      const order =
        typeof x === 'number'
          ? x - (y as number)
          : key === 'name'
            ? bytes(fold(x), fold(y as string)) || bytes(x, y as string)
            : bytes(x, y as string);
      if (order !== 0) return descending ? -order : order;
    }
    const order = bytes(a.id, b.id);
    return keys.at(-1)!.descending ? -order : order;
  };
  return [...deals].sort(compare).map((deal) => deal.id);
}

test('paging by cursor gives every record once, in the promised order, whatever the sort and page size', async () => {
  const key = fc.constantFrom('name', 'amount', 'expected_close_on', 'id');
  const spec = fc
    .uniqueArray(key, { minLength: 1, maxLength: 3 })
    .chain((keys) =>
      fc
        .tuple(...keys.map(() => fc.boolean()))
        .map((down) => keys.map((one, at) => (down[at] ? `-${one}` : one)).join(',')),
    );
  await fc.assert(
    fc.asyncProperty(spec, fc.integer({ min: 1, max: 50 }), async (sort, limit) => {
      const untilId = sort.split(',').findIndex((part) => part.endsWith('id'));
      const used =
        untilId < 0
          ? sort
          : sort
              .split(',')
              .slice(0, untilId + 1)
              .join(',');
      expect(await walk(admin, { sort, limit })).toEqual(expected(used));
    }),
    { numRuns: 40 },
  );
});

test('a cursor of another list, a broken one or a forged one is refused with a sentence', async () => {
  const { next_cursor } = await list(admin, { object: 'deals', sort: 'amount', limit: 5 });
  const forged = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const bad = [
    next_cursor!.slice(0, -4),
    'x',
    '',
    forged(['amount', 0, "1'; DROP", 'a']),
    forged({}),
    forged(['amount', 7, '1', null]),
    '\0',
  ];
  for (const cursor of bad.filter(Boolean)) {
    await expect(list(admin, { object: 'deals', sort: 'amount', cursor })).rejects.toSatisfy(
      (error) => isProblem(error) && error.body.errors[0]!.code === 'bad_cursor',
    );
  }
  await expect(list(admin, { object: 'deals', sort: '-amount', cursor: next_cursor! })).rejects.toSatisfy(
    isProblem,
  );
});

test('count=exact counts what the filter finds, not the page', async () => {
  const page = await list(admin, {
    object: 'deals',
    where: { amount: { missing: true } },
    limit: 3,
    count: 'exact',
  });
  expect(page.data).toHaveLength(3);
  expect(page.total).toBe(deals.filter((deal) => deal.amount === null).length);
});

test('words are found anywhere in the search fields, without regard to case and accents', async () => {
  const found = await list(admin, { object: 'deals', q: 'ELAN', limit: 200, fields: ['name'] });
  expect(found.data.map((record) => record['name']).sort()).toEqual(
    deals
      .filter((deal) => fold(deal.name).includes('elan'))
      .map((deal) => deal.name)
      .sort(),
  );
  expect((await list(admin, { object: 'deals', q: 'werk ss', limit: 200 })).data.length).toBeGreaterThan(0);
  expect((await list(admin, { object: 'deals', q: '%', limit: 200 })).data).toHaveLength(0);
});

test('an archived record leaves lists, counts and search, and can be asked for', async () => {
  const id = await workspace.create('deals', { name: 'Farewell' });
  await workspace.change(admin, { archive: 'deals', id });
  expect((await list(admin, { object: 'deals', q: 'farewell' })).data).toHaveLength(0);
  expect(
    (await list(admin, { object: 'deals', q: 'farewell', archived: 'only', count: 'exact' })).total,
  ).toBe(1);
  expect(
    (await list(admin, { object: 'deals', where: { name: 'Farewell' }, archived: 'include' })).data,
  ).toHaveLength(1);
});

test('unknown fields, sorts and limits are refused, each with its path', async () => {
  const refused = async (input: object): Promise<string> =>
    list(admin, { object: 'deals', ...input }).then(
      () => 'nothing',
      (error: unknown) =>
        isProblem(error) ? `${error.body.status} ${error.body.errors[0]!.path}` : String(error),
    );
  expect(await refused({ fields: ['name', 'nope'] })).toBe('422 fields');
  expect(await refused({ sort: 'nope' })).toBe('422 sort');
  expect(await refused({ sort: 'a,b,c,d,e' })).toBe('422 sort');
  expect(await refused({ limit: 0 })).toBe('422 limit');
  expect(await refused({ limit: 201 })).toBe('422 limit');
  expect(await refused({ q: 'a b c d e f g h i' })).toBe('422 q');
  expect(await refused({ where: { nope: 1 } })).toMatch(/^422 .*nope/);
  expect(await refused({ object: 'nope' })).toBe('404 object');
});

test('walking ids of a filter meets each record once while others are added', async () => {
  const seen: string[] = [];
  for await (const ids of listIds(admin, { object: 'deals', where: { amount: { gte: 3 } } }, 7)) {
    seen.push(...ids);
    if (seen.length < 20) await workspace.create('deals', { name: 'Late', amount: 1 });
  }
  expect(seen).toEqual(
    deals.filter((deal) => deal.amount !== null && deal.amount >= 3).map((deal) => deal.id),
  );
});
