/**
 * Real history: the four files of a public sales data set, loaded as the guide says, must give the totals that
 * its authors published, by queries of the API, with what the checkpoints miss kept as gaps.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testServer, type TestServer } from '../../http/test-server.ts';
import { planFolder } from './folder-plan.ts';
import { importFile } from './import-file.ts';
import type { ImportResult } from './import-result.ts';
import { importFolder } from './import-folder.ts';
import { parseMapping } from './mapping-file.ts';

const root = join(import.meta.dirname, '../../..');
const data = join(root, '../shared/data/crm-sales');
const missing = !existsSync(data);

describe.skipIf(missing)(
  `8,800 old deals${missing ? ' (skipped: ../shared/data/crm-sales is not here)' : ''}`,
  () => {
    let server: TestServer;
    let key: string;
    let deals: ImportResult;

    const call = async (method: string, path: string, body?: unknown): Promise<any> =>
      (await server.call(method, path, { key, body })).body;
    const summary = async (body: object): Promise<Record<string, any>[]> =>
      (await call('POST', '/api/v1/deals/summary', body)).data;

    beforeAll(async () => {
      server = await testServer();
      key = await server.key('administrator');
      const mapping = join(root, 'docs/guide/crm-sales');
      const plan = await planFolder(server.context, { folder: data, mapping });
      const results = await importFolder(server.context, { plan });
      deals = results.at(-1)!.result!;
    }, 180_000);
    afterAll(() => server?.close());

    test('every row of every file is there: people with their managers and teams, accounts, products, deals', async () => {
      const count = async (object: string, where: unknown = {}): Promise<number> =>
        (await call('POST', `/api/v1/${object}/query`, { where, count: 'exact', limit: 1 })).total;
      expect(deals).toMatchObject({ done: 8800, refused_total: 0, left_total: 0 });
      expect(await count('users')).toBe(41);
      expect(await count('users', { manager: { missing: false }, team: { missing: false } })).toBe(35);
      expect(await count('teams')).toBe(3);
      expect(await count('accounts')).toBe(85);
      expect(await count('accounts', { industry: { missing: true } })).toBe(0);
      expect(await count('products')).toBe(7);
      expect(await count('deals', { account: { missing: true } })).toBe(1425);
      expect(await count('deals', { opened_on: { missing: true } })).toBe(500);
      expect(await count('deals', { 'product.name': 'GTX Pro' })).toBe(1480);
    });

    test('the totals are those that were published', async () => {
      const byStage = new Map(
        (
          await summary({
            by: ['stage'],
            measures: [
              { fn: 'sum', field: 'amount' },
              { fn: 'avg', field: 'amount' },
              { fn: 'avg', field: 'days_to_close' },
            ],
          })
        ).map((row) => [row['stage'], row]),
      );
      expect(Object.fromEntries([...byStage].map(([stage, row]) => [stage, row['count']]))).toEqual({
        won: 4238,
        lost: 2473,
        contact_established: 1589,
        new: 500,
      });
      const won = byStage.get('won')!;
      expect(Number(won['sum_amount'])).toBe(10_005_534);
      expect(Number(won['avg_amount'])).toBeCloseTo(2360.91, 2);
      expect(Number(won['avg_days_to_close'])).toBeCloseTo(51.78, 2);
      const quarters = ['01-01/03-31', '04-01/06-30', '07-01/09-30', '10-01/12-31'].map((quarter) =>
        quarter.split('/').map((day) => `2017-${day}`),
      );
      const wonIn = await Promise.all(
        quarters.map(async (between) =>
          Number(
            (
              await summary({
                where: { stage: 'won', closed_on: { between } },
                measures: [{ fn: 'sum', field: 'amount' }],
              })
            )[0]!['sum_amount'],
          ),
        ),
      );
      expect(wonIn).toEqual([1_134_672, 3_086_111, 2_982_255, 2_802_496]);
      const byOwner = await summary({
        where: { stage: 'won' },
        by: ['owner'],
        measures: [{ fn: 'sum', field: 'amount' }],
      });
      const best = byOwner.sort((a, b) => Number(b['sum_amount']) - Number(a['sum_amount']))[0]!;
      expect(Number(best['sum_amount'])).toBe(1_153_214);
      const owner = typeof best['owner'] === 'string' ? best['owner'] : best['owner'].id;
      expect((await call('GET', `/api/v1/users/${owner}`)).name).toBe('Darcel Schlecht');
    });

    test('every closed deal lists its gaps, and none moves before they are filled', async () => {
      const closed = { stage: { outcome: 'closed' } };
      const total = async (where: unknown): Promise<number> =>
        (await call('POST', '/api/v1/deals/query', { where, count: 'exact', limit: 1 })).total;
      expect(await total({ ...closed, gaps: { missing: false } })).toBe(4238 + 2473);
      const open = await call('POST', '/api/v1/deals/query', {
        where: { stage: 'contact_established' },
        limit: 20,
      });
      for (const deal of open.data) {
        const { status, body } = await server.call('POST', `/api/v1/deals/${deal.id}/advance`, {
          key,
          body: { to: 'qualified' },
        });
        expect(status).toBe(422);
        expect(body.errors.map((error: { item: string }) => error.item)).toEqual(
          expect.arrayContaining(deal.gaps),
        );
      }
    });

    test('each closed deal lists its gaps, and is not taken up again before they are filled', async () => {
      for (const stage of ['won', 'lost']) {
        const page = await call('POST', '/api/v1/deals/query', { where: { stage }, limit: 10 });
        expect(page.data).toHaveLength(10);
        for (const deal of page.data) {
          expect(deal.gaps.length).toBeGreaterThan(0);
          for (const to of ['new', 'qualified', 'negotiation']) {
            const answer = await server.call('POST', `/api/v1/deals/${deal.id}/advance`, {
              key,
              body: { to, reason: 'They called again.' },
            });
            expect(answer.status).toBe(422);
            const asked = answer.body.errors.map(({ item }: { item?: string }) => item);
            expect(asked).toEqual(expect.arrayContaining(deal.gaps));
          }
        }
      }
      const [lost] = (await call('POST', '/api/v1/deals/query', { where: { stage: 'lost' }, limit: 1 })).data;
      const filled = { to: 'new', reason: 'They called again.', set: { loss_reason: 'price' } };
      expect(
        (await server.call('POST', `/api/v1/deals/${lost.id}/advance`, { key, body: filled })).body,
      ).toMatchObject({
        stage: 'new',
      });
    });

    test('the three faults are reported when no mapping settles them', async () => {
      const result = await importFile(server.context, {
        path: join(data, 'sales_pipeline.csv'),
        fileName: 'sales_pipeline.csv',
        object: 'deals',
        mapping: parseMapping(
          'columns: { opportunity_id: name, sales_agent: owner, deal_stage: stage, engage_date: opened_on, close_date: closed_on, close_value: amount }\nvalues: { stage: { Won: won, Lost: lost, Engaging: contact_established, Prospecting: new } }\n',
        ),
        history: true,
        dryRun: true,
      });
      expect(result.left_total).toBe(1480);
      expect(new Set(result.left.map((one) => one.raw))).toEqual(new Set(['GTXPro']));
    });
  },
);
