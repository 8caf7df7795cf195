import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Context } from '../../core/context/context.ts';
import { rows, sql } from '../../core/sql/sql.ts';
import { findings, refused } from '../../testing/refused.ts';
import { testWorkspace, type TestWorkspace } from '../../testing/workspace.ts';
import { get } from '../read/get.ts';
import { list } from '../read/list.ts';
import { write, type Change } from '../write/write.ts';
import { finishBatch, getBatch, startBatch } from './batches.ts';
import { listBatchProblems } from './problems.ts';
import { bulkEdit } from './bulk.ts';
import { listKept } from './kept.ts';
import { runBatch } from './run-batch.ts';
import { undoBatch, type Undone } from './undo.ts';

let workspace: TestWorkspace;
let admin: Context;
let anna: Context;
let annaId: string;

beforeAll(async () => {
  workspace = await testWorkspace();
  admin = workspace.admin;
  annaId = await workspace.create('users', { name: 'Anna', email: 'anna@ours.example' });
  anna = workspace.user({ id: annaId, name: 'Anna' }, 'sales_representative');
});
afterAll(() => workspace.close());

const read = (object: string, id: string) => get(admin, { object, id, archived: 'include' });
const change = (one: Change, context = admin) => workspace.change(context, one);

/** Writes under a batch of its own, ended; gives the batch. */
async function batched(context: Context, changes: readonly Change[], object = 'accounts'): Promise<string> {
  const batch = await startBatch(context, { kind: 'import', object });
  const outcomes = await write(context, { mode: 'each', batch, changes });
  const done = outcomes.filter((one) => one.ok).length;
  await finishBatch(context, batch, { state: 'done', done, refused: outcomes.length - done });
  return batch;
}

test('a bulk edit by ids or by filter answers per record, lists refusals by id, and is undone as one', async () => {
  const mark = randomUUID();
  const ids = await Promise.all(
    Array.from({ length: 5 }, (_, n) => workspace.create('accounts', { name: `Bulk ${n}`, notes: mark })),
  );
  await change({ archive: 'accounts', id: ids[4]! });
  const unknown = randomUUID();
  const byIds = await bulkEdit(admin, {
    object: 'accounts',
    ids: [...ids, unknown, 'nonsense', ids[0]!],
    set: { city: 'Rome' },
  });
  expect(byIds.done).toBe(4);
  expect(byIds.refused.map(({ id, errors }) => [id, errors[0]!.code])).toEqual([
    [ids[4], 'archived'],
    [unknown, 'not_found'],
    ['nonsense', 'not_found'],
  ]);
  expect(await getBatch(admin, byIds.batch)).toMatchObject({ state: 'done', done: 4, refused: 3, total: 7 });
  const problems = await listBatchProblems(admin, { batch: byIds.batch, limit: 2 });
  expect(problems.data.map((one) => one['raw'])).toEqual([ids[4], unknown]);
  expect(
    (await listBatchProblems(admin, { batch: byIds.batch, limit: 2, after: problems.next! })).data,
  ).toMatchObject([{ raw: 'nonsense', record: null, refused: true }]);
  const byFilter = await bulkEdit(admin, {
    object: 'accounts',
    where: { notes: { contains: mark } },
    set: { city: 'Oslo' },
  });
  expect(byFilter).toMatchObject({ done: 4, refused: [], refused_total: 0 });
  expect(await undoBatch(admin, byFilter.batch)).toMatchObject({ done: 4, kept: [] });
  expect(await read('accounts', ids[0]!)).toMatchObject({ city: 'Rome' });
  expect(await undoBatch(admin, byIds.batch)).toMatchObject({ done: 4, kept: [] });
  expect(await read('accounts', ids[0]!)).toMatchObject({ city: null, version: 5 });
});

