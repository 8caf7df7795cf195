/** Many records at once, under one batch that can be undone. */
import { z } from 'zod';
import { bulkEdit } from '../engine/batches/bulk.ts';
import { onceByKey } from '../engine/write/idempotency.ts';
import { defineOperation } from './operation.ts';

export const bulkOperations = [
  defineOperation({
    name: 'bulk.edit',
    summary: 'Change or archive many records',
    description: 'By ids or by a condition. Answers per record; the batch can be undone.',
    input: z.strictObject({
      object: z.string().max(60),
      ids: z.array(z.string().max(60)).max(10_000).optional(),
      where: z.unknown().optional(),
      set: z.record(z.string(), z.unknown()).optional(),
      archive: z.literal(true).optional(),
    }),
    http: { method: 'POST', path: '/api/v1/bulk', status: 200, idempotent: true },
    run: (context, input) => onceByKey(context, (inner) => bulkEdit(inner, input)),
  }),
];
