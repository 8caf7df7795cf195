import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { isAlive } from './cluster-processes.ts';
import { stopAtOnce } from './cluster.ts';
import { copyCheckout, databaseProcess, type DatabaseProcess, type Place } from './database-process.ts';
import { openDatabase, type DatabaseRole } from './open-database.ts';

const root = process.getuid?.() === 0;
const nobody = { uid: 65534, gid: 65534 };

const folders: string[] = [];
const processes: DatabaseProcess[] = [];

/** Every test works in folders like this one: private to whoever runs the tests. */
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'groundwork-open-'));
  folders.push(folder);
  return folder;
}

function begin(dataDir: string, role: DatabaseRole, place?: Place): DatabaseProcess {
  const begun = databaseProcess(dataDir, role, place);
  processes.push(begun);
  return begun;
}

function clusterOf(dataDir: string) {
  return { folder: join(dataDir, 'postgres'), settings: {}, log: () => {} };
}

function stopCluster(dataDir: string): void {
  stopAtOnce(clusterOf(dataDir));
}

function postmasterIn(dataDir: string): number {
  return Number(readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]);
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (await holds()) return;
    await sleep(20);
  }
  throw new Error(`never happened: ${what}`);
}

afterEach(async () => {
  await Promise.all(processes.splice(0).map((one) => one.kill()));
  for (const folder of folders.splice(0)) {
    const inside = readdirSync(folder, { recursive: true, withFileTypes: true });
    for (const entry of inside) {
      if (entry.isDirectory() && entry.name === 'postgres') stopCluster(entry.parentPath);
    }
    rmSync(folder, { recursive: true, force: true });
  }
});

