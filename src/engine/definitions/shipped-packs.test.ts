/** The packs as they are shipped, in force in a database as every test and every new workspace gets it. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { uuidV7 } from '../../core/identity/uuid-v7.ts';
import { kinds } from '../../kinds/index.ts';
import { testDatabase, type TestDatabase } from '../../testing/database.ts';
import { applyDefinitions } from './apply.ts';
import { exportFiles } from './export.ts';
import type { DefinitionContext } from './into-force.ts';
import { installDefinitions } from './start.ts';
import { readState } from './state.ts';
import { catalogStore, type CatalogStore } from './store.ts';

const workspace = { name: 'Test', timeZone: 'UTC', currency: 'EUR', country: 'DE' };
const log = { info() {}, warn() {}, error() {} };
let database: TestDatabase;
let store: CatalogStore;

beforeAll(async () => {
  database = await testDatabase();
  store = await catalogStore({ pool: database.pool, kinds, log });
});
afterAll(async () => {
  await store.close();
  await database.drop();
});

const context = (): DefinitionContext => ({
  pool: database.pool,
  principal: { kind: 'system', id: 'test', name: 'Test', user: null, teams: [], roles: [] },
  workspace,
  log,
  catalog: store.current(),
  may: () => true,
});

test('exported and applied again they are no change, and the next start has nothing to do', async () => {
  const files = exportFiles(await readState(database.pool));
  expect(files.length).toBeGreaterThan(30);
  const result = await applyDefinitions(context(), { files });
  expect(result).toEqual({ version: 1, epoch: 1, changes: [] });
  const steps: string[] = [];
  const packsDir = join(import.meta.dirname, '../../../packs');
  const begun = performance.now();
  await installDefinitions(database.pool, {
    packsDir,
    kinds,
    workspace,
    log,
    step: (name) => void steps.push(name),
  });
  expect(steps).toEqual([]);
  expect(performance.now() - begun).toBeLessThan(2000);
});

test('every link has a validated key, and every name fits into 63 bytes', async () => {
  const { rows } = await database.pool.query<{ object: string; field: string }>(
    `SELECT c.relname AS object, a.attname AS field FROM pg_constraint k
     JOIN pg_class c ON c.oid = k.conrelid JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
     WHERE k.contype = 'f' AND k.convalidated AND c.relnamespace = 'crm'::regnamespace`,
  );
  const keyed = new Set(rows.map(({ object, field }) => `${object}.${field}`));
  for (const object of store.current().objects.values()) {
    for (const field of object.fields.values()) {
      if (field.type.linkTo?.(field) && !field.system) expect(keyed).toContain(`${object.key}.${field.key}`);
    }
  }
  const names = await database.pool.query<{ longest: number }>(
    `SELECT max(length(relname)) AS longest FROM pg_class WHERE relnamespace = 'crm'::regnamespace`,
  );
  expect(names.rows[0]!.longest).toBeLessThanOrEqual(63);
});

test.each([
  [
    'newest deals of a stage',
    `SELECT id FROM crm.deals t WHERE t.archived_at IS NULL AND t.stage = 'new' ORDER BY t.id DESC LIMIT 50`,
    'deals_stage_ix_',
  ],
  [
    'a person by e-mail',
    `SELECT id FROM crm.contacts t WHERE t.archived_at IS NULL AND t.email__fold = 'a@b.c'`,
    'contacts_email_',
  ],
  [
    'a part of a name',
    `SELECT id FROM crm.contacts t WHERE t.archived_at IS NULL AND t.search__ LIKE '%mustermann%'`,
    'contacts_search_ix_',
  ],
  [
    'the contacts of an account',
    `SELECT id FROM crm.contacts t WHERE t.archived_at IS NULL AND t.account = '0190a1b2-0000-7000-8000-000000000000'`,
    'contacts_account_ix_',
  ],
  ['deals with gaps', `SELECT count(*) FROM crm.deals t WHERE cardinality(t.gaps) > 0`, 'deals_gaps_ix_'],
])('%s is found by an index', async (_name, query, index) => {
  const client = await database.pool.connect();
  try {
    await client.query(`BEGIN;
      INSERT INTO crm.contacts (id, version, created_at, updated_at, first_name__fold, email__fold, search__)
        SELECT gen_random_uuid(), 1, now(), now(), md5(n::text), md5(n::text) || '@b.c', md5(n::text) FROM generate_series(1, 5000) n;
      INSERT INTO crm.deals (id, version, created_at, updated_at, stage, gaps)
        SELECT gen_random_uuid(), 1, now(), now(), CASE n % 5 WHEN 0 THEN 'new' ELSE 'won' END, '{}' FROM generate_series(1, 5000) n;
      ANALYZE crm.contacts, crm.deals;
      SET LOCAL enable_seqscan = off`);
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${query}`);
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain(index);
    await client.query('ROLLBACK');
  } finally {
    client.release();
  }
});

test('a stage with records in it cannot be taken away, an empty one can', async () => {
  await database.pool.query(
    `INSERT INTO crm.deals (id, version, created_at, updated_at, name, pipeline, stage) VALUES ($1, 1, now(), now(), 'A', 'new_business', 'qualified')`,
    [uuidV7()],
  );
  const file = exportFiles(await readState(database.pool)).find(
    ({ path }) => path === 'pipelines/new_business.yaml',
  )!;
  const without = (stage: string) => ({
    path: file.path,
    text: file.text.replace(new RegExp(`  - key: ${stage}\n(?:    .*\n|\n)*`), ''),
  });
  expect(without('qualified').text).not.toBe(file.text);
  await expect(applyDefinitions(context(), { files: [without('qualified')] })).rejects.toMatchObject({
    body: {
      errors: expect.arrayContaining([
        expect.objectContaining({ path: 'pipelines.new_business.stages.qualified', code: 'stage_in_use' }),
      ]),
    },
  });
  expect((await store.refresh()).pipelines.get('new_business')!.stage('qualified')).toBeDefined();
  await applyDefinitions(context(), { files: [without('negotiation')] });
  expect((await store.refresh()).pipelines.get('new_business')!.stage('negotiation')).toBeUndefined();
});
