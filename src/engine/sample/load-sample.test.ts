import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testWorkspace, type TestWorkspace } from '../../testing/workspace.ts';
import { undoBatch } from '../batches/undo.ts';
import { list } from '../read/list.ts';
import { loadSample, type SampleLoaded } from './load-sample.ts';

const folder = join(import.meta.dirname, '../../../packs/sales/sample');
let workspace: TestWorkspace;
let loaded: SampleLoaded;
beforeAll(async () => {
  workspace = await testWorkspace();
  loaded = await loadSample(workspace.admin, { folder });
}, 60_000);
afterAll(() => workspace.close());

const deals = async (where: Record<string, unknown>) => {
  const found = [];
  let cursor: string | undefined;
  do {
    const page = await list(workspace.admin, {
      object: 'deals',
      where,
      limit: 200,
      cursor,
      fields: ['name', 'stage', 'amount', 'gaps', 'stage_entered_at'],
    });
    found.push(...page.data);
    cursor = page.next_cursor ?? undefined;
  } while (cursor);
  return found as {
    name: string;
    stage: string;
    amount: { amount: string };
    gaps: string[] | null;
    stage_entered_at: string;
  }[];
};
const sum = (all: { amount: { amount: string } }[]): number =>
  all.reduce((total, deal) => total + Number(deal.amount.amount), 0);

test('Team North stands as its README says, reached past every checkpoint', async () => {
  const north = { 'owner.team.name': 'Team North', pipeline: 'new_business' };
  const open = await deals({ ...north, stage: { outcome: 'open' } });
  const won = await deals({ ...north, stage: { outcome: 'won' } });
  const lost = await deals({ ...north, stage: { outcome: 'lost' } });
  expect([open.length, sum(open), won.length, sum(won), lost.length, sum(lost)]).toEqual([
    29, 1_246_900, 14, 742_300, 9, 268_000,
  ]);
  const gaps = [...open, ...won, ...lost].flatMap((deal) => deal.gaps ?? []);
  expect(gaps).toEqual([]);
});

test('each move is dated on its own day, not on the day of loading', async () => {
  const moved = await deals({ stage: { outcome: 'won' } });
  expect(moved.filter((deal) => Date.now() - Date.parse(deal.stage_entered_at) < 60_000)).toEqual([]);
});

test('links in circles are closed: a team has its lead, the lead has the team', async () => {
  const { data } = await list(workspace.admin, {
    object: 'teams',
    where: { name: 'Team South' },
    fields: ['lead', 'parent'],
  });
  expect(data).toMatchObject([{ lead: { name: 'Rafael Quintero' }, parent: { name: 'Sales' } }]);
});

test('it loads once, and undo takes all of it back', async () => {
  await expect(loadSample(workspace.admin, { folder })).rejects.toThrow(/already/);
  const undone = await undoBatch(workspace.admin, loaded.batch);
  expect(undone.kept).toEqual([]);
  for (const object of Object.keys(loaded.created)) {
    expect([object, (await list(workspace.admin, { object, limit: 1 })).data.length]).toEqual([object, 0]);
  }
}, 60_000);
