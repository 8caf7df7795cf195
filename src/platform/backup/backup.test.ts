import { createHash, randomBytes } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { undoBatch } from '../../engine/batches/undo.ts';
import { finishBatch, startBatch } from '../../engine/batches/batches.ts';
import { history } from '../../engine/events/history.ts';
import { get } from '../../engine/read/get.ts';
import { write } from '../../engine/write/write.ts';
import { listBackups, proveNewest, takeBackup } from '../../operations/backups.ts';
import { contentsOf, engineOn } from '../../testing/backup-place.ts';
import { testDatabase } from '../../testing/database.ts';
import { postgresMissing, startPostgres, type PostgresServer } from '../../testing/postgres-server.ts';
import { inconsistencies } from '../../testing/prove/consistency.ts';
import { testWorkspace, type TestWorkspace } from '../../testing/workspace.ts';
import { migrationsFolder } from '../config/product.ts';
import { sessionConfig } from '../database/connection.ts';
import { openFileStore, type LocalFileStore } from '../files/file-store.ts';
import { storeFile } from '../files/stored-file.ts';
import { backupToFile, outdated } from './backup-file.ts';
import { checkBackup } from './read-backup.ts';
import { restoreBackup } from './restore-backup.ts';
import { inDatabase } from './scratch-database.ts';

const folder = mkdtempSync(join(tmpdir(), 'groundwork-backup-'));
const product = '0.1.0';
const migrations = migrationsFolder;
let workspace: TestWorkspace;
let files: LocalFileStore;
let path: string;
let deal: string;
let batch: string;
const kept: string[] = [];
let original: Record<string, unknown>;

async function keepFile(bytes: Buffer): Promise<void> {
  const spooled = await files.spool(Readable.from([bytes]));
  const upload = { ...spooled, name: 'a.bin', mime: 'application/octet-stream' };
  await storeFile(workspace.database.pool, { store: files, by: workspace.admin.principal, upload });
  kept.push(spooled.sha256);
}

const take = (to: string, more: { withKey?: boolean } = {}) =>
  backupToFile({ connection: workspace.database.connection, files, product, withKey: false, ...more }, to);

beforeAll(async () => {
  workspace = await testWorkspace();
  files = await openFileStore(join(folder, 'files'));
  const { admin } = workspace;
  const account = await workspace.create('accounts', { name: 'Straße "Ünïcode" \\ tab\t' });
  deal = await workspace.create('deals', { name: 'A deal', account, amount: 12.5 });
  await workspace.change(admin, { update: 'deals', id: deal, set: { amount: 99 } });
  batch = await startBatch(admin, { kind: 'import', object: 'accounts' });
  const names = Array.from({ length: 300 }, (_, n) => ({
    create: 'accounts',
    set: { name: `Account ${n}` },
  }));
  await write(admin, { mode: 'each', batch, changes: names });
  await finishBatch(admin, batch, { state: 'done', done: 300, refused: 0 });
  await keepFile(randomBytes(5_000_000)); // more than one part
  await keepFile(Buffer.alloc(0));
  await workspace.database.pool.query(
    `INSERT INTO platform.secrets (name, value) VALUES ('test', 'a secret')`,
  );
  path = join(folder, 'whole.backup');
  await take(path);
  original = await contentsOf(workspace.database.connection);
}, 120_000);
afterAll(async () => {
  await workspace.close();
  rmSync(folder, { recursive: true, force: true });
});

const failure = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'taken',
    (error: unknown) => String((error as { code?: unknown }).code ?? (error as Error).stack),
  );