describe('on one data folder', () => {
  test('the first to come starts the database, and the last to leave stops it', async () => {
    const dataDir = join(temporaryFolder(), 'data');
    const server = begin(dataDir, 'server');
    const { postmaster } = await server.ready;
    const cli = begin(dataDir, 'cli');
    expect((await cli.ready).postmaster).toBe(postmaster);
    expect(await cli.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);

    await server.close();
    expect(await cli.query('SELECT 2 AS two')).toEqual([{ two: 2 }]);
    await cli.close();
    expect(isAlive(postmaster)).toBe(false);
    expect(existsSync(join(dataDir, 'postgres/postmaster.pid'))).toBe(false);
  });

  test('a CLI that comes and goes leaves the running server its database', async () => {
    const dataDir = temporaryFolder();
    const server = begin(dataDir, 'server');
    const { postmaster } = await server.ready;
    for (let round = 0; round < 2; round++) {
      const cli = await openDatabase({ dataDir, role: 'cli' });
      await cli.pool.query('SELECT 1');
      await cli.close();
    }
    expect(postmasterIn(dataDir)).toBe(postmaster);
    expect(await server.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('processes that start at the same moment on an empty folder share one database', async () => {
    const dataDir = temporaryFolder();
    const all = [begin(dataDir, 'server'), begin(dataDir, 'cli'), begin(dataDir, 'cli')];
    const found = await Promise.all(all.map((one) => one.ready));
    expect(new Set(found.map((one) => one.postmaster)).size).toBe(1);
    await Promise.all(all.map((one) => one.close()));
    expect(isAlive(found[0]!.postmaster)).toBe(false);
  });

  test('a second server is refused with a sentence, and takes over once the first is killed', async () => {
    const dataDir = temporaryFolder();
    const first = begin(dataDir, 'server');
    const { postmaster } = await first.ready;
    const second = begin(dataDir, 'server');
    await expect(second.ready).rejects.toMatchObject({
      code: 'database_in_use',
      message: expect.stringContaining(`(process ${first.pid}) already works with the data folder`),
    });
    expect(await first.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);

    await first.kill();
    const third = begin(dataDir, 'server');
    expect((await third.ready).postmaster, 'the running database is adopted').toBe(postmaster);
    await third.close();
    expect(isAlive(postmaster)).toBe(false);
  });

  test('a database that dies under a living server is brought back', async () => {
    const database = await openDatabase({ dataDir: temporaryFolder(), role: 'server' });
    try {
      const { rows } = await database.pool.query<{ folder: string; pid: number }>(
        `SELECT pg_backend_pid() AS pid`,
      );
      const dataDir = folders.at(-1)!;
      const before = postmasterIn(dataDir);
      process.kill(before, 'SIGKILL');
      await until('it answers again', () =>
        database.pool.query('SELECT pg_backend_pid()').then(
          (answer) => answer.rows[0].pg_backend_pid !== rows[0]!.pid && postmasterIn(dataDir) !== before,
          () => false,
        ),
      );
    } finally {
      await database.close();
    }
  });
});

describe('after kill -9', () => {
  test('of the app and of PostgreSQL, no acknowledged row is lost', async () => {
    const dataDir = temporaryFolder();
    for (let round = 0; round < 2; round++) {
      const app = begin(dataDir, 'server');
      const { postmaster } = await app.ready;
      await app.query('CREATE TABLE IF NOT EXISTS public.acknowledged (number integer)');
      await app.query('TRUNCATE public.acknowledged');
      app.write();
      await until('some rows', () => app.written.length > 100);
      process.kill(postmaster, 'SIGKILL');
      await app.kill();

      const again = begin(dataDir, 'server');
      await again.ready;
      const [found] = await again.query(
        'SELECT count(*) AS rows, max(number) AS last FROM public.acknowledged',
      );
      expect(found!['rows']).toBeGreaterThanOrEqual(app.written.length);
      expect(found!['last'], 'no hole').toBe(found!['rows']);
      await again.close();
    }
  });

  test('of PostgreSQL with a busy session, the orphan is gone before the next start', async () => {
    const dataDir = temporaryFolder();
    const app = begin(dataDir, 'server');
    const { postmaster } = await app.ready;
    await app.query('CREATE TABLE public.kept AS SELECT 1 AS one');
    void app.query('SELECT count(*) FROM generate_series(1::bigint, 1e12::bigint)').catch(() => {});
    let orphan = 0;
    await until('the long query runs', async () => {
      const rows = await app.query(
        `SELECT pid FROM pg_stat_activity WHERE query LIKE '%1e12%' AND pid <> pg_backend_pid()`,
      );
      orphan = Number(rows[0]?.['pid'] ?? 0);
      return orphan > 0;
    });
    process.kill(-app.pid, 'SIGSTOP'); // it holds its locks, so nobody can start before it is gone
    process.kill(postmaster, 'SIGKILL');
    await app.kill();
    expect(isAlive(orphan)).toBe(true);

    const again = begin(dataDir, 'server');
    await again.ready;
    expect(isAlive(orphan)).toBe(false);
    expect(await again.query('SELECT * FROM public.kept')).toEqual([{ one: 1 }]);
  });

  test('a pid file whose number now belongs to a stranger does not keep the database down', async () => {
    const dataDir = temporaryFolder();
    const database = await openDatabase({ dataDir, role: 'cli' });
    const { folder } = clusterOf(dataDir);
    process.kill(postmasterIn(dataDir), 'SIGKILL');
    const { uid, gid } = statSync(folder);
    const stranger = spawn('sleep', ['60'], root ? { uid, gid } : {});
    const text = readFileSync(join(folder, 'postmaster.pid'), 'utf8');
    writeFileSync(join(folder, 'postmaster.pid'), text.replace(/^\d+/, String(stranger.pid)));
    await database.close();

    const again = await openDatabase({ dataDir, role: 'cli' });
    await again.pool.query('SELECT 1');
    await again.close();
    stranger.kill();
  });

  test('of a first start half done, the next one begins afresh', async () => {
    const dataDir = temporaryFolder();
    mkdirSync(join(dataDir, 'postgres.new-1234/cluster'), { recursive: true });
    const database = await openDatabase({ dataDir, role: 'cli' });
    await database.close();
    expect(readdirSync(dataDir).sort()).toEqual(['locks', 'postgres']);
  });
});

describe('wherever the folder is', () => {
  test('a path far too long for a socket works, and the URL with it', async () => {
    const dataDir = join(temporaryFolder(), 'a'.repeat(120), 'b'.repeat(120), 'daten für später');
    const database = await openDatabase({ dataDir, role: 'server' });
    const other = begin(dataDir, 'cli');
    await other.ready;
    expect(await other.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await other.close();
    const byUrl = await openDatabase({ dataDir, databaseUrl: database.url, role: 'cli' });
    expect((await byUrl.pool.query('SELECT 2 AS two')).rows).toEqual([{ two: 2 }]);
    await byUrl.close();
    await database.close();
  });

  test('a start that fails says why', async () => {
    const dataDir = temporaryFolder();
    await (await openDatabase({ dataDir, role: 'cli' })).close();
    writeFileSync(join(dataDir, 'postgres/postgresql.local.conf'), "work_mem = 'a lot'\n");
    await expect(openDatabase({ dataDir, role: 'cli' })).rejects.toMatchObject({
      code: 'database_start',
      message: expect.stringMatching(/did not start: .*work_mem.*postgresql.local.conf" contains errors/),
    });
    rmSync(join(dataDir, 'postgres/postgresql.local.conf'));
    await (await openDatabase({ dataDir, role: 'cli' })).close();
  });

  test('a data folder that cannot be made is refused with a sentence', async () => {
    await expect(openDatabase({ dataDir: '/dev/null/data', role: 'cli' })).rejects.toMatchObject({
      code: 'database_folder',
      message: expect.stringContaining('cannot use the data folder /dev/null/data'),
    });
  });
});

describe.runIf(root)('as root (skipped for others)', () => {
  test('PostgreSQL runs as another user, which owns its folder and nothing else', async () => {
    const dataDir = temporaryFolder();
    const database = await openDatabase({ dataDir, role: 'cli' });
    const { uid } = statSync(`/proc/${postmasterIn(dataDir)}`);
    expect(uid).not.toBe(0);
    expect(statSync(join(dataDir, 'postgres'))).toMatchObject({ uid, mode: 0o40700 });
    expect(statSync(dataDir)).toMatchObject({ uid: 0, mode: 0o40700 });
    await database.close();
  });

  test('a data folder that came back from an archive as root’s is taken over', async () => {
    const dataDir = temporaryFolder();
    await (await openDatabase({ dataDir, role: 'cli' })).close();
    spawnSync('chown', ['-R', '0:0', dataDir]);
    const database = await openDatabase({ dataDir, role: 'cli' });
    await database.pool.query('SELECT 1');
    await database.close();
  });

  test('both checkout and data folder may be under a closed parent', async () => {
    const closed = temporaryFolder(); // 0700 and root's, like /root
    const place = copyCheckout(join(closed, 'checkout'));
    const dataDir = join(closed, 'checkout/data');
    const libraryBefore = existsSync('/var/lib/groundwork');
    try {
      const app = begin(dataDir, 'server', place);
      const { postmaster } = await app.ready;
      expect(statSync(`/proc/${postmaster}`).uid).not.toBe(0);
      expect(await app.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await app.close();
      expect(isAlive(postmaster)).toBe(false);
    } finally {
      if (!libraryBefore) rmSync('/var/lib/groundwork', { recursive: true, force: true });
    }
  });

  describe('handing over to an ordinary user', () => {
    let place: Place;
    let checkout: string;
    beforeAll(() => {
      checkout = mkdtempSync(join(tmpdir(), 'groundwork-checkout-'));
      chmodSync(checkout, 0o755);
      place = { ...copyCheckout(checkout), ...nobody };
    });
    afterAll(() => rmSync(checkout, { recursive: true, force: true }));

    test('who may not write the checkout, everything works the same', async () => {
      const dataDir = temporaryFolder();
      chownSync(dataDir, nobody.uid, nobody.gid);
      const app = begin(dataDir, 'server', place);
      const { postmaster } = await app.ready;
      expect(statSync(`/proc/${postmaster}`).uid).toBe(nobody.uid);
      const cli = begin(dataDir, 'cli', place);
      await cli.ready;
      await app.kill();
      const again = begin(dataDir, 'server', place);
      expect((await again.ready).postmaster).toBe(postmaster);
      await cli.close();
      expect(await again.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await again.close();
      expect(isAlive(postmaster)).toBe(false);
    });

    test('who does not own the database, the refusal says so', async () => {
      const dataDir = temporaryFolder();
      await (await openDatabase({ dataDir, role: 'cli' })).close();
      chownSync(dataDir, nobody.uid, nobody.gid);
      spawnSync('chown', ['-R', '65534:65534', join(dataDir, 'locks')]);
      await expect(begin(dataDir, 'cli', place).ready).rejects.toMatchObject({
        code: 'database_folder',
        message: expect.stringContaining('belongs to another user'),
      });
    });
  });
});
