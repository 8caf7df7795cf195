import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { postgresMissing, startPostgres, type PostgresServer } from '../../testing/postgres-server.ts';
import { openDatabase, type Database } from './open-database.ts';

if (postgresMissing) console.log(postgresMissing);

describe.skipIf(postgresMissing)(
  'DATABASE_READ_URL (skipped where Debian’s PostgreSQL 15 is missing)',
  () => {
    let primary: PostgresServer;
    let standby: PostgresServer;
    let database: Database;
    const said: string[] = [];

    const open = (url: string, mostLagSeconds = 10): Promise<Database> =>
      openDatabase({
        dataDir: '/nonexistent',
        databaseUrl: primary.url,
        reads: { url, mostLagSeconds },
        role: 'server',
        log: (line, level = 'info' as never) => said.push(`${level}: ${line}`),
      });

    const where = async (epoch = 1): Promise<string> => {
      const reads = database.replica!.at(epoch);
      if (!reads) return 'primary alone';
      const { rows } = await reads.query({ text: 'SELECT pg_is_in_recovery() AS standby', values: [] });
      return rows[0].standby ? 'standby' : 'primary';
    };

    beforeAll(async () => {
      primary = await startPostgres();
      database = await openDatabase({ dataDir: '/nonexistent', databaseUrl: primary.url, role: 'cli' });
      await database.pool.query(`
      CREATE SCHEMA platform; CREATE SCHEMA crm; CREATE TABLE crm.things (id integer, name text);
      CREATE TABLE platform.definition_state (epoch bigint); INSERT INTO platform.definition_state VALUES (1)`);
      await database.close();
      standby = await primary.standby();
      database = await open(standby.url);
    });
    afterAll(async () => {
      await database.close();
      await standby.close();
      await primary.close();
    });

    const replay = (word: 'pause' | 'resume'): Promise<unknown> =>
      database.replica!.pool.query(`SELECT pg_wal_replay_${word}()`);

    test('a standby that keeps up serves, and says how far it is', async () => {
      expect(await where()).toBe('standby');
      expect(database.replica!.state()).toMatchObject({ serving: true, fallbacks: 0 });
      expect(said.at(-1)).toBe('info: Reads that tolerate a delay go to the standby.');
    });

    test('a catalog that the standby has not reached is read from the primary until it has', async () => {
      expect(await where(2)).toBe('primary alone');
      await database.pool.query('UPDATE platform.definition_state SET epoch = 2');
      await expect.poll(() => where(2), { timeout: 10_000 }).toBe('standby');
      await database.pool.query('UPDATE platform.definition_state SET epoch = 1');
      await expect.poll(() => where(1), { timeout: 10_000 }).toBe('standby');
    });

    test('a column that only the primary has is read there', async () => {
      await replay('pause');
      await database.pool.query('ALTER TABLE crm.things ADD COLUMN size integer');
      await database.pool.query(`INSERT INTO crm.things VALUES (1, 'One', 7)`);
      const { rows } = await database
        .replica!.at(1)!
        .query({ text: 'SELECT size FROM crm.things', values: [] });
      expect(rows).toEqual([{ size: 7 }]);
      expect(database.replica!.state()).toMatchObject({ serving: true, fallbacks: 1 });
      await replay('resume');
    });

    test('a mistake of the statement is no fault of the standby', async () => {
      const reads = database.replica!.at(1)!;
      await expect(reads.query({ text: 'SELECT 1/0', values: [] })).rejects.toMatchObject({ code: '22012' });
      expect(database.replica!.state()).toMatchObject({ serving: true, fallbacks: 1 });
    });

    test('a standby too far behind serves no more, and again when it has caught up', async () => {
      const strict = await open(standby.url, 1.5);
      expect(strict.replica!.state().serving).toBe(true);
      await replay('pause');
      await database.pool.query(`INSERT INTO crm.things VALUES (2, 'Two')`);
      await expect.poll(() => strict.replica!.state().serving, { timeout: 15_000 }).toBe(false);
      expect(strict.replica!.state()).toMatchObject({ because: 'is more than 1.5 s behind' });
      expect(strict.replica!.at(1)).toBeUndefined();
      await replay('resume');
      await expect.poll(() => strict.replica!.state().serving, { timeout: 15_000 }).toBe(true);
      await strict.close();
    });

    test('a standby that dies fails no read, is logged once, and serves again when it is back', async () => {
      const reads = database.replica!.at(1)!;
      await reads.query({ text: 'SELECT 1', values: [] });
      const slow = reads.query({ text: 'SELECT 1 AS one FROM pg_sleep(1)', values: [] });
      await reads.query({ text: 'SELECT 1', values: [] });
      const before = said.length;
      await standby.kill();
      expect((await slow).rows).toEqual([{ one: 1 }]);
      const session = await reads.connect();
      expect((await session.query('SELECT pg_is_in_recovery() AS standby')).rows).toEqual([
        { standby: false },
      ]);
      session.release();
      await expect.poll(() => database.replica!.state().serving, { timeout: 10_000 }).toBe(false);
      expect(said.slice(before).filter((line) => line.startsWith('warn: The standby'))).toHaveLength(1);
      await standby.start();
      await expect.poll(() => where(), { timeout: 20_000 }).toBe('standby');
    }, 60_000);

    test('what is no standby, or is not there, leaves everything to the primary and hinders no start', async () => {
      const none = await open('postgres://postgres@127.0.0.1:1/postgres');
      expect(none.replica!.state()).toMatchObject({
        serving: false,
        because: 'cannot be used (ECONNREFUSED)',
      });
      await none.close();
      const itself = await open(primary.url);
      expect(itself.replica!.state()).toMatchObject({ serving: false, because: 'is no standby' });
      await itself.close();
    });
  },
);
