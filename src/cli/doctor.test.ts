import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Examined } from '../engine/doctor/examine.ts';
import { testDatabase, type TestDatabase } from '../testing/database.ts';

const wrapper = join(import.meta.dirname, '../../groundwork');
const folder = mkdtempSync(join(tmpdir(), 'groundwork-doctor-'));
let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true });
});

async function doctor(
  env: Record<string, string> = {},
): Promise<{ code: number | null; found: Examined[]; levelOf(about: string): string[] }> {
  const [code, out] = await new Promise<[number | null, string]>((resolve, reject) => {
    const child = spawn(wrapper, ['doctor', '--json'], {
      env: { ...process.env, DATABASE_URL: database.url, DATA_DIR: folder, BACKUP_DIR: folder, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (data: Buffer) => (text += data.toString()));
    child.on('error', reject);
    child.on('close', (ended) => resolve([ended, text]));
  });
  const found = JSON.parse(out) as Examined[];
  return {
    code,
    found,
    levelOf: (about) => found.filter((one) => one.about === about).map(({ level }) => level),
  };
}

describe('doctor', () => {
  it('finds nothing that fails in a new place, and says what to do about the rest', async () => {
    const { code, found } = await doctor();
    // The servers of the tests do not wait for the disk, and the doctor sees that.
    const fails = found.filter(({ level }) => level === 'fail').map(({ says }) => says);
    const onlyHere = 'fsync is off: a power cut destroys the database.';
    expect(fails.filter((says) => says !== onlyHere)).toEqual([]);
    expect(code).toBe(fails.length === 0 ? 0 : 1);
    for (const one of found) if (one.level !== 'ok') expect(one.mend, one.says).toBeTruthy();
    expect(new Set(found.map(({ about }) => about))).toContain('Rollups');
  }, 60_000);

  it('finds what is broken: a table, a sum, files, a backup, migrations of another version', async () => {
    const { pool } = database;
    await pool.query(`
      ALTER TABLE crm.contacts DROP COLUMN birth_date;
      INSERT INTO crm.accounts (id, version, created_at, updated_at, name, open_deals)
        VALUES ('01a21584-df1d-769a-8c10-ca05a5219239', 1, now(), now(), 'A', 7);
      INSERT INTO platform.files (id, name, size, mime, sha256, stored_as, created_by)
        VALUES ('01a21584-df1d-769a-8c10-ca05a5219240', 'a', 1, 'text/plain', '\\x00', '${'0'.repeat(2)}/00/${'0'.repeat(64)}', 'user:x');
      INSERT INTO platform.backups (id, name, host, state, with_key, error)
        VALUES ('01a21584-df1d-769a-8c10-ca05a5219241', 'x', 'h', 'failed', false, 'The disk is full.')`);
    const { code, found, levelOf } = await doctor({ PUBLIC_URL: 'http://crm.example.com' });
    expect(code).toBe(1);
    expect(levelOf('Definitions')).toContain('warn');
    expect(levelOf('Rollups')).toEqual(['fail']);
    expect(levelOf('Files')).toEqual(['fail']);
    expect(levelOf('Backups')).toEqual(['fail']);
    expect(levelOf('Address')).toEqual(['warn']);
    expect(found.find(({ about }) => about === 'Backups')!.says).toContain('The disk is full.');
    await pool.query(
      `INSERT INTO platform.migrations (number, name, sha256) VALUES (9999, '9999_later.sql', 'x')`,
    );
    expect((await doctor()).levelOf('Migrations')).toEqual(['fail']);
  }, 60_000);

  it('tells the rest where the database does not answer', async () => {
    const { code, levelOf } = await doctor({ DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none' });
    expect(code).toBe(1);
    expect(levelOf('Database')).toEqual(['fail']);
    expect(levelOf('Node')).toEqual(['ok']);
  }, 60_000);
});
