/** What would grow for ever, if nobody swept. */
import { z } from 'zod';
import { endLostExports } from '../engine/exporting/export-log.ts';
import { settleRollups } from '../engine/write/settle-rollups.ts';
import { forgetOldKeys } from '../engine/write/idempotency.ts';
import { forgetOldAttempts } from '../platform/auth/attempts.ts';
import { defineJob } from './job.ts';

export const housekeepingJobs = [
  defineJob({
    name: 'housekeeping.end_lost_exports',
    input: z.object({}),
    tries: 3,
    plan: () => '*/5 * * * *',
    run: (context) => endLostExports(context.pool),
  }),
  defineJob({
    name: 'housekeeping.forget_old_keys',
    input: z.object({}),
    tries: 3,
    plan: () => '17 * * * *',
    run: (context) => forgetOldKeys(context.pool),
  }),
  defineJob({
    name: 'housekeeping.forget_old_attempts',
    input: z.object({}),
    tries: 3,
    plan: () => '*/10 * * * *',
    run: (context) => forgetOldAttempts(context.pool),
  }),
  defineJob({
    name: 'housekeeping.settle_rollups',
    input: z.object({}),
    tries: 3,
    plan: () => '43 2 * * *',
    async run(context) {
      const settled = await settleRollups(context);
      if (settled > 0) context.log.info({ settled }, 'counts and sums that were never reckoned were set');
      if (context.signal?.aborted) return 'again';
    },
  }),
];
