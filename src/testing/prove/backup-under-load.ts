/**
 * A backup is taken of a server that is being written to, and restored elsewhere: what is there equals the moment
 * that the backup names. A moment has two names: a time, before which whatever was acknowledged is in it, and a
 * position among the commits, which says of every single write whether it is in it.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkBackup } from '../../platform/backup/read-backup.ts';
import type { Contents } from '../../platform/backup/manifest.ts';
import { write } from '../../engine/write/write.ts';
import { groundwork, newKey, startServer, type Place } from '../server-process.ts';
import { emptyLedger, keepWriting, upload, type Ledger } from './ledgered-load.ts';
import { differencesAt, momentOf } from './restored-moment.ts';
import { withEngine } from './with-engine.ts';

export type BackupFigures = {
  rows: number;
  megabytes: number;
  files: number;
  backup: { seconds: number; megabytesPerSecond: number; writesMeanwhile: number };
  restores: { on: string; seconds: number; megabytesPerSecond: number }[];
  acknowledged: number;
  /** Of them, those in the backup by its position among the commits. */
  inTheBackup: number;
  differences: string[];
};

/** Where the backup is restored: the embedded PostgreSQL without `databaseUrl`. */
export type Target = { on: string; databaseUrl?: string };

/** `deals` and `megabytes` of files are there before the load begins, so that the backup takes a while. */
export async function backupUnderLoad(
  targets: readonly Target[],
  { deals, megabytes }: { deals: number; megabytes: number },
): Promise<BackupFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'groundwork-backup-load-'));
  const source: Place = { dataDir: join(folder, 'source') };
  const file = join(folder, 'taken.backup');
  const ledger = emptyLedger();
  const server = await startServer(source);
  try {
    const key = await newKey(source, 'administrator');
    const owner = await fill(source, deals);
    for (let n = 0; n < megabytes; n++) await upload(server, key, ledger, randomBytes(1024 * 1024));

    const load = keepWriting(server, key, ledger, owner);
    await load.until(() => ledger.files.size >= megabytes + 8); // every caller is well on its way
    const began = Date.now();
    await succeed(groundwork(source, 'backup', file));
    const ended = Date.now();
    await sleep(500);
    await load.stop();

    const { manifest, contents } = await checkBackup(file);
    const moment = await withEngine(source, (context) => momentOf(context, manifest, ledger));
    const figures = figuresOf(contents, ledger, { began, ended });
    figures.inTheBackup = moment.writes;
    figures.differences.push(...moment.differences);
    for (const { on, databaseUrl } of targets) {
      const place: Place = { dataDir: join(folder, on.replaceAll(' ', '-')), databaseUrl };
      const from = Date.now();
      await succeed(groundwork(place, 'restore', file));
      const seconds = (Date.now() - from) / 1000;
      figures.restores.push({ on, seconds, megabytesPerSecond: rate(figures.megabytes, seconds) });
      const found = await differencesAt(place, key, ledger, moment);
      figures.differences.push(...found.map((one) => `${on}: ${one}`));
    }
    return figures;
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function succeed(running: ReturnType<typeof groundwork>): Promise<void> {
  const { code, stdout, stderr } = await running;
  if (code !== 0) throw new Error(`${stdout}\n${stderr}`);
}

const batch = 500;

/** Gives the id of somebody who owns deals. */
async function fill(place: Place, deals: number): Promise<string> {
  return withEngine(place, async (context) => {
    for (let n = 0; n < deals; n += batch) {
      const [made] = await write(context, {
        mode: 'all',
        changes: [{ create: 'accounts', set: { name: `Filled from ${n}` } }],
      });
      const account = made!.ok ? made!.id : null;
      const changes = Array.from({ length: Math.min(batch, deals - n) }, (_, at) => ({
        create: 'deals',
        set: { name: `Deal ${n + at}`, account, amount: n + at, notes: randomBytes(60).toString('base64') },
      }));
      await write(context, { mode: 'all', changes });
    }
    const [owner] = await write(context, {
      mode: 'all',
      changes: [{ create: 'users', set: { name: 'Owner of deals' } }],
    });
    if (!owner!.ok) throw owner!.problem;
    return owner!.id;
  });
}

const rate = (megabytes: number, seconds: number): number => Math.round((megabytes / seconds) * 10) / 10;

function figuresOf(
  contents: Contents,
  ledger: Ledger,
  { began, ended }: { began: number; ended: number },
): BackupFigures {
  const bytes = contents.tables.reduce((sum, table) => sum + table.bytes, 0) + contents.file_bytes;
  const megabytes = Math.round(bytes / 100_000) / 10;
  const seconds = (ended - began) / 1000;
  const writes = [...ledger.records.values()].flatMap((record) => record.writes);
  return {
    rows: contents.tables.reduce((sum, table) => sum + table.rows, 0),
    megabytes,
    files: contents.files,
    backup: {
      seconds,
      megabytesPerSecond: rate(megabytes, seconds),
      writesMeanwhile: writes.filter((one) => one.sentAt >= began && one.acknowledgedAt <= ended).length,
    },
    restores: [],
    acknowledged: writes.length,
    inTheBackup: 0,
    differences: contents.missing_files.map((sha256) => `the backup lacks the file ${sha256}`),
  };
}