describe('a restore', () => {
  it('into an empty place equals the original, and that place works', async () => {
    const place = await testDatabase({ empty: true });
    try {
      const target = await openFileStore(join(folder, 'restored'));
      const { manifest, contents } = await restoreBackup({
        path,
        connection: place.connection,
        files: target,
        migrations,
      });
      expect(manifest.with_key).toBe(false);
      expect(contents).toMatchObject({ files: 2, missing_files: [] });
      expect(await contentsOf(place.connection)).toEqual(original);
      for (const sha256 of kept) {
        const bytes = createHash('sha256');
        for await (const chunk of await target.open(`${sha256.slice(0, 2)}/${sha256.slice(2, 4)}/${sha256}`))
          bytes.update(chunk as Buffer);
        expect(bytes.digest('hex')).toBe(sha256);
      }
      const { rows } = await place.pool.query(
        `SELECT count(*)::int AS n FROM platform.events WHERE xid <> '0'`,
      );
      expect(rows[0]).toEqual({ n: 0 });

      const engine = await engineOn(place.connection);
      try {
        const { context } = engine;
        expect(await get(context, { object: 'deals', id: deal })).toMatchObject({ name: 'A deal' });
        await write(context, { mode: 'all', changes: [{ update: 'deals', id: deal, set: { amount: 100 } }] });
        const past = await history(context, { object: 'deals', id: deal, limit: 10 });
        expect(past.data.map((line) => line.version)).toEqual([3, 2, 1]);
        expect((await undoBatch(context, batch)).done).toBe(300);
        expect(await inconsistencies(context)).toEqual([]);
      } finally {
        await engine.close();
      }
    } finally {
      await place.drop();
    }
  }, 120_000);

  it('keeps the key at home, unless it is asked to come along', async () => {
    const withKey = join(folder, 'key.backup');
    const { manifest } = await take(withKey, { withKey: true });
    expect(manifest.says).toMatch(/guard it/);
    for (const [file, value] of [
      [withKey, 'a secret'],
      [path, undefined],
    ] as const) {
      const place = await testDatabase({ empty: true });
      try {
        await restoreBackup({ path: file, connection: place.connection, migrations });
        const { rows } = await place.pool.query(`SELECT value FROM platform.secrets WHERE name = 'test'`);
        expect(rows[0]?.value).toBe(value);
      } finally {
        await place.drop();
      }
    }
  }, 120_000);

  it('replaces nothing that is there', async () => {
    const before = await contentsOf(workspace.database.connection);
    const again = restoreBackup({ path, connection: workspace.database.connection, files, migrations });
    expect(await failure(again)).toBe('backup_place');
    expect(await contentsOf(workspace.database.connection)).toEqual(before);
  });

  it('of a damaged backup leaves the place empty, wherever the damage is', async () => {
    const place = await testDatabase({ empty: true });
    const bad = join(folder, 'bad.backup');
    const whole = readFileSync(path);
    const isEmpty = async (): Promise<boolean> => {
      const { rows } = await place.pool.query(
        `SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('crm', 'platform', 'auth')`,
      );
      return rows.length === 0;
    };
    try {
      const places = [
        0,
        1,
        10,
        200,
        ...Array.from({ length: 12 }, (_, n) => Math.floor((whole.length * (n + 0.5)) / 12)),
      ];
      for (const at of places) {
        const torn = Buffer.from(whole);
        torn[at] = torn[at]! ^ 0x55;
        for (const bytes of [torn, whole.subarray(0, at)]) {
          writeFileSync(bad, bytes);
          const code = await failure(restoreBackup({ path: bad, connection: place.connection, migrations }));
          expect(code, `at ${at} of ${whole.length}`).toBe('backup_damaged');
        }
      }
      expect(await isEmpty()).toBe(true);
      const stop = new AbortController();
      const stopped = restoreBackup({
        path,
        connection: place.connection,
        migrations,
        signal: stop.signal,
        onRead: (bytes) => bytes > whole.length * 1.5 && stop.abort(),
      });
      expect(await failure(stopped)).not.toBe('taken');
      expect(await isEmpty()).toBe(true);
      await restoreBackup({ path, connection: place.connection, migrations });
    } finally {
      await place.drop();
    }
  }, 240_000);
});

