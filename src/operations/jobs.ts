/** Everything the system does by itself. A new job is one line here. */
import { batchJobs } from './batches.ts';
import { backupJobs } from './backups.ts';
import { housekeepingJobs } from './housekeeping.ts';
import type { Job } from './job.ts';

export const jobs: readonly Job[] = [...batchJobs, ...backupJobs, ...housekeepingJobs];
