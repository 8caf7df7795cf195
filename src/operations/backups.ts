/** Backups by plan: taken, kept as long as the plan says, and proved by restoring them. */
import { join } from 'node:path';
import { z } from 'zod';
import type { Context } from '../core/context/context.ts';
import { forbidden, issue, refusal } from '../core/errors/problem.ts';
import { isUuid } from '../core/identity/uuid-v7.ts';
import { backupName, backupToFile, removeOutdated } from '../platform/backup/backup-file.ts';
import {
  listLogged,
  logCheck,
  logEnd,
  logFailure,
  logRemoved,
  logStart,
  newestBackup,
  type LoggedBackup,
} from '../platform/backup/backup-log.ts';
import { proveBackup } from '../platform/backup/prove-backup.ts';
import { migrationsFolder, readProduct } from '../platform/config/product.ts';
import { connectionOf } from '../platform/database/connection.ts';
import { defineJob } from './job.ts';
import { defineOperation } from './operation.ts';

export const backupOperations = [
  defineOperation({
    name: 'backups.list',
    summary: 'List the backups taken by plan',
    description:
      'Newest first: where each lies, the moment it holds, and whether it was proved by restoring it. Needs the ' +
      'permission `backups.read`.',
    input: z.strictObject({
      cursor: z.string().max(60).optional(),
      limit: z.coerce.number().int().min(1).max(200).optional(),
    }),
    http: { method: 'GET', path: '/api/v1/backups' },
    run: listBackups,
  }),
];

export async function listBackups(
  context: Context,
  { cursor, limit = 50 }: { cursor?: string; limit?: number },
): Promise<{ data: LoggedBackup[]; next_cursor: string | null }> {
  if (!context.may('backups.read')) throw forbidden('see backups');
  if (cursor !== undefined && !isUuid(cursor)) {
    throw refusal(422, 'bad_cursor', [
      issue('cursor', 'bad_cursor', 'This cursor is not one of ours.', 'Start again without a cursor.'),
    ]);
  }
  const found = await listLogged(context.pool, { after: cursor, limit: limit + 1 });
  const data = found.slice(0, limit);
  return { data, next_cursor: found.length > limit ? data.at(-1)!.id : null };
}

export const backupJobs = [
  defineJob({
    name: 'backups.take',
    input: z.object({}),
    tries: 1,
    plan: ({ backups }) => backups?.schedule ?? null,
    async run(context) {
      if (context.backups) await takeBackup(context);
    },
  }),
  defineJob({
    name: 'backups.prove',
    input: z.object({}),
    tries: 1,
    plan: ({ backups }) => (backups?.schedule ? backups.check : null),
    async run(context) {
      if (context.backups) await proveNewest(context);
    },
  }),
];

/** Takes one as the plan says, and lets go of those it no longer keeps. */
export async function takeBackup(context: Context): Promise<void> {
  const { pool, log, files } = context;
  const { folder, keep } = context.backups!;
  const name = backupName(new Date());
  const id = await logStart(pool, name, false);
  try {
    const made = await backupToFile(
      {
        connection: connectionOf(pool),
        files: files!,
        withKey: false,
        product: readProduct().version,
        signal: context.signal,
      },
      join(folder, name),
    );
    await logEnd(pool, id, made);
    log.info({ backup: name, bytes: made.bytes }, 'a backup was taken');
  } catch (error) {
    await logFailure(pool, id, (error as Error).message);
    log.error({ err: error, backup: name }, 'a backup by plan failed');
    throw error;
  }
  // Only behind one that is there: what fails for weeks removes nothing.
  const removed = await removeOutdated(folder, keep);
  await logRemoved(pool, removed);
}

/** Restores the newest one beside the database in use. */
export async function proveNewest(context: Context): Promise<void> {
  const { pool, log } = context;
  const newest = await newestBackup(pool);
  if (!newest) return;
  try {
    const state = await proveBackup({
      path: join(context.backups!.folder, newest.name),
      connection: connectionOf(pool),
      migrations: migrationsFolder,
      signal: context.signal,
    });
    await logCheck(pool, newest.id, state);
    log.info({ backup: newest.name, state }, 'a backup was proved');
  } catch (error) {
    await logCheck(pool, newest.id, 'failed', (error as Error).message);
    log.error({ err: error, backup: newest.name }, 'a backup cannot be restored');
    throw error;
  }
}
