/** Definitions and tables, sums, files, backups, jobs, imports, and whether anybody can come in. */
import { createHash } from 'node:crypto';
import { row, rows, sql } from '../../core/sql/sql.ts';
import { catalogOf, readState } from '../definitions/state.ts';
import { desiredTables } from '../tables/desired.ts';
import { liveTables } from '../tables/introspect.ts';
import { planTables } from '../tables/plan.ts';
import { fail, ok, warn, type Check, type Finding } from './check.ts';
import { staleRollups } from './stale-rollups.ts';

const daysOld = (at: string): number => (Date.now() - new Date(at).getTime()) / 86_400_000;

export const definitions: Check = {
  about: 'Definitions',
  needsDatabase: true,
  async look({ pool, kinds }) {
    const state = await readState(pool);
    const catalog = catalogOf(state, kinds);
    const findings: Finding[] = [
      ok(`The definitions build: version ${state.version}, ${catalog.objects.size} objects.`),
    ];
    for (const plan of planTables(desiredTables(catalog), await liveTables(pool))) {
      if (plan.create)
        findings.push(
          fail(
            `The table of ${plan.object} is missing.`,
            'Start the server: it makes what the definitions ask for. If it stays, restore a backup.',
          ),
        );
      const lacking = [...plan.add.map(({ name }) => name), ...plan.indexes.map(({ index }) => index.name)];
      if (!plan.create && lacking.length > 0)
        findings.push(
          warn(
            `The table of ${plan.object} lacks ${lacking.slice(0, 5).join(', ')}.`,
            'Start the server: it makes what the definitions ask for.',
          ),
        );
      if (plan.mistyped.length > 0)
        findings.push(
          fail(
            `Columns of ${plan.object} hold something else than defined: ${plan.mistyped.map(({ column }) => column.name).join(', ')}.`,
            'Somebody changed the table by hand; put the column back as it was.',
          ),
        );
    }
    return findings;
  },
};

export const sums: Check = {
  about: 'Rollups',
  needsDatabase: true,
  async look({ pool, kinds }) {
    const catalog = catalogOf(await readState(pool), kinds);
    const settings = await row<{ time_zone: string; currency: string; country: string; name: string }>(
      pool,
      sql`SELECT name, time_zone, currency, country FROM platform.workspace`,
    );
    const { name, time_zone: timeZone, currency, country } = settings!;
    const stale = await staleRollups(
      pool,
      { catalog, workspace: { name, timeZone, currency, country } },
      { most: 500 },
    );
    if (stale.length === 0)
      return [ok('Counts and sums of the newest 500 records of each object were recounted, and are right.')];
    return stale.map(({ object, count, example }) =>
      fail(
        `${count} ${object} had stale rollups, such as ${example}.`,
        'Tell the developers of Groundwork; a write to a related record counts it anew.',
      ),
    );
  },
};

export const files: Check = {
  about: 'Files',
  needsDatabase: true,
  async look({ pool, files: store }) {
    const where = store.bucket ?? store.disk;
    try {
      await where.tryOut();
    } catch (error) {
      return [
        fail(
          `Files cannot be written to ${where.place}: ${(error as Error).message}`,
          'Check the folder or the bucket, its keys and its room.',
        ),
      ];
    }
    const newest = await rows<{ id: string; stored_as: string; sha256: Buffer }>(
      pool,
      sql`SELECT id, stored_as, sha256 FROM platform.files ORDER BY created_at DESC LIMIT 20`,
    );
    const bad: string[] = [];
    for (const { id, stored_as, sha256 } of newest) {
      const sum = createHash('sha256');
      try {
        for await (const chunk of await store.open(stored_as)) sum.update(chunk as Buffer);
      } catch {
        bad.push(id);
        continue;
      }
      if (!sum.digest().equals(sha256)) bad.push(id);
    }
    if (bad.length > 0)
      return [
        fail(
          `${bad.length} of the ${newest.length} newest files are gone or not what they were, such as ${bad[0]}.`,
          'Look whether DATA_DIR and FILES_URL lead to where the files are; else take them from a backup.',
        ),
      ];
    return [ok(`Files are written to ${where.place}; the ${newest.length} newest are whole.`)];
  },
};

