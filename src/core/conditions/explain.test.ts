/** Conditions in words. */
import { describe, expect, test } from 'vitest';
import { sampleCatalog } from '../../kinds/sample-workspace.ts';
import { explainCondition } from './explain.ts';

const { catalog } = sampleCatalog();
const explain = (condition: unknown, object = 'deals') => explainCondition(condition, { catalog, object });

describe('a condition says itself in English', () => {
  test.each<[unknown, string]>([
    [{}, 'always'],
    [{ any: [] }, 'never'],
    [
      {
        all: [
          { stage: { in: ['proposal_sent', 'negotiation'] } },
          { amount: { gte: 10_000 } },
          { activities: { none: { type: 'call', occurred_at: { within: '14d' } } } },
        ],
      },
      'stage is Proposal sent or Negotiation and amount is at least 10,000 and there is no activity where (type is Call and when is within the last 14 days)',
    ],
    [{ 'account.industry': 'software' }, 'account’s industry is Software'],
    [{ 'account.parent.name': { contains: 'Müller' } }, 'account’s parent’s name contains “Müller”'],
    [{ next_step_at: null }, 'next step is missing'],
    [{ next_step_at: { missing: false } }, 'next step is filled in'],
    [{ not: { stage: 'won' } }, 'it is not so that stage is Won'],
    [
      { any: [{ stage: 'won' }, { cost: { lt: 5 }, amount: 7 }] },
      'stage is Won or (cost is less than 5 and amount is 7)',
    ],
    [{ owner: '$me' }, 'owner is me'],
    [{ 'owner.team': '$my_team' }, 'owner’s team is my team'],
    [
      { next_step_at: { gte: '$now-14d', lt: '$today+1w' } },
      'next step is on or after 14 days ago and next step is before 1 week after today',
    ],
    [
      { activities: { count: { gte: 3, where: { type: 'call' } } } },
      'the number of activities where type is Call is at least 3',
    ],
    [{ activities: { some: {} } }, 'there is an activity'],
    [{ stage: { outcome: 'open' } }, 'stage is open'],
    [{ amount: { between: [1, 2_000] } }, 'amount is between 1 and 2,000'],
    [{ active: false }, 'active is no'],
    [{ stage: { ne: '$old.stage' } }, 'stage is not the stage before the change'],
    [{ cost: { in: [1, 2, 3, 4, 5, 6, 7, 8] } }, 'cost is 1, 2, 3, 4, 5, 6 or 2 others'],
    [{ no_such: 1 }, 'a condition that cannot be shown'],
  ])('%j', (condition, words) => {
    expect(explain(condition)).toBe(words);
  });

  test('related records of a linked record, and of an object that links twice, are told apart', () => {
    expect(explain({ 'deal.activities': { some: {} } }, 'tasks')).toBe('there is an activity of deal');
    expect(explain({ accounts: { some: { name: 'Acme' } } }, 'accounts')).toBe(
      'there is an account where name is Acme',
    );
  });

  test('nothing of a hidden field is told, not even its threshold', () => {
    const may = {
      field: (_: string, key: string) => key !== 'cost',
      object: () => true,
      readable: () => null,
    };
    const words = explainCondition({ stage: 'won', cost: { gt: 777 } }, { catalog, object: 'deals', may });
    expect(words).toBe('a condition that cannot be shown');
  });
});
