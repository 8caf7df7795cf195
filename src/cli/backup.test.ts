import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { contentsOf, engineOn } from '../testing/backup-place.ts';
import { testDatabase, type TestDatabase } from '../testing/database.ts';
import { list } from '../engine/read/list.ts';
import { write } from '../engine/write/write.ts';

const wrapper = join(import.meta.dirname, '../../groundwork');
const folder = mkdtempSync(join(tmpdir(), 'groundwork-cli-backup-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Ran = { code: number | null; out: string; err: string };

function run(database: TestDatabase, args: string[], kill?: NodeJS.Signals): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(wrapper, args, {
      cwd: folder,
      env: { ...process.env, DATABASE_URL: database.url, DATA_DIR: join(folder, 'data'), NO_COLOR: '1' },
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (out += data.toString()));
    child.stderr.on('data', (data: Buffer) => (err += data.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
    if (kill) setTimeout(() => child.kill(kill), 400);
  });
}

async function withAccount(): Promise<TestDatabase> {
  const database = await testDatabase();
  const engine = await engineOn(database.connection);
  await write(engine.context, { mode: 'all', changes: [{ create: 'accounts', set: { name: 'Acme' } }] });
  await engine.close();
  return database;
}

describe('on the command line', () => {
  it('a backup is written, checked and restored, and what is wrong is said in a sentence', async () => {
    const [from, to] = [await withAccount(), await testDatabase({ empty: true })];
    const file = join(folder, 'crm.backup');
    const made = await run(from, ['backup', file]);
    expect(made).toMatchObject({ code: 0, err: '' });
    expect(made.out).toContain('Does not hold the key that signs sessions');
    expect((await run(from, ['backup', 'check', file])).out).toContain('is whole');
    const restored = await run(to, ['restore', file]);
    expect(restored).toMatchObject({ code: 0, err: '' });
    expect(restored.out).toContain('equal to what was written');
    expect(await contentsOf(to.connection)).toEqual(await contentsOf(from.connection));
    expect(await run(to, ['restore', file])).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('a restore replaces nothing'),
    });
    writeFileSync(file, readFileSync(file).subarray(0, 3_000));
    expect(await run(to, ['backup', 'check', file])).toMatchObject({
      code: 1,
      err: expect.stringContaining('cannot be used'),
    });
    expect(await run(to, ['restore', 'nowhere.backup'])).toMatchObject({
      code: 1,
      err: 'There is no file nowhere.backup.\n',
    });
    expect(await run(to, ['backup', 'list'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('No backup'),
    });
    await from.drop();
    await to.drop();
  }, 120_000);

  it('an upgrade takes a backup, migrates and verifies', async () => {
    const old = await withAccount();
    await old.pool.query(
      `DROP TABLE platform.backups, platform.failed_attempts; DELETE FROM platform.migrations WHERE number >= 6`,
    );
    const done = await run(old, ['upgrade']);
    expect(done).toMatchObject({ code: 0, err: '' });
    expect(done.out).toContain('every record is there');
    const { rows } = await old.pool.query(`SELECT to_regclass('platform.backups') IS NOT NULL AS made`);
    expect(rows).toEqual([{ made: true }]);
    const backups = readdirSync(join(folder, 'data/backups'));
    expect(backups).toEqual([expect.stringMatching(/^before-upgrade-/)]);
    await old.drop();
  }, 120_000);

  it('a backup of an older version is restored and goes forward to this one', async () => {
    const [old, to] = [await withAccount(), await testDatabase({ empty: true })];
    await old.pool.query(
      `DROP TABLE platform.backups, platform.failed_attempts; DELETE FROM platform.migrations WHERE number >= 6`,
    );
    const file = join(folder, 'older.backup');
    expect(await run(old, ['backup', file])).toMatchObject({ code: 0, err: '' });
    expect(await run(to, ['restore', file])).toMatchObject({ code: 0, err: '' });
    expect(await contentsOf(to.connection)).toEqual(await contentsOf(old.connection));
    expect(await run(to, ['backup', 'list'])).toMatchObject({ code: 0, err: '' });
    const engine = await engineOn(to.connection);
    const { data } = await list(engine.context, { object: 'accounts' });
    expect(data.map(({ name }) => name)).toEqual(['Acme']);
    await write(engine.context, { mode: 'all', changes: [{ create: 'accounts', set: { name: 'New' } }] });
    await engine.close();
    await old.drop();
    await to.drop();
  }, 120_000);

  it('an upgrade that fails on the way puts the database from before in its place', async () => {
    const old = await withAccount();
    await old.pool.query(
      `DROP TABLE platform.backups, platform.failed_attempts; DELETE FROM platform.migrations WHERE number >= 6;
       CREATE VIEW platform.backups AS SELECT 1 AS in_the_way`,
    );
    const before = await contentsOf(old.connection);
    await old.pool.end();
    const done = await run(old, ['upgrade']);
    expect(done.code).toBe(1);
    expect(done.err).toContain('everything is as it was before');
    expect(done.err).toContain('0006_backups');
    expect(done.err).toMatch(/groundwork restore \/.*before-upgrade-.*\.backup/);
    expect(await contentsOf(old.connection)).toEqual(before);
  }, 120_000);

  it('an upgrade waits for no running server: it says to stop it', async () => {
    const database = await withAccount();
    const server = await testServerSession(database);
    const refused = await run(database, ['upgrade']);
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('Stop it first') });
    await server.end();
    await database.drop();
  }, 60_000);
});

async function testServerSession(database: TestDatabase) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ ...database.connection, application_name: 'groundwork server' });
  await client.connect();
  return client;
}

it('a backup that is stopped leaves no half file', async () => {
  const database = await withAccount();
  const file = join(folder, 'stopped.backup');
  await run(database, ['backup', file], 'SIGTERM');
  expect(existsSync(`${file}.partial`)).toBe(false);
  await database.drop();
}, 60_000);