describe('a backup', () => {
  it('is one moment of a workspace that is written to meanwhile', async () => {
    const { admin, database } = workspace;
    const acknowledged: string[] = [];
    const during = new AbortController();
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      for (let n = 0; !during.signal.aborted; n++) {
        const account = await workspace.create('accounts', { name: `Load ${writer} ${n}` });
        await workspace.create('deals', { name: `Load ${writer} ${n}`, account, amount: n });
        acknowledged.push(account);
        await workspace.change(admin, {
          update: 'accounts',
          id: account,
          set: { name: `Load ${writer} ${n} b` },
        });
      }
    });
    await expect.poll(() => acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(20);
    const before = [...acknowledged];
    const loaded = join(folder, 'load.backup');
    const made = await backupToFile(
      { connection: database.connection, files, product, withKey: false },
      loaded,
    );
    during.abort();
    await Promise.all(writers);
    const place = await testDatabase({ empty: true });
    try {
      await restoreBackup({ path: loaded, connection: place.connection, migrations });
      const { rows } = await place.pool.query<{ id: string; created_at: Date }>(
        'SELECT id, created_at FROM crm.accounts',
      );
      const there = new Set(rows.map(({ id }) => id));
      expect(before.filter((id) => !there.has(id))).toEqual([]);
      const moment = new Date(made.manifest.moment.at).getTime();
      expect(rows.filter((one) => new Date(one.created_at).getTime() > moment + 1)).toEqual([]);
      const engine = await engineOn(place.connection);
      expect(await inconsistencies(engine.context)).toEqual([]);
      await engine.close();
    } finally {
      await place.drop();
    }
  }, 120_000);

  it('is there whole or not at all, and takes the place of nothing but a backup', async () => {
    const stop = new AbortController();
    stop.abort();
    const target = join(folder, 'stopped.backup');
    const stopped = backupToFile(
      { connection: workspace.database.connection, files, product, withKey: false, signal: stop.signal },
      target,
    );
    expect(await failure(stopped)).not.toBe('taken');
    expect(readdirSync(folder).filter((name) => name.startsWith('stopped'))).toEqual([]);
    writeFileSync(target, 'my diary');
    expect(await failure(take(target))).toBe('backup_file');
    expect(readFileSync(target, 'utf8')).toBe('my diary');
    copyFileSync(path, target);
    await take(target);
    await checkBackup(target);
    expect(await failure(take(join(folder, 'whole.backup', 'below')))).toBe('backup_file');
  }, 60_000);

  it('names files that were gone already', async () => {
    const empty = await openFileStore(join(folder, 'nothing'));
    const made = await backupToFile(
      { connection: workspace.database.connection, files: empty, product, withKey: false },
      join(folder, 'gone.backup'),
    );
    expect(made.contents.missing_files).toHaveLength(2);
  }, 60_000);

  it('of nothing is refused', async () => {
    const place = await testDatabase({ empty: true });
    const made = backupToFile(
      { connection: place.connection, files, product, withKey: false },
      join(folder, 'no.backup'),
    );
    expect(await failure(made)).toBe('backup_nothing');
    await place.drop();
    expect(existsSync(join(folder, 'no.backup'))).toBe(false);
  });
});

