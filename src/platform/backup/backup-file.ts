/** A backup as a file: there whole or not at all, named by its moment, and kept as long as the plan says. */
import { createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { backupRefusal } from './refusal.ts';
import { leastBackupBytes, refuseWithoutRoom } from './room.ts';
import { withLongSession } from './session.ts';
import { writeBackup, type BackupInput, type BackupSummary } from './write-backup.ts';

export type BackupFile = BackupSummary & { path: string; bytes: number };

/** How many of the newest backups of a day, a week, a month are kept. */
export type Retention = { days: number; weeks: number; months: number };

const magic = '28b52ffd';

/** Written aside, synced and renamed. @throws Error `backup_file` where the name is taken by something else */
export async function backupToFile(input: BackupInput, path: string): Promise<BackupFile> {
  await refuseTaken(path);
  const part = `${path}.partial`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const least = await withLongSession(input.connection, leastBackupBytes);
    await refuseWithoutRoom(`The backup ${path}`, dirname(path), least);
    const summary = await writeBackup(input, createWriteStream(part, { mode: 0o600, flush: true }));
    await rename(part, path);
    await syncFolder(dirname(path));
    return { ...summary, path, bytes: (await stat(path)).size };
  } catch (error) {
    await rm(part, { force: true });
    throw fileTrouble(error, path) ?? error;
  }
}

/** An empty file, or an older backup, may be replaced. */
async function refuseTaken(path: string): Promise<void> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw fileTrouble(error, path) ?? error;
  });
  if (!file) return;
  try {
    const head = Buffer.alloc(4);
    const { bytesRead } = await file.read(head, 0, 4, 0);
    if (bytesRead > 0 && head.toString('hex') !== magic) {
      throw backupRefusal(
        'backup_file',
        `${path} is there already and is no backup. Choose another name, or move that file away.`,
      );
    }
  } finally {
    await file.close();
  }
}

function fileTrouble(error: unknown, path: string): Error | undefined {
  const { code } = error as NodeJS.ErrnoException;
  const why = {
    ENOSPC: 'the disk is full',
    EDQUOT: 'the quota of this user is used up',
    EACCES: 'this user may not write there',
    EPERM: 'this user may not write there',
    EROFS: 'that disk is read-only',
    EISDIR: 'that is a folder',
    ENOTDIR: 'a part of the path is no folder',
  }[code ?? ''];
  if (why === undefined) return undefined;
  return backupRefusal(
    code === 'ENOSPC' ? 'backup_room' : 'backup_file',
    `The backup ${path} was not written: ${why}. Make room, or choose another place.`,
    error,
  );
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const named = /^groundwork-(\d{4}-\d{2}-\d{2})T(\d{2})(\d{2})(\d{2})Z\.backup$/;

export const backupName = (at: Date): string =>
  `groundwork-${at.toISOString().slice(0, 19).replaceAll(':', '')}Z.backup`;

/** Backups of the plan in a folder, the newest first; other files there are nobody's business. */
export async function backupsIn(folder: string): Promise<{ name: string; at: Date }[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .flatMap((name) => {
      const found = named.exec(name);
      return found ? [{ name, at: new Date(`${found[1]}T${found[2]}:${found[3]}:${found[4]}Z`) }] : [];
    })
    .sort((a, b) => b.at.getTime() - a.at.getTime());
}

/** Names that the plan no longer keeps. The newest always stays. */
export function outdated(all: readonly { name: string; at: Date }[], keep: Retention): string[] {
  const kept = new Set(all.slice(0, 1));
  const keepNewest = (periods: number, periodOf: (at: Date) => string): void => {
    const seen = new Set<string>();
    for (const one of all) {
      const period = periodOf(one.at);
      if (seen.has(period)) continue;
      if (seen.size === periods) break;
      seen.add(period);
      kept.add(one);
    }
  };
  keepNewest(keep.days, (at) => at.toISOString().slice(0, 10));
  keepNewest(keep.weeks, (at) => String(Math.floor((at.getTime() / 86_400_000 + 3) / 7)));
  keepNewest(keep.months, (at) => at.toISOString().slice(0, 7));
  return all.filter((one) => !kept.has(one)).map(({ name }) => name);
}

export async function removeOutdated(folder: string, keep: Retention): Promise<string[]> {
  const names = outdated(await backupsIn(folder), keep);
  for (const name of names) await rm(join(folder, name), { force: true });
  return names;
}
