/** What was done to many records at once: how it went, what it could not do, and back again. */
import { z } from 'zod';
import { issue, refusal } from '../core/errors/problem.ts';
import { getBatch } from '../engine/batches/batches.ts';
import { listBatchProblems } from '../engine/batches/problems.ts';
import { undoBatch } from '../engine/batches/undo.ts';
import { defineOperation } from './operation.ts';

const Id = z.strictObject({ id: z.string().max(60) });

export const batchOperations = [
  defineOperation({
    name: 'batches.get',
    summary: 'Read a batch',
    description:
      'An import, a bulk edit or an undo: its state, how many rows it did and refused, and by what settings.',
    input: Id,
    http: { method: 'GET', path: '/api/v1/batches/{id}' },
    run: (context, { id }) => getBatch(context, id),
  }),
  defineOperation({
    name: 'batches.problems',
    summary: 'List what a batch could not take',
    description: 'Refused rows, and values that were left empty, with the text as it stood in the file.',
    input: z.strictObject({
      id: z.string().max(60),
      cursor: z.string().max(100).optional(),
      limit: z.coerce.number().int().min(1).max(200).optional(),
    }),
    http: { method: 'GET', path: '/api/v1/batches/{id}/problems' },
    async run(context, { id, cursor, limit }) {
      const page = await listBatchProblems(context, {
        batch: id,
        after: cursor === undefined ? 0 : after(cursor),
        limit: limit ?? 50,
      });
      return { data: page.data, next_cursor: page.next === null ? null : cursorOf(page.next) };
    },
  }),
  defineOperation({
    name: 'batches.undo',
    summary: 'Undo a batch',
    description:
      'Field by field: a value goes back where the present one is still what the batch wrote; what was changed since is ' +
      'kept and listed. Records that the batch made are archived.',
    input: Id,
    http: { method: 'POST', path: '/api/v1/batches/{id}/undo', status: 200 },
    run: (context, { id }) => undoBatch(context, id),
  }),
];

const cursorOf = (id: number): string => Buffer.from(`p${id}`).toString('base64url');

function after(cursor: string): number {
  const id = /^p(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1];
  if (id !== undefined && cursorOf(Number(id)) === cursor) return Number(id);
  throw refusal(422, 'bad_cursor', [
    issue(
      'cursor',
      'bad_cursor',
      'This cursor is not one of ours.',
      'Take it from next_cursor of the page before, or leave it out.',
    ),
  ]);
}
