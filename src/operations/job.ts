/**
 * One named thing the system does later, by itself: begun by an operation (`context.jobs.add`) or by a plan, done
 * by the worker of whichever app process is free. A job may be begun again after a crash: it finds in the
 * database how far it came.
 */
import type { z } from 'zod';
import type { Context } from '../core/context/context.ts';

export type Job<Input = any> = {
  /** `noun.verb`, as operations are named. */
  name: string;
  input: z.ZodType<Input>;
  /** How many of them one app process does at the same time; default 1. */
  atOnce?: number;
  /** How often it may be begun, deaths of processes included, before it counts as failed. */
  tries: number;
  /** When it runs by itself, as a cron line in the workspace's time zone; null: not now. Read at each start. */
  plan?(context: Context): string | null | Promise<string | null>;
  /** 'again': it stopped at a safe point because `context.signal` asked it to, and is not done. */
  run(context: Context, input: Input): Promise<void | 'again'>;
};

export const defineJob = <Input>(job: Job<Input>): Job<Input> => job;
