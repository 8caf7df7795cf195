/** What would grow for ever, if nobody swept. */
import { z } from 'zod';
import { forgetOldKeys } from '../engine/write/idempotency.ts';
import { defineJob } from './job.ts';

export const housekeepingJobs = [
  defineJob({
    name: 'housekeeping.forget_old_keys',
    input: z.object({}),
    tries: 3,
    plan: () => '17 * * * *',
    run: (context) => forgetOldKeys(context.pool),
  }),
];
