/** A new version on old data, with a way back: backup, migrate, verify, or the database from before in its place. */
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Context } from '../core/context/context.ts';
import { kinds } from '../kinds/index.ts';
import type { BeforeUpgrade } from '../platform/backup/upgrade.ts';
import { root, withContext } from './context.ts';
import { atPlace, type Place } from './place.ts';

export function upgradeCommands(program: Command): void {
  program
    .command('upgrade')
    .description('bring the data of an older version up to this one: backup, migrate, verify, or back')
    .action(() => atPlace(upgrade));
}

async function upgrade({ connection, pool, embedded, config, dataDir, files }: Place): Promise<void> {
  const { backupName, backupToFile } = await import('../platform/backup/backup-file.ts');
  const { readProduct } = await import('../platform/config/product.ts');
  const { refuseServers, beforeUpgrade, upgradeFailed } = await import('../platform/backup/upgrade.ts');
  const { refuseWithoutRoom, databaseBytes } = await import('../platform/backup/room.ts');
  const lock = await refuseServers(pool, connection);
  try {
    if (embedded) await refuseWithoutRoom('An upgrade that can go back', dataDir, await databaseBytes(pool));
    const before = await beforeUpgrade(pool);
    const stale = await staleBefore(pool);
    const path = join(config.backups.folder, `before-upgrade-${backupName(new Date())}`);
    const { version } = readProduct();
    await backupToFile({ connection, files, product: version, withKey: true }, path);
    console.log(`Backup taken: ${path}`);
    try {
      await withContext((context) => settleAndVerify(context, before, stale));
    } catch (error) {
      const { goBack } = await import('../platform/backup/go-back.ts');
      const why = error as Error;
      const aside = await goBack({ connection, path, migrations: join(root, 'migrations'), why });
      throw upgradeFailed(
        `The upgrade failed and everything is as it was before: ${why.message}\n` +
          `What it had made so far is kept in the database ${aside}. Start the version that you had. The backup of ` +
          `before is kept as well; where you need it: ./groundwork restore ${path}`,
        error,
      );
    }
    console.log(
      `Up to date with ${version}: every record is there, the history is what it was, sums hold, and the definitions build. Start it: npm start`,
    );
  } finally {
    await lock.release();
  }
}

/** Of how many records the sums are counted anew, for each object. */
const most = 500;

type Stale = ReadonlyMap<string, number>;

/** Sums that are wrong already, which no upgrade is to blame for; undefined where the old data does not tell. */
async function staleBefore(pool: Place['pool']): Promise<Stale | undefined> {
  const { catalogStore } = await import('../engine/definitions/store.ts');
  const { readWorkspace } = await import('../platform/config/workspace.ts');
  const { staleRollups } = await import('../engine/doctor/stale-rollups.ts');
  try {
    const definitions = await catalogStore({ pool, kinds, log: silent });
    try {
      const now = { catalog: definitions.current(), workspace: await readWorkspace(pool) };
      const found = await staleRollups(pool, now, { most });
      return new Map(found.map(({ object, count }) => [object, count]));
    } finally {
      await definitions.close();
    }
  } catch {
    return undefined;
  }
}

const silent = { info() {}, warn() {}, error() {} };

/** Opening a context has migrated and put the packs in force, and fails where the definitions do not build. */
async function settleAndVerify(
  context: Context,
  before: BeforeUpgrade,
  stale: Stale | undefined,
): Promise<void> {
  const { lostInUpgrade, upgradeFailed } = await import('../platform/backup/upgrade.ts');
  const { settleRollups } = await import('../engine/write/settle-rollups.ts');
  const { staleRollups } = await import('../engine/doctor/stale-rollups.ts');
  const { list } = await import('../engine/read/list.ts');
  await settleRollups(context);
  const lost = await lostInUpgrade(context.pool, before);
  if (lost.length > 0) throw upgradeFailed(lost.join('\n'));
  for (const { object, count, example } of await staleRollups(context.pool, context, { most })) {
    if (stale && count > (stale.get(object) ?? 0))
      throw upgradeFailed(`Sums and counts of ${count} ${object} do not hold, for example of ${example}.`);
  }
  for (const object of context.catalog.objects.values())
    await list(context, { object: object.key, limit: 1 });
}
