import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testWorkspace, type TestWorkspace } from '../../testing/workspace.ts';
import { migrationsFolder as migrations } from '../config/product.ts';
import { goBack } from './go-back.ts';
import { beforeUpgrade, lostInUpgrade } from './upgrade.ts';

let workspace: TestWorkspace;
const folder = mkdtempSync(join(tmpdir(), 'groundwork-upgrade-'));
beforeAll(async () => {
  workspace = await testWorkspace();
  const account = await workspace.create('accounts', { name: 'Acme' });
  await workspace.change(workspace.admin, { update: 'accounts', id: account, set: { name: 'Acme Ltd' } });
  await workspace.database.pool.query(
    `INSERT INTO platform.secrets (name, value) VALUES ('kept', 'as it is')`,
  );
});
afterAll(async () => {
  await workspace.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('an upgrade is verified', () => {
  it.each([
    ['a record that is gone', 'DELETE FROM crm.accounts', 'There were 1 accounts, and now there are 0.'],
    [
      'a row of a platform table that is gone',
      `DELETE FROM platform.secrets WHERE name = 'kept'`,
      'rows in platform.secrets',
    ],
    ['a table that is gone', 'DROP TABLE platform.secrets', 'rows in platform.secrets'],
    ['an event that is gone', 'DELETE FROM platform.events WHERE version = 1', 'rows in platform.events'],
    [
      'an event that was altered',
      `UPDATE platform.events SET actor_name = 'Somebody else' WHERE version = 2`,
      'The history is no longer what it was.',
    ],
  ])('by what was there before: %s is found', async (_, harm, said) => {
    const { pool } = workspace.database;
    const before = await beforeUpgrade(pool);
    expect(await lostInUpgrade(pool, before)).toEqual([]);
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      await client.query(harm);
      // As the checks would find it, were it committed.
      const lost = await lostInUpgrade(client, before);
      expect(lost.join('\n')).toContain(said);
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });
});

describe('an upgrade that cannot go back by itself', () => {
  const why = new Error('the migration failed');
  const byHand = (path: string) =>
    new RegExp(
      `the migration failed[^]*Going back by itself failed[^]*${path}[^]*groundwork restore ${path}`,
    );

  it('names the backup and the command where the backup cannot be read', async () => {
    const path = join(folder, 'torn.backup');
    writeFileSync(path, 'torn');
    const { connection } = workspace.database;
    await expect(goBack({ connection, path, migrations, why })).rejects.toThrow(byHand(path));
    const { rows } = await workspace.database.pool.query(
      `SELECT 1 FROM pg_database WHERE datname LIKE 'groundwork_back_%'`,
    );
    expect(rows).toEqual([]);
  });

  it('names them where the role may make no database', async () => {
    const path = join(folder, 'whole.backup');
    const { pool, connection } = workspace.database;
    await pool.query(`CREATE ROLE makes_none LOGIN PASSWORD 'x'`);
    try {
      const asNobody = { ...connection, user: 'makes_none', password: 'x' };
      await expect(goBack({ connection: asNobody, path, migrations, why })).rejects.toThrow(byHand(path));
    } finally {
      await pool.query('DROP ROLE makes_none');
    }
  });
});
