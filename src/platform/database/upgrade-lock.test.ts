import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testDatabase, type TestDatabase } from '../../testing/database.ts';
import { startServer } from '../../testing/server-process.ts';
import { openDatabase } from './open-database.ts';
import { keepServersOut, keepUpgradeOut } from './upgrade-lock.ts';

let database: TestDatabase;
const folder = mkdtempSync(join(tmpdir(), 'groundwork-upgrade-lock-'));
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

const sentence = /An upgrade is running on this data.*Wait until .*groundwork upgrade has ended/s;
const silent = (): void => {};

describe('servers and an upgrade of one database', () => {
  it('keep each other out, and servers do not keep out servers', async () => {
    const { connection } = database;
    const servers = [await keepUpgradeOut(connection, silent), await keepUpgradeOut(connection, silent)];
    expect(await keepServersOut(connection)).toBeUndefined();
    for (const server of servers) await server.release();
    const upgrade = await keepServersOut(connection);
    expect(upgrade).toBeDefined();
    expect(await keepServersOut(connection)).toBeUndefined();
    await expect(keepUpgradeOut(connection, silent)).rejects.toThrow(sentence);
    await upgrade!.release();
    await (await keepUpgradeOut(connection, silent)).release();
  });

  it('a server whose session breaks takes the lock again', async () => {
    const server = await keepUpgradeOut({ ...database.connection, application_name: 'to be cut' }, silent);
    await database.pool.query(
      `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'to be cut'`,
    );
    const held = `SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid)
                  WHERE locktype = 'advisory' AND granted AND application_name = 'to be cut'`;
    await expect
      .poll(async () => (await database.pool.query(held)).rowCount, { timeout: 20_000 })
      .toBeGreaterThan(0);
    await server.release();
  }, 30_000);

  it('a server that is started meanwhile ends with a sentence, with DATABASE_URL and with the embedded one', async () => {
    const embedded = await openDatabase({ dataDir: join(folder, 'embedded'), role: 'cli' });
    const upgrades = [
      (await keepServersOut(database.connection))!,
      (await keepServersOut(embedded.connection))!,
    ];
    try {
      const elsewhere = { dataDir: join(folder, 'elsewhere'), databaseUrl: database.url };
      await expect(startServer(elsewhere)).rejects.toThrow(sentence);
      await expect(startServer({ dataDir: join(folder, 'embedded') })).rejects.toThrow(sentence);
    } finally {
      for (const upgrade of upgrades) await upgrade.release();
      await embedded.close();
    }
  }, 120_000);
});