test('a bulk edit that cannot go well for any record is refused before a batch begins', async () => {
  const batches = async () =>
    (await rows(workspace.database.pool, sql`SELECT count(*) AS n FROM platform.batches`))[0]!['n'];
  const before = await batches();
  const id = await workspace.create('accounts', { name: 'One' });
  const tell = async (input: object) =>
    findings(await refused(bulkEdit(admin, { object: 'accounts', ids: [id], ...input })));
  expect(await tell({ set: { nonsense: 1 } })).toEqual(['nonsense unknown_field']);
  expect(await tell({ set: { name: '' } })).toEqual(['name required']);
  expect(await tell({})).toEqual(['set nothing_to_do']);
  expect(await tell({ where: {}, set: { city: 'X' } })).toEqual(['ids ids_or_where']);
  expect(await tell({ ids: undefined, where: { nonsense: 1 }, set: { city: 'X' } })).toEqual([
    'nonsense unknown_field',
  ]);
  expect(
    findings(
      await refused(
        bulkEdit(workspace.as('read_only'), { object: 'accounts', ids: [id], set: { city: 'X' } }),
      ),
    ),
  ).toEqual([' forbidden']);
  expect(await batches()).toBe(before);
});

test('text that the database cannot hold is answered for, and spoils no batch', async () => {
  const id = await workspace.create('accounts', { name: 'One' });
  const set = { parent: { match: { name: 'a\0b \ud800 \\u0000' } } };
  const answer = await bulkEdit(admin, { object: 'accounts', ids: [id, 'x\0'], set });
  expect(answer.refused.map(({ errors }) => errors[0]!.code)).toEqual(['link_not_found', 'not_found']);
  expect((await getBatch(admin, answer.batch)).details).toEqual({
    set: { parent: { match: { name: 'a�b � \\u0000' } } },
  });
});

test('one edits in bulk only what one could edit one by one', async () => {
  const mine = (await change({ create: 'deals', set: { name: 'Mine' } }, anna)).id;
  const other = await workspace.create('deals', { name: 'Not hers' });
  const answer = await bulkEdit(anna, { object: 'deals', ids: [mine, other], set: { notes: 'Hi' } });
  expect(answer).toMatchObject({ done: 1, refused: [{ id: other, errors: [{ code: 'not_found' }] }] });
  expect((await bulkEdit(anna, { object: 'deals', where: {}, set: { notes: 'Ho' } })).done).toBe(1);
});

test('undo puts back field by field: what somebody changed since is kept and listed', async () => {
  const id = await workspace.create('accounts', {
    name: 'Fields',
    city: 'Bonn',
    phone: '+4930901820',
    employees: 5,
  });
  const { batch } = await bulkEdit(admin, {
    object: 'accounts',
    ids: [id],
    set: { city: 'Rome', phone: null, employees: 6, region: 'Lazio' },
  });
  await change({ update: 'accounts', id, set: { city: 'Milan', street: 'Via 1' } });
  await change({ update: 'accounts', id, set: { employees: 7 } });
  await change({ update: 'accounts', id, set: { employees: 6 } });
  const undone = await undoBatch(admin, batch);
  expect(undone).toMatchObject({
    done: 1,
    kept: [{ object: 'accounts', id, field: 'city', why: 'It was changed since.' }],
  });
  expect(await read('accounts', id)).toMatchObject({
    city: 'Milan',
    street: 'Via 1',
    phone: '+4930901820',
    employees: 5,
    region: null,
  });
  expect(await getBatch(admin, batch)).toMatchObject({ state: 'undone', undone_by: undone.batch });
});

test('what somebody wrote between two writes of the batch comes back, not what was there before them', async () => {
  const id = await workspace.create('accounts', { name: 'Between', city: 'Bonn' });
  const batch = await startBatch(admin, { kind: 'import', object: 'accounts' });
  const set = (city: string, of?: string) =>
    write(admin, { mode: 'all', batch: of, changes: [{ update: 'accounts', id, set: { city } }] });
  await set('A', batch);
  await set('Person', undefined);
  await set('B', batch);
  await set('C', batch);
  await finishBatch(admin, batch, { state: 'done', done: 3, refused: 0 });
  await undoBatch(admin, batch);
  expect((await read('accounts', id))['city']).toBe('Person');
});

