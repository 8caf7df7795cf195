/** What was done to many records at once: how it goes, what it could not do, on again, and back again. */
import { z } from 'zod';
import type { Context } from '../core/context/context.ts';
import { forbidden, isProblem, issue, refusal } from '../core/errors/problem.ts';
import { isUuid } from '../core/identity/uuid-v7.ts';
import type { Queryable } from '../core/sql/sql.ts';
import { getBatch, listBatches, pauseBatch, readyToGoOn, stopBatch } from '../engine/batches/batches.ts';
import { listKept } from '../engine/batches/kept.ts';
import { listBatchProblems } from '../engine/batches/problems.ts';
import { continueUndo, startUndo, undoBatch } from '../engine/batches/undo.ts';
import { watchBatch, type BatchProgress } from '../engine/batches/watch.ts';
import { continueImport } from '../engine/importing/import-file.ts';
import { problemsFile } from '../engine/importing/problems-file.ts';
import { principalOf } from '../platform/auth/principals.ts';
import { permitted } from '../platform/auth/roles.ts';
import { inTransaction } from '../platform/database/transaction.ts';
import { defineJob } from './job.ts';
import { defineOperation, type StreamEvent } from './operation.ts';

const Id = z.strictObject({ id: z.string().max(60) });
const Page = z.strictObject({
  id: z.string().max(60),
  cursor: z.string().max(100).optional(),
  limit: z.coerce.number().int().min(1).max(200).optional(),
});

export const batchOperations = [
  defineOperation({
    name: 'batches.list',
    summary: 'List batches',
    description:
      'Imports, bulk edits and undos, the latest first: your own, or all with the right to undo any batch.',
    input: z.strictObject({
      kind: z.enum(['import', 'bulk', 'undo', 'revalue', 'convert']).optional(),
      object: z.string().max(60).optional(),
      cursor: z.string().max(100).optional(),
      limit: z.coerce.number().int().min(1).max(200).optional(),
    }),
    http: { method: 'GET', path: '/api/v1/batches' },
    async run(context, { kind, object, cursor, limit }) {
      const before = cursor === undefined ? undefined : idAfter(cursor);
      const page = await listBatches(context, { kind, object, before, limit: limit ?? 50 });
      return { data: page.data, next_cursor: page.next === null ? null : cursorOf('b', page.next) };
    },
  }),
  defineOperation({
    name: 'batches.get',
    summary: 'Read a batch',
    description:
      'An import, a bulk edit or an undo: its state (running, paused, stopped, done, undone), how many rows it has ' +
      'reached, done and refused, and by what settings.',
    input: Id,
    http: { method: 'GET', path: '/api/v1/batches/{id}' },
    run: (context, { id }) => getBatch(context, id),
  }),
  defineOperation({
    name: 'batches.progress',
    summary: 'Watch a batch',
    description:
      'Server-sent events: `progress` whenever it has moved on, with state, total, reached, done, refused, rate a second ' +
      'and seconds_left; `end` when it runs no more. Any app process can tell it, so a caller may come back to another.',
    input: Id,
    http: { method: 'GET', path: '/api/v1/batches/{id}/progress', events: true },
    run: async (context, { id }) => events(await watchBatch(context, id, context.signal!)),
  }),
  defineOperation({
    name: 'batches.problems',
    summary: 'List what a batch could not take',
    description: 'Refused rows, and values that were left empty, with the text as it stood in the file.',
    input: Page,
    http: { method: 'GET', path: '/api/v1/batches/{id}/problems' },
    async run(context, { id, cursor, limit }) {
      const page = await listBatchProblems(context, {
        batch: id,
        after: cursor === undefined ? 0 : numberAfter(cursor),
        limit: limit ?? 50,
      });
      const data = page.data.map(({ id: _, ...problem }) => problem);
      return { data, next_cursor: page.next === null ? null : cursorOf('p', page.next) };
    },
  }),
  defineOperation({
    name: 'batches.problems_file',
    summary: 'Download what an import could not take, to mend it and feed it again',
    description:
      'A CSV with the columns of the file: refused rows as they stood there, and for records that were loaded the values ' +
      'that were left empty. Further columns say line, field, reason and what to do; the import passes them over.',
    input: Id,
    http: { method: 'GET', path: '/api/v1/batches/{id}/problems.csv', download: true },
    run: (context, { id }) => problemsFile(context, id),
  }),
  defineOperation({
    name: 'batches.kept',
    summary: 'List what an undo kept',
    description:
      'Of an undo: the records and fields that stay as they are because somebody changed them since or a rule holds, with ' +
      'what stands there now, the reason, and who changed it.',
    input: Page,
    http: { method: 'GET', path: '/api/v1/batches/{id}/kept' },
    async run(context, { id, cursor, limit }) {
      const page = await listKept(context, {
        batch: id,
        after: cursor === undefined ? 0 : numberAfter(cursor),
        limit: limit ?? 50,
      });
      return { data: page.data, next_cursor: page.next === null ? null : cursorOf('p', page.next) };
    },
  }),
  defineOperation({
    name: 'batches.pause',
    summary: 'Pause a batch',
    description:
      'An import or an undo stops behind the rows it has in hand, and goes on with resume. Until then `asked` is “pause”.',
    input: Id,
    http: { method: 'POST', path: '/api/v1/batches/{id}/pause', status: 200 },
    run: (context, { id }) => pauseBatch(context, id),
  }),
  defineOperation({
    name: 'batches.resume',
    summary: 'Let a batch go on',
    description:
      'An import or an undo that was paused, stopped or whose process died goes on in the background, exactly where it was.',
    input: Id,
    http: { method: 'POST', path: '/api/v1/batches/{id}/resume', status: 202 },
    run: (context, { id }) =>
      inTransaction(context.pool, async (on) => {
        const batch = await readyToGoOn(context, id, on);
        await goOnLater(context, on, id);
        return batch;
      }),
  }),
  defineOperation({
    name: 'batches.undo',
    summary: 'Undo a batch',
    description:
      'Field by field: a value goes back where the present one is still what the batch wrote; what was changed since is ' +
      'kept and listed. Records that the batch made are archived. An undo that stopped goes on, and an undo can be undone.',
    input: z.strictObject({
      id: z.string().max(60),
      background: z.boolean().optional().meta({ description: 'Answer at once with the batch of the undo' }),
    }),
    http: {
      method: 'POST',
      path: '/api/v1/batches/{id}/undo',
      status: 200,
      later: ({ background }) => background === true,
    },
    async run(context, { id, background }) {
      if (!background) return undoBatch(context, id);
      return { batch: await startUndo(context, id, (on, undo) => goOnLater(context, on, undo)) };
    },
  }),
];

