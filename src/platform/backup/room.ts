/** Room on the disk, looked at before hours of work end at a full one. What is asked for is the least it can take. */
import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { row, sql, type Queryable } from '../../core/sql/sql.ts';
import { backupRefusal } from './refusal.ts';

/** `what` begins the sentence. @throws Error `backup_room` */
export async function refuseWithoutRoom(what: string, folder: string, bytes: number): Promise<void> {
  const free = await freeBytes(resolve(folder));
  if (free === undefined || free >= bytes) return;
  throw backupRefusal(
    'backup_room',
    `${what} takes at least ${inWords(bytes)}, and ${resolve(folder)} has ${inWords(free)} free. Make room there, or choose another place.`,
  );
}

/** Of the disk that the folder, or the nearest one above that is there, lies on. */
async function freeBytes(folder: string): Promise<number | undefined> {
  const found = await statfs(folder).catch((error: NodeJS.ErrnoException) => error);
  if (!(found instanceof Error)) return found.bavail * found.bsize;
  return found.code === 'ENOENT' && dirname(folder) !== folder ? freeBytes(dirname(folder)) : undefined;
}

/** Rows compress to a tenth at the best that is met in practice, files as people keep them to a half. */
export async function leastBackupBytes(on: Queryable): Promise<number> {
  const there = await row<{ files: boolean }>(
    on,
    sql`SELECT to_regclass('platform.files') IS NOT NULL AS files`,
  );
  if (!there!.files) return 0;
  const found = await row<{ bytes: string }>(
    on,
    sql`SELECT ((SELECT coalesce(sum(pg_table_size(c.oid)), 0) FROM pg_class c
                 JOIN pg_namespace n ON n.oid = c.relnamespace
                 WHERE n.nspname IN ('crm', 'platform', 'auth') AND c.relkind = 'r') / 10
              + (SELECT coalesce(sum(size), 0) FROM (SELECT DISTINCT sha256, size FROM platform.files) f) / 2)::bigint::text AS bytes`,
  );
  return Number(found!.bytes);
}

/** As it lies on disk. */
export async function databaseBytes(on: Queryable): Promise<number> {
  const found = await row<{ bytes: string }>(
    on,
    sql`SELECT pg_database_size(current_database())::text AS bytes`,
  );
  return Number(found!.bytes);
}

function inWords(bytes: number): string {
  for (const [size, unit] of [
    [1e12, 'TB'],
    [1e9, 'GB'],
    [1e6, 'MB'],
  ] as const)
    if (bytes >= size) return `${(bytes / size).toFixed(1)} ${unit}`;
  return `${Math.ceil(bytes / 1000)} kB`;
}