describe('backups by plan', () => {
  it('are taken, proved by a restore beside the database in use, listed, and let go as the plan says', async () => {
    const plan = join(folder, 'plan');
    const context = {
      ...workspace.admin,
      files,
      backups: { folder: plan, schedule: '0 3 * * *', check: null, keep: { days: 1, weeks: 0, months: 0 } },
    };
    await takeBackup(context);
    copyFileSync(path, join(plan, 'groundwork-2020-01-01T030000Z.backup'));
    writeFileSync(join(plan, 'notes.txt'), 'mine');
    await new Promise((resolve) => setTimeout(resolve, 1_100)); // names are told by the second
    await takeBackup(context);
    await proveNewest(context);
    const { data } = await listBackups(context, {});
    expect(data.map(({ state, check_state }) => [state, check_state])).toEqual([
      ['done', 'restored'],
      ['removed', null],
    ]);
    expect(readdirSync(plan).sort()).toEqual([data[0]!.name, 'notes.txt']);
    const scratch = await workspace.database.pool.query(
      `SELECT 1 FROM pg_database WHERE datname LIKE 'groundwork_check_%'`,
    );
    expect(scratch.rows).toEqual([]);

    writeFileSync(join(plan, data[0]!.name), readFileSync(path).subarray(0, 5_000));
    expect(await failure(proveNewest(context))).toBe('backup_damaged');
    expect((await listBackups(context, { limit: 1 })).data[0]).toMatchObject({ check_state: 'failed' });
  }, 120_000);

  it('keep the newest of so many days, weeks and months, and always the newest', () => {
    const all = Array.from({ length: 400 }, (_, day) => {
      const at = new Date(Date.UTC(2026, 10, 25 - day, 3));
      return { name: at.toISOString().slice(0, 10), at };
    });
    const gone = new Set(outdated(all, { days: 3, weeks: 2, months: 3 }));
    expect(all.map(({ name }) => name).filter((name) => !gone.has(name))).toEqual([
      '2026-11-25',
      '2026-11-24',
      '2026-11-23',
      '2026-11-22',
      '2026-10-31',
      '2026-09-30',
    ]);
    expect(outdated(all.slice(0, 1), { days: 0, weeks: 0, months: 0 })).toEqual([]);
  });
});

describe.skipIf(postgresMissing !== undefined)(
  `between PostgreSQL 15 and 18 ${postgresMissing ?? ''}`,
  () => {
    let old: PostgresServer;
    beforeAll(async () => {
      old = await startPostgres();
    }, 60_000);
    afterAll(() => old.close());

    async function onOld(name: string): Promise<pg.ClientConfig> {
      const connection = sessionConfig(
        { connectionString: old.url },
        { applicationName: 'test', statementTimeoutMs: 0 },
      );
      const client = new pg.Client(connection);
      await client.connect();
      await client.query(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`);
      await client.end();
      return inDatabase(connection, name);
    }

    it('a backup of the one comes back equal on the other, both ways, and works there', async () => {
      const first = await onOld('first');
      const { manifest } = await restoreBackup({ path, connection: first, migrations });
      expect(await contentsOf(first)).toEqual(original);
      const engine = await engineOn(first);
      await write(engine.context, {
        mode: 'all',
        changes: [{ create: 'accounts', set: { name: 'Written on 15' } }],
      });
      expect(await inconsistencies(engine.context)).toEqual([]);
      await engine.close();
      const back = join(folder, 'from-15.backup');
      const made = await backupToFile({ connection: first, files, product, withKey: false }, back);
      expect(made.manifest.postgresql).toMatch(/^15\./);
      expect(manifest.postgresql).not.toMatch(/^15\./);
      const again = await onOld('again');
      await restoreBackup({ path: back, connection: again, migrations });
      const place = await testDatabase({ empty: true });
      try {
        await restoreBackup({ path: back, connection: place.connection, migrations });
        const expected = await contentsOf(first);
        expect(await contentsOf(place.connection)).toEqual(expected);
        expect(await contentsOf(again)).toEqual(expected);
      } finally {
        await place.drop();
      }
    }, 120_000);
  },
);

it('a backup opens with the tools of the house: tar, zstd, sha256sum', async () => {
  const { zstdDecompressSync } = await import('node:zlib');
  const tar = zstdDecompressSync(readFileSync(path));
  expect(tar.subarray(0, 13).toString()).toBe('manifest.json');
  expect(tar.subarray(257, 262).toString()).toBe('ustar');
  expect(await text(Readable.from([tar.subarray(-1_024)]))).toBe('\0'.repeat(1_024));
});
