/** Parts that every sort of definition shares: keys, labels, owner, meaning, conditions. */
import { z } from 'zod';

/** snake_case, starts with a letter, no double underscore (that marks companion columns), at most 48 bytes. */
export const Key = z
  .string()
  .max(48, 'A key has at most 48 characters.')
  .regex(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/, 'A key is written in snake_case, such as next_step_at.')
  .meta({ description: 'snake_case; equal to the column and the JSON key' });

/** Who answers for the definition: the key of a role, or a person's e-mail. */
export const Owner = z
  .string()
  .min(1, 'Name an owner: a role key or a person’s e-mail.')
  .meta({ description: 'Who answers for it: a role key or a person’s e-mail' });

export const Meaning = z
  .string()
  .min(8, 'Say in a sentence what it means.')
  .meta({ description: 'What it means, in a sentence that settles arguments' });

export const Label = z.string().min(1).max(80);

/** A condition; its grammar is checked against the object by the catalog check. */
export const ConditionShape: z.ZodType<unknown> = z
  .record(z.string(), z.unknown())
  .meta({ description: 'A condition: {field: value}, {field: {operator: value}}, all, any, not' });

/** A span such as 30min, 4h, 14d, 2w, 3mo, 1y. */
export const Span = z.string().regex(/^\d{1,5}(min|h|d|w|mo|y)$/, 'Write a span such as 14d, 4h or 30min.');
