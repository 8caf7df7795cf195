/** History may be born late, never moved late. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isProblem } from '../../core/errors/problem.ts';
import { get } from '../read/get.ts';
import { list } from '../read/list.ts';
import { testWorkspace, type TestWorkspace } from '../../testing/workspace.ts';
import { write } from './write.ts';

let workspace: TestWorkspace;
beforeAll(async () => {
  workspace = await testWorkspace();
});
afterAll(() => workspace.close());

const bear = async (set: Record<string, unknown>, context = workspace.admin): Promise<string> => {
  const [outcome] = await write(context, { changes: [{ create: 'deals', set }], mode: 'all', history: true });
  if (!outcome?.ok) throw new Error('nothing was born');
  return outcome.id;
};

const codes = (work: Promise<unknown>): Promise<string[]> =>
  work.then(
    () => [],
    (error: unknown) =>
      isProblem(error) ? error.body.errors.map((one) => one.item ?? one.code) : [String(error)],
  );

test('an old deal enters in any stage with its own dates, and what is unmet becomes gaps', async () => {
  const id = await bear({
    name: 'Old',
    stage: 'won',
    opened_on: '2016-10-20',
    closed_on: '2017-03-01',
    amount: 1054,
  });
  const deal = await get(workspace.admin, { object: 'deals', id });
  expect(deal).toMatchObject({
    stage: 'won',
    opened_on: '2016-10-20',
    closed_on: '2017-03-01',
    last_open_stage: 'negotiation',
  });
  expect(String(deal['stage_entered_at'])).toContain('2017-03-01');
  expect(deal['gaps']).toEqual(expect.arrayContaining(['new.owner', 'contact_established.first_call']));
  const counted = await list(workspace.admin, {
    object: 'deals',
    where: { gaps: { missing: false } },
    count: 'exact',
  });
  expect(counted.total).toBeGreaterThan(0);
});

test('dates that are not known stay empty; the date of the stage may be given', async () => {
  const unknown = await get(workspace.admin, {
    object: 'deals',
    id: await bear({ name: 'Undated', stage: 'lost' }),
  });
  expect(unknown).toMatchObject({ opened_on: null, closed_on: null, stage_entered_at: null });
  const dated = await get(workspace.admin, {
    object: 'deals',
    id: await bear({ name: 'Dated', stage: 'qualified', stage_entered_at: '2020-05-04T10:00:00Z' }),
  });
  expect(dated['stage_entered_at']).toBe('2020-05-04T10:00:00.000Z');
});

test('no old deal moves on before its gaps are filled, and an existing record gains nothing from history', async () => {
  const id = await bear({ name: 'Stuck', stage: 'proposal_sent', opened_on: '2017-01-01' });
  const gaps = (await get(workspace.admin, { object: 'deals', id }))['gaps'] as string[];
  const next = await codes(workspace.change(workspace.admin, { advance: 'deals', id, to: 'negotiation' }));
  expect(next).toEqual(expect.arrayContaining(gaps));
  const late = write(workspace.admin, {
    changes: [{ update: 'deals', id, set: { stage: 'won' } }],
    mode: 'all',
    history: true,
  });
  expect((await codes(late)).length).toBeGreaterThan(gaps.length);
  const reopened = await bear({ name: 'Closed', stage: 'won' });
  const dated = write(workspace.admin, {
    changes: [{ update: 'deals', id: reopened, set: { stage_entered_at: '2001-01-01T00:00:00Z' } }],
    mode: 'all',
    history: true,
  });
  expect(await codes(dated)).toEqual(['read_only']);
});

test('a file of history that meets a record again updates it, and tells that its day of entering stays', async () => {
  const id = await bear({ name: 'Met', stage: 'qualified', stage_entered_at: '2020-05-04T10:00:00Z' });
  const [again] = await write(workspace.admin, {
    changes: [{ update: 'deals', id, set: { name: 'Met again', stage_entered_at: '2001-01-01T00:00:00Z' } }],
    mode: 'each',
    history: true,
    lenient: true,
  });
  expect(again).toMatchObject({
    ok: true,
    left: [{ field: 'stage_entered_at', raw: '2001-01-01T00:00:00Z', issue: { code: 'stays_as_it_is' } }],
  });
  expect(await get(workspace.admin, { object: 'deals', id })).toMatchObject({
    name: 'Met again',
    stage_entered_at: '2020-05-04T10:00:00.000Z',
  });
});

test('history needs its own right', async () => {
  expect(await codes(bear({ name: 'No' }, workspace.as('sales_representative')))).toEqual(['forbidden']);
  expect(await codes(bear({ name: 'No' }, workspace.as('team_lead')))).toEqual(['forbidden']);
});

test('filling a gap of an old deal closes it', async () => {
  const id = await bear({ name: 'Mendable', stage: 'qualified' });
  const owner = await workspace.create('users', { name: 'Owner', email: 'owner@example.com' });
  await workspace.change(workspace.admin, { update: 'deals', id, set: { owner } });
  expect((await get(workspace.admin, { object: 'deals', id }))['gaps']).not.toContain('new.owner');
});