test('what a batch created is archived, unless somebody has worked on it', async () => {
  const [a, b] = [randomUUID(), randomUUID()];
  const batch = await batched(admin, [
    { create: 'accounts', id: a, set: { name: 'Made A' } },
    { create: 'accounts', id: b, set: { name: 'Made B' } },
    { create: 'contacts', set: { last_name: 'Made C', account: a } },
    { update: 'accounts', id: a, set: { city: 'Rome' } },
  ]);
  await change({ update: 'accounts', id: b, set: { city: 'Kept' } });
  expect(await undoBatch(admin, batch)).toMatchObject({ done: 2, kept: [{ object: 'accounts', id: b }] });
  expect((await read('accounts', a))['archived_at']).not.toBeNull();
  expect(await read('accounts', b)).toMatchObject({ archived_at: null, city: 'Kept' });
});

test('an archiving in bulk is undone by bringing back; into a conflict it is kept and listed', async () => {
  const [one, two] = [
    await workspace.create('users', { name: 'One', email: 'one@ours.example' }),
    await workspace.create('users', { name: 'Two', email: 'two@ours.example' }),
  ];
  const { batch, done } = await bulkEdit(admin, { object: 'users', ids: [one, two], archive: true });
  expect(done).toBe(2);
  await workspace.create('users', { name: 'New one', email: 'one@ours.example' });
  const undone = await undoBatch(admin, batch);
  expect(undone).toMatchObject({ done: 1, kept: [{ object: 'users', id: one }] });
  expect(undone.kept[0]!.why).toContain('another user');
  expect((await read('users', two))['archived_at']).toBeNull();
});

test('a record archived since is kept as it is and listed', async () => {
  const id = await workspace.create('accounts', { name: 'Resting' });
  const { batch } = await bulkEdit(admin, { object: 'accounts', ids: [id], set: { city: 'Rome' } });
  await change({ archive: 'accounts', id });
  expect(await undoBatch(admin, batch)).toMatchObject({
    done: 0,
    kept: [{ id, why: expect.stringContaining('archived') }],
  });
  expect(await read('accounts', id)).toMatchObject({ city: 'Rome', version: 3 });
});

test('stage and pipeline go back together or not at all', async () => {
  const account = await workspace.create('accounts', { name: 'Buyer' });
  const id = await workspace.create('deals', { name: 'Swings', account, owner: annaId });
  const { batch } = await bulkEdit(admin, {
    object: 'deals',
    ids: [id],
    set: { pipeline: 'repeat_business', notes: 'Batch' },
  });
  expect(await read('deals', id)).toMatchObject({ pipeline: 'repeat_business', stage: 'new' });
  const contact = await workspace.create('contacts', { last_name: 'Buyer' });
  await change({
    advance: 'deals',
    id,
    to: 'needs_confirmed',
    set: { amount: 5, contact },
    activity: { type: 'call', occurred_at: new Date(Date.now() - 60_000).toISOString(), result: 'reached' },
  });
  const undone = await undoBatch(admin, batch);
  expect(undone.kept.map(({ field }) => field)).toEqual(
    expect.arrayContaining(['pipeline', 'stage_entered_at']),
  );
  expect(await read('deals', id)).toMatchObject({
    pipeline: 'repeat_business',
    stage: 'needs_confirmed',
    notes: null,
  });
});

test('undo asks no step and no reason: a batch of losses is taken back to where each deal was', async () => {
  const ids = await Promise.all(
    Array.from({ length: 3 }, (_, n) => workspace.create('deals', { name: `Lost ${n}`, owner: annaId })),
  );
  const { batch, done } = await bulkEdit(admin, {
    object: 'deals',
    ids,
    set: { stage: 'lost', loss_reason: 'price' },
  });
  expect(done).toBe(3);
  const before = (await read('deals', ids[0]!)) as { closed_on: string };
  expect(before.closed_on).not.toBeNull();
  expect(await undoBatch(admin, batch)).toMatchObject({ done: 3, kept: [] });
  expect(await read('deals', ids[0]!)).toMatchObject({
    stage: 'new',
    closed_on: null,
    loss_reason: null,
    gaps: null,
  });
});