const goOn = 'batches.go_on';

/** Puts a batch in line, to go on as the caller; with the transaction in which it became ready. */
export async function goOnLater(context: Context, on: Queryable, batch: string): Promise<void> {
  const { kind, id } = context.principal;
  if (kind === 'system') throw forbidden('work in the background without a name');
  await context.jobs!.add(goOn, { batch, as: { kind, id } }, { on });
}

export const batchJobs = [
  defineJob({
    name: goOn,
    input: z.object({
      batch: z.string(),
      as: z.object({ kind: z.enum(['user', 'key']), id: z.string() }),
    }),
    tries: 10,
    atOnce: 2,
    async run(context, { batch: id, as }) {
      const principal = await principalOf(context.pool, context.catalog, as);
      if (!principal) return stopBatch(context, id, 'Whoever began it has no access any more.');
      const own: Context = {
        ...context,
        principal,
        channel: 'http',
        may: (permission) => permitted(context.catalog, principal.roles, permission),
      };
      try {
        const batch = await getBatch(own, id);
        if (batch.state !== 'running' && batch.state !== 'stopped') return undefined;
        const { signal } = context;
        if (batch.kind === 'undo') await continueUndo(own, id, { signal });
        else await continueImport(own, { batch: id, signal });
        return signal?.aborted ? 'again' : undefined;
      } catch (error) {
        // Who runs it may be about to end: then it is looked at once more.
        if (isProblem(error) && error.body.code === 'still_running') return 'again';
        await stopBatch(
          context,
          id,
          isProblem(error) ? error.body.detail : 'Something failed; the log has more.',
        );
        if (isProblem(error)) return undefined;
        throw error;
      }
    },
  }),
];

async function* events(progress: AsyncIterable<BatchProgress>): AsyncGenerator<StreamEvent> {
  for await (const data of progress) yield { event: data.state === 'running' ? 'progress' : 'end', data };
}

const cursorOf = (sort: 'p' | 'b', id: number | string): string =>
  Buffer.from(`${sort}${id}`).toString('base64url');

function numberAfter(cursor: string): number {
  const id = /^p(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1];
  if (id !== undefined && cursorOf('p', Number(id)) === cursor) return Number(id);
  throw badCursor();
}

function idAfter(cursor: string): string {
  const id = Buffer.from(cursor, 'base64url').toString().slice(1);
  if (isUuid(id) && cursorOf('b', id) === cursor) return id;
  throw badCursor();
}

const badCursor = () =>
  refusal(422, 'bad_cursor', [
    issue(
      'cursor',
      'bad_cursor',
      'This cursor is not one of ours.',
      'Take it from next_cursor of the page before, or leave it out.',
    ),
  ]);
