/** What money is worth in the reporting currency. */
import { z } from 'zod';
import { revalue } from '../engine/batches/revalue.ts';
import { onceByKey } from '../engine/write/idempotency.ts';
import { defineOperation } from './operation.ts';

export const moneyOperations = [
  defineOperation({
    name: 'money.revalue',
    summary: 'Revalue open records at today’s exchange rates',
    description:
      'Closed records keep the rate of the day they closed. With `dry_run` it says how many would change, and changes ' +
      'nothing. The batch can be undone.',
    input: z.strictObject({
      object: z.string().min(1).max(60).meta({ description: 'Key of the object: its plural' }),
      dry_run: z.boolean().optional(),
    }),
    output: z.object({
      batch: z.string().nullable(),
      looked_at: z.number(),
      changed: z.number(),
      refused: z.array(z.object({ id: z.string(), errors: z.array(z.looseObject({})) })),
      refused_total: z.number(),
    }),
    http: { method: 'POST', path: '/api/v1/revaluations', status: 200, idempotent: true },
    run: (context, { object, dry_run }) =>
      onceByKey(context, async (inner) => {
        const answer = await revalue(inner, { object, dryRun: dry_run });
        return {
          ...answer,
          refused: answer.refused.map((one) => ({
            ...one,
            errors: one.errors.map((error) => ({ ...error })),
          })),
        };
      }),
  }),
];
