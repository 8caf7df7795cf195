import { z } from 'zod';
import { Key, Label, Meaning, Owner } from './common.ts';

/** Settings every field has; the type's own settings stand beside them and are checked by the type. */
export const FieldShape = z.looseObject({
  type: z.string().meta({ description: 'Key of a field type' }),
  label: Label,
  owner: Owner,
  meaning: Meaning,
  required: z.boolean().optional(),
  required_by: z.string().min(3).optional().meta({ description: 'What needs it; a required field must say' }),
  source: z.string().optional().meta({ description: 'Source of truth' }),
  sensitivity: z.enum(['none', 'personal', 'financial']).optional(),
  unique: z.boolean().optional(),
  indexed: z.boolean().optional(),
  default: z.unknown().optional(),
  synonyms: z.array(z.string()).optional().meta({ description: 'Column names that import maps here' }),
  section: z.string().optional().meta({ description: 'Heading under which the record page shows it' }),
  retired: z.boolean().optional().meta({ description: 'Hidden; its column stays until dropped on purpose' }),
});
export type FieldShape = z.infer<typeof FieldShape>;

export const ObjectDefinition = z.strictObject({
  label: z.strictObject({ one: Label, many: Label }),
  owner: Owner,
  meaning: Meaning,
  side: z.enum(['sales', 'service', 'marketing', 'program', 'setup']),
  icon: z.string().optional(),
  name: z
    .union([Key, z.array(Key).min(1)])
    .meta({ description: 'The field, or fields, a record is called by' }),
  owner_field: Key.optional().meta({ description: 'The person field that scopes own and team read' }),
  search: z.array(Key).optional().meta({ description: 'Fields that text search reads' }),
  serves: z.enum(['activity', 'task', 'document', 'user', 'team']).optional().meta({
    description: 'The part the engine gives this object, e.g. what `advance` sends along as an activity',
  }),
  follows: z.array(Key).optional().meta({
    description: 'Link fields, first filled one wins, whose record decides who may read (scope linked)',
  }),
  fields: z.record(Key, FieldShape),
  retired: z.boolean().optional(),
});
export type ObjectDefinition = z.infer<typeof ObjectDefinition>;
