import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDatabase } from '../../testing/database.ts';
import { postgresMissing, startPostgres, type PostgresServer } from '../../testing/postgres-server.ts';
import { migrate } from './migrate.ts';
import { openDatabase } from './open-database.ts';

if (postgresMissing) console.log(postgresMissing);

describe.skipIf(postgresMissing)(
  'with DATABASE_URL on PostgreSQL 15 (skipped where Debian’s is missing)',
  () => {
    let server: PostgresServer;

    beforeAll(async () => {
      server = await startPostgres({ DateStyle: 'German', TimeZone: 'Asia/Tokyo', statement_timeout: '1s' });
    });
    afterAll(() => server.close());

    test('a server that is still starting is waited for; its own settings change nothing', async () => {
      await server.kill();
      const opening = openDatabase({ dataDir: '/nonexistent', databaseUrl: server.url, role: 'server' });
      setTimeout(() => void server.start(), 600);
      const database = await opening;
      expect(database).toMatchObject({ embedded: false, serverVersion: 15 });
      const { rows } = await database.pool.query(`
      SELECT '2026-03-29 02:30+02'::timestamptz AS at, '2026-03-29'::date AS day, current_setting('statement_timeout') AS timeout`);
      expect(rows).toEqual([{ at: '2026-03-29T00:30:00.000Z', day: '2026-03-29', timeout: '1min' }]);
      await database.close();
    });

    test('migrations, test copies and several servers at once work there too', async () => {
      const [one, two] = await Promise.all(
        [1, 2].map(() => openDatabase({ dataDir: '/nonexistent', databaseUrl: server.url, role: 'server' })),
      );
      const migrations = mkdtempSync(join(tmpdir(), 'groundwork-migrations-'));
      await Promise.all([migrate(one!.pool, migrations), migrate(two!.pool, migrations)]);
      rmSync(migrations, { recursive: true });
      await one!.pool.query('CREATE DATABASE copied TEMPLATE template0 STRATEGY WAL_LOG');
      await Promise.all([one!.close(), two!.close()]);
      expect(server.runs(), 'a server that is not ours is never stopped').toBe(true);
    });

    test('options in the URL are kept beside ours', async () => {
      const database = await openDatabase({
        dataDir: '/nonexistent',
        databaseUrl: `${server.url}?options=${encodeURIComponent('-c work_mem=7MB')}`,
        role: 'cli',
      });
      const { rows } = await database.pool.query(
        `SELECT current_setting('work_mem') AS memory, current_setting('TimeZone') AS zone`,
      );
      expect(rows).toEqual([{ memory: '7MB', zone: 'UTC' }]);
      await database.close();
    });
  },
);

test('a server that is not there is named in the refusal, without the password', async () => {
  const opening = openDatabase({
    dataDir: '/nonexistent',
    databaseUrl: 'postgres://me:secret@127.0.0.1:1/crm',
    role: 'cli',
    patienceMs: 300,
  });
  await expect(opening).rejects.toMatchObject({
    code: 'database_unreachable',
    message: expect.stringMatching(
      /^The PostgreSQL server at 127\.0\.0\.1:1\/crm cannot be used: .*ECONNREFUSED/,
    ),
  });
  await expect(opening).rejects.not.toThrow(/secret/);
});

test('a database that is not in UTF8 is refused', async () => {
  const { pool, url, drop } = await testDatabase({ empty: true });
  await pool.query(
    `CREATE DATABASE latin_${process.pid} ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0`,
  );
  const latin = new URL(url);
  latin.pathname = `/latin_${process.pid}`;
  const opening = openDatabase({ dataDir: '/nonexistent', databaseUrl: latin.href, role: 'cli' });
  await expect(opening).rejects.toMatchObject({ code: 'database_encoding' });
  await pool.query(`DROP DATABASE latin_${process.pid}`);
  await drop();
});

// The embedded server asks for a password; one named by DATABASE_URL may trust.
test.skipIf(process.env['DATABASE_URL'])('a wrong password is refused at once', async () => {
  const { url, drop } = await testDatabase({ empty: true });
  const wrong = new URL(url);
  wrong.password = 'guessed';
  const began = Date.now();
  await expect(
    openDatabase({ dataDir: '/nonexistent', databaseUrl: wrong.href, role: 'cli' }),
  ).rejects.toMatchObject({
    code: 'database_unreachable',
    message: expect.stringContaining('password authentication failed'),
  });
  expect(Date.now() - began).toBeLessThan(2_000);
  await drop();
});

test('a dedicated client can be made from the connection', async () => {
  const { connection, drop } = await testDatabase({ empty: true });
  const client = new pg.Client(connection);
  await client.connect();
  expect((await client.query('SELECT 1::int8 AS one')).rows).toEqual([{ one: 1 }]);
  await client.end();
  await drop();
});
