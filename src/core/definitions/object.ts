import { z } from 'zod';
import { Key, Label, Meaning, Owner } from './common.ts';
import { Conversion } from './conversion.ts';

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
  synonyms: z.array(z.string()).optional().meta({
    description: 'Column names that import maps here; `first name + last name` puts two columns together',
  }),
  section: z.string().optional().meta({ description: 'Heading under which the record page shows it' }),
  retired: z.boolean().optional().meta({ description: 'Hidden; its column stays until dropped on purpose' }),
});
export type FieldShape = z.infer<typeof FieldShape>;

/** Parts that the engine gives to an object of the workspace. */
const servingParts = ['activity', 'task', 'document', 'user', 'team', 'exchange_rate'] as const;
export type ServingPart = (typeof servingParts)[number];

/** What makes records the lines of another: positions of a deal, of a quote. */
const Lines = z.strictObject({
  of: Key.meta({ description: 'Link to the record that they are lines of' }),
  into: Key.meta({ description: 'Its money field, which is the sum of the lines whenever there are any' }),
  total: Key.meta({ description: 'Own money field that is summed' }),
  price: Key.optional().meta({
    description: 'Own money field that is filled from price_from where it is left out',
  }),
  price_from: z
    .string()
    .regex(
      /^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/,
      'Write a link and a field of its record, such as product.list_price.',
    )
    .optional()
    .meta({ description: 'A link and the money field of its record, such as product.list_price' }),
  position: Key.optional().meta({ description: 'Number field by which lines stand in order' }),
});

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
  old_id_field: Key.optional().meta({
    description:
      'The text field for the id that a record had in the system it came from; import fills it and finds links by it',
  }),
  synonyms: z.array(z.string()).optional().meta({ description: 'What other systems call these records' }),
  search: z.array(Key).optional().meta({ description: 'Fields that text search reads' }),
  serves: z.enum(servingParts).optional().meta({
    description: 'The part the engine gives this object, e.g. what `advance` sends along as an activity',
  }),
  follows: z.array(Key).optional().meta({
    description: 'Link fields, first filled one wins, whose record decides who may read (scope linked)',
  }),
  lines: Lines.optional(),
  converts_to: Conversion.optional(),
  fields: z.record(Key, FieldShape),
  retired: z.boolean().optional(),
});
export type ObjectDefinition = z.infer<typeof ObjectDefinition>;
