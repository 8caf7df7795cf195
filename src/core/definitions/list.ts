import { z } from 'zod';
import { Key, Label, Meaning, Owner } from './common.ts';

export const ListValue = z.strictObject({
  key: Key,
  label: Label,
  meaning: z.string().optional(),
  owner: Owner.optional(),
  active: z
    .boolean()
    .optional()
    .meta({ description: 'false retires it: kept on records, no longer offered' }),
  synonyms: z.array(z.string()).optional().meta({ description: 'Other spellings that import takes for it' }),
  merged_into: Key.optional(),
});

/** A reference list. A value in use is retired or merged, never silently removed. */
export const ListDefinition = z.strictObject({
  label: Label,
  owner: Owner,
  meaning: Meaning,
  values: z.array(ListValue).min(1),
  retired: z.boolean().optional(),
});
export type ListDefinition = z.infer<typeof ListDefinition>;