export const backups: Check = {
  about: 'Backups',
  needsDatabase: true,
  async look({ pool, backups: plan }) {
    const last = await row<{
      started_at: string;
      state: string;
      error: string | null;
      check_state: string | null;
      check_error: string | null;
    }>(
      pool,
      sql`SELECT started_at, state, error, check_state, check_error FROM platform.backups WHERE state <> 'removed' ORDER BY id DESC LIMIT 1`,
    );
    if (plan.schedule === null)
      return [
        warn('No backup is taken by plan.', 'Set BACKUP_SCHEDULE, or see that something else takes them.'),
      ];
    if (!last)
      return [
        warn(
          'No backup was taken yet.',
          'The next one is taken by plan while the server runs; ./groundwork backup FILE takes one now.',
        ),
      ];
    if (last.state === 'failed')
      return [
        fail(
          `The last backup failed: ${last.error}`,
          'Mend that, and take one now with ./groundwork backup FILE.',
        ),
      ];
    if (last.check_state === 'failed')
      return [
        fail(
          `The newest backup cannot be restored: ${last.check_error}`,
          'Take another one now with ./groundwork backup FILE, and check it.',
        ),
      ];
    const days = daysOld(last.started_at);
    const says = `The last backup was taken ${last.started_at}${last.check_state === 'restored' ? ' and proved by a restore' : ''}.`;
    return [
      days > 8
        ? fail(says, 'See the log for why none was taken since.')
        : days > 2
          ? warn(says, 'See whether the server runs at that hour.')
          : ok(says),
    ];
  },
};

export const people: Check = {
  about: 'Sign-in',
  needsDatabase: true,
  async look({ pool }) {
    const found = await row<{ administrators: number; link: boolean }>(
      pool,
      sql`SELECT (SELECT count(*)::int FROM platform.user_roles r JOIN auth.accounts a ON a.user_id = r.user_id WHERE r.role = 'administrator') AS administrators,
            EXISTS (SELECT 1 FROM platform.setup_link WHERE expires_at > now()) AS link`,
    );
    if (found!.administrators > 0) return [ok(`${found!.administrators} administrators can sign in.`)];
    return [
      warn(
        found!.link ? 'Nobody can sign in yet; a set-up link waits.' : 'Nobody can sign in as administrator.',
        found!.link
          ? 'Open the link that the start printed.'
          : './groundwork user add --role administrator makes one.',
      ),
    ];
  },
};

export const work: Check = {
  about: 'Jobs and imports',
  needsDatabase: true,
  async look({ pool }) {
    const findings: Finding[] = [];
    const there = await row<{ jobs: boolean }>(pool, sql`SELECT to_regclass('jobs.job') IS NOT NULL AS jobs`);
    if (there!.jobs) {
      const found = await row<{ failed: number; waiting: number }>(
        pool,
        sql`SELECT count(*) FILTER (WHERE state = 'failed' AND created_on > now() - interval '7 days')::int AS failed,
              count(*) FILTER (WHERE state IN ('created', 'retry') AND start_after < now() - interval '1 hour')::int AS waiting
            FROM jobs.job`,
      );
      if (found!.failed > 0)
        findings.push(
          warn(`${found!.failed} jobs failed within a week.`, 'The log says why (“a job failed”).'),
        );
      if (found!.waiting > 0)
        findings.push(
          warn(
            `${found!.waiting} jobs have been waiting for more than an hour.`,
            'Start the server: its worker does them.',
          ),
        );
    }
    const paused = await row<{ n: number }>(
      pool,
      sql`SELECT count(*)::int AS n FROM platform.batches WHERE kind = 'import' AND state IN ('stopped', 'paused')`,
    );
    if (paused!.n > 0)
      findings.push(
        warn(
          `${paused!.n} imports stopped on the way.`,
          './groundwork import resume goes on, import undo takes them back.',
        ),
      );
    return findings.length > 0 ? findings : [ok('No job failed or stands still, and no import waits.')];
  },
};
