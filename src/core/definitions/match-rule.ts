import { z } from 'zod';
import { Key, Label, Meaning, Owner } from './common.ts';

/**
 * When two records are the same client. `auto`: sets of fields that, all equal and none empty, are proof
 * enough to refuse a second record; `review`: sets that only put the pair before a person.
 */
export const MatchRuleDefinition = z.strictObject({
  object: Key,
  label: Label,
  owner: Owner,
  meaning: Meaning,
  auto: z.array(z.array(Key).min(1)).optional(),
  review: z.array(z.array(Key).min(1)).optional(),
  retired: z.boolean().optional(),
});
export type MatchRuleDefinition = z.infer<typeof MatchRuleDefinition>;