test('a batch is undone once, and a stranger does not even see it', async () => {
  const id = (await change({ create: 'deals', set: { name: 'Hers' } }, anna)).id;
  const { batch } = await bulkEdit(anna, { object: 'deals', ids: [id], set: { notes: 'X' } });
  const stranger = workspace.user({ id: randomUUID(), name: 'Stranger' }, 'sales_representative');
  expect((await refused(undoBatch(stranger, batch))).status).toBe(404);
  expect((await refused(undoBatch(stranger, 'nonsense'))).status).toBe(404);
  expect((await refused(getBatch(stranger, batch))).status).toBe(404);
  const undone = await undoBatch(anna, batch);
  expect(await refused(undoBatch(anna, batch))).toMatchObject({ status: 409, code: 'already_undone' });
  expect(undone).toMatchObject({ state: 'done', kept_total: 0 });
  const again = await bulkEdit(anna, { object: 'deals', ids: [id], set: { notes: 'Y' } });
  const both = await Promise.allSettled([undoBatch(anna, again.batch), undoBatch(admin, again.batch)]);
  expect(both.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected']);
});

test('who may no longer edit undoes nothing', async () => {
  const id = (await change({ create: 'deals', set: { name: 'Was hers' } }, anna)).id;
  const { batch } = await bulkEdit(anna, { object: 'deals', ids: [id], set: { notes: 'X' } });
  const demoted: Context = {
    ...anna,
    catalog: anna.catalog,
    principal: { ...anna.principal, roles: ['read_only'] },
  };
  expect(await undoBatch(demoted, batch)).toMatchObject({
    done: 0,
    kept: [{ id, why: 'You may not change this deal.' }],
  });
  expect(await read('deals', id)).toMatchObject({ notes: 'X' });
});

test('a batch that runs is not undone; one whose process died is, at once', async () => {
  const id = await workspace.create('accounts', { name: 'D' });
  const batch = await startBatch(admin, { kind: 'bulk', object: 'accounts' });
  const set = { city: 'Rome' };
  await runBatch(admin, { batch }, async () => {
    await write(admin, { mode: 'all', batch, changes: [{ update: 'accounts', id, set }] });
    expect(await getBatch(admin, batch)).toMatchObject({ state: 'running' });
    expect(await refused(undoBatch(admin, batch))).toMatchObject({ status: 409, code: 'still_running' });
    expect(await refused(runBatch(admin, { batch }, async () => {}))).toMatchObject({
      code: 'still_running',
    });
  });
  // As a killed process leaves it: it calls itself running, and nobody holds it.
  await rows(
    workspace.database.pool,
    sql`UPDATE platform.batches SET state = 'running', ended_at = NULL WHERE id = ${batch}`,
  );
  expect(await getBatch(admin, batch)).toMatchObject({ state: 'stopped' });
  expect(await undoBatch(admin, batch)).toMatchObject({ done: 1, kept: [] });
  expect((await read('accounts', id))['city']).toBeNull();
});

test('a runner that was thought dead writes nothing any more', async () => {
  const batch = await startBatch(admin, { kind: 'bulk', object: 'accounts' });
  const id = await workspace.create('accounts', { name: 'Fenced' });
  const late = runBatch(admin, { batch }, async (run) => {
    await rows(
      workspace.database.pool,
      sql`UPDATE platform.batches SET runner = ${randomUUID()} WHERE id = ${batch}`,
    );
    await write(admin, {
      mode: 'each',
      batch,
      changes: [{ update: 'accounts', id, set: { city: 'Late' } }],
      beside: (on) => run.note(on, { done: 1, refused: 0, position: { reached: 1 }, problems: [] }),
    });
  });
  expect((await refused(late)).code).toBe('taken_over');
  expect((await read('accounts', id))['city']).toBeNull();
});

/** Undoes until `records` are done, as somebody who stops it does. */
async function undoSome(batch: string, records: number): Promise<Undone> {
  const stop = new AbortController();
  return undoBatch(admin, batch, {
    signal: stop.signal,
    onProgress: ({ reached }) => reached >= records && stop.abort(),
  });
}

test('an undo stops on the way, says how far it is, and goes on from there', async () => {
  const ids = Array.from({ length: 450 }, () => randomUUID());
  const batch = await batched(
    admin,
    ids.map((id, at): Change => ({ create: 'accounts', id, set: { name: `Long ${at}` } })),
  );
  const seen = ids.toSorted()[10]!;
  await change({ update: 'accounts', id: seen, set: { city: 'Seen' } });
  const part = await undoSome(batch, 200);
  expect(part).toMatchObject({ state: 'stopped', done: 199, kept_total: 1 });
  expect(await getBatch(admin, part.batch)).toMatchObject({ state: 'stopped', total: 450, reached: 200 });
  expect(await getBatch(admin, batch)).toMatchObject({ state: 'undone', undone_by: part.batch });
  const rest = await undoBatch(admin, batch);
  expect(rest).toMatchObject({ batch: part.batch, state: 'done', done: 449, kept_total: 1 });
  expect(rest.kept).toMatchObject([{ id: seen, name: expect.stringContaining('Long') }]);
  expect((await refused(undoBatch(admin, batch))).code).toBe('already_undone');
});

test('an undo is undone: what it put back stands again as the batch left it, but for what people touched', async () => {
  const [a, b, c] = [
    randomUUID(),
    await workspace.create('accounts', { name: 'B', city: 'Bonn' }),
    randomUUID(),
  ];
  const batch = await batched(admin, [
    { create: 'accounts', id: a, set: { name: 'A' } },
    { create: 'accounts', id: c, set: { name: 'C' } },
    { update: 'accounts', id: b, set: { city: 'Rome', region: 'Lazio' } },
  ]);
  const undone = await undoBatch(admin, batch);
  expect(await read('accounts', b)).toMatchObject({ city: 'Bonn', region: null });
  await change({ update: 'accounts', id: b, set: { region: 'North' } });
  const redone = await undoBatch(admin, undone.batch);
  expect(redone.kept).toMatchObject([
    { id: b, name: 'B', field: 'region', label: 'Region', present: 'North', by: admin.principal.name },
  ]);
  expect(await read('accounts', a)).toMatchObject({ archived_at: null });
  expect(await read('accounts', b)).toMatchObject({ city: 'Rome', region: 'North' });
  expect(await getBatch(admin, batch)).toMatchObject({ state: 'done', undone_by: null });
  expect(await getBatch(admin, undone.batch)).toMatchObject({ state: 'undone' });
  // And once more: what undid and undid that is no work of people.
  expect(await undoBatch(admin, batch)).toMatchObject({ done: 3, kept: [{ id: b, field: 'region' }] });
  expect((await read('accounts', c))['archived_at']).not.toBeNull();
  expect(await read('accounts', b)).toMatchObject({ city: 'Bonn', region: 'North' });
});

test('what was kept is listed page by page, and a hidden record only by its id', async () => {
  const ids = Array.from({ length: 5 }, () => randomUUID());
  const batch = await batched(
    anna,
    ids.map((id, at): Change => ({ create: 'deals', id, set: { name: `Kept ${at}` } })),
    'deals',
  );
  for (const id of ids) await change({ update: 'deals', id, set: { notes: 'Worked on' } });
  await change({ update: 'deals', id: ids[0]!, set: { owner: null } });
  const undone = await undoBatch(anna, batch);
  expect(undone).toMatchObject({ done: 0, kept_total: 5 });
  const first = await listKept(anna, { batch: undone.batch, limit: 3 });
  const second = await listKept(anna, { batch: undone.batch, limit: 3, after: first.next! });
  expect([first.data.length, second.data.length, second.next]).toEqual([3, 2, null]);
  const names = new Map([...first.data, ...second.data].map(({ id, name }) => [id, name]));
  expect(ids.map((id) => names.get(id))).toEqual([null, 'Kept 1', 'Kept 2', 'Kept 3', 'Kept 4']);
});

const fields = ['city', 'region', 'street', 'employees', 'phone', 'owner'] as const;
type Field = (typeof fields)[number];

test('whatever a batch and people after it wrote: untouched fields are as before, touched ones kept and listed', async () => {
  const values: Record<Field, readonly unknown[]> = {
    city: [null, 'Rome', 'Oslo'],
    region: [null, 'North', 'South'],
    street: [null, 'A 1', 'B 2'],
    employees: [null, 1, 2],
    phone: [null, '+4930901820', '+4930901821'],
    owner: [null, annaId],
  };
  const some = fc
    .uniqueArray(fc.constantFrom(...fields), { minLength: 1, maxLength: 4 })
    .chain((keys) =>
      fc.record(Object.fromEntries(keys.map((key) => [key, fc.constantFrom(...values[key])]))),
    );
  const step = fc.record({ at: fc.nat(3), set: some });
  const scene = fc.record({
    first: fc.array(step, { maxLength: 4 }),
    batch: fc.array(step, { minLength: 1, maxLength: 5 }),
    creates: fc.nat(2),
    after: fc.array(fc.record({ at: fc.nat(5), set: some }), { maxLength: 6 }),
  });
  await fc.assert(
    fc.asyncProperty(scene, async ({ first, batch: inBatch, creates, after }) => {
      const all = Array.from({ length: 4 }, () => randomUUID());
      const made = Array.from({ length: creates }, () => randomUUID());
      const update = (id: string, set: Record<string, unknown>): Change => ({ update: 'accounts', id, set });
      await write(admin, {
        mode: 'all',
        changes: [
          ...all.map((id): Change => ({ create: 'accounts', id, set: { name: 'P' } })),
          ...first.map(({ at, set }) => update(all[at]!, set)),
        ],
      });
      const before = await snapshot(all);
      const batch = await batched(admin, [
        ...made.map((id): Change => ({ create: 'accounts', id, set: { name: 'M' } })),
        ...inBatch.map(({ at, set }) => update(all[at]!, set)),
      ]);
      const wrote = await snapshot(all);
      const ids = [...all, ...made];
      const worked = new Set<string>();
      for (const { at, set } of after) {
        const id = ids[at];
        if (id && (await change(update(id, set))).done === 'changed') worked.add(id);
      }
      const present = await snapshot(all);
      const { kept } = await undoBatch(admin, batch);
      const now = await snapshot(all);
      for (const id of all) {
        for (const field of fields) {
          const [was, given, found, is] = [before, wrote, present, now].map((state) => state.get(id)![field]);
          const name = { id, field, was, given, found };
          const touched =
            JSON.stringify(was) !== JSON.stringify(given) ||
            inBatch.some(({ at, set }) => all[at] === id && field in set);
          const changed = JSON.stringify(given) !== JSON.stringify(found);
          const listed = kept.some((one) => one.id === id && one.field === field);
          expect({ ...name, is }).toEqual({ ...name, is: touched && !changed ? was : found });
          if (JSON.stringify(was) !== JSON.stringify(given))
            expect({ ...name, listed }).toEqual({ ...name, listed: changed });
        }
      }
      for (const id of made) {
        expect((await read('accounts', id))['archived_at'] === null).toBe(worked.has(id));
        expect(kept.some((one) => one.id === id)).toBe(worked.has(id));
      }
    }),
    { numRuns: 60 },
  );

  async function snapshot(ids: readonly string[]): Promise<Map<string, Record<string, unknown>>> {
    const { data } = await list(admin, {
      object: 'accounts',
      where: { id: { in: [...ids] } },
      limit: 200,
      fields: [...fields],
    });
    return new Map(data.map((record) => [record['id'] as string, record]));
  }
});
