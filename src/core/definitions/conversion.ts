/** What a record may be converted to, such as a lead to an account, a contact and a deal. */
import { z } from 'zod';
import { Key, Label } from './common.ts';

/** Where a value of a new record comes from: a field of the converted record, or what is made of one. */
const ConvertedValue = z.union([
  Key.meta({ description: 'A field of the converted record' }),
  z.strictObject({
    first_of: z.array(Key).min(2).meta({ description: 'The first of these fields that is filled' }),
  }),
  z.strictObject({
    domain_of: Key.meta({ description: 'What stands behind the @ of this field' }),
    except: Key.meta({ description: 'Reference list of domains that anybody may have an address of' }),
  }),
  z.strictObject({
    given_name_of: Key.meta({
      description: 'All words of a name but the last; of “Berg, Anna” what follows the comma',
    }),
  }),
  z.strictObject({
    family_name_of: Key.meta({
      description: 'The last word of a name; of “Berg, Anna” what stands before the comma',
    }),
  }),
]);
export type ConvertedValue = z.infer<typeof ConvertedValue>;

export const ConversionPart = z.strictObject({
  key: Key.meta({ description: 'What callers and the other parts call it, such as account' }),
  label: Label,
  object: Key.meta({ description: 'The object that the record is of' }),
  link: Key.meta({ description: 'Link of the converted record that keeps what it became' }),
  needs: Key.optional().meta({
    description: 'Field of the converted record without which this part is left out',
  }),
  set: z
    .record(Key, ConvertedValue)
    .meta({ description: 'Fields of a new record, and where they come from' }),
  links: z
    .record(Key, Key)
    .optional()
    .meta({ description: 'Link fields of a new record, and the part each points to' }),
  known_by: z.array(z.array(Key).min(1)).optional().meta({
    description: 'Sets of fields that, all equal and none empty, say that a record is known already',
  }),
  resembles: z.array(z.array(Key).min(1)).optional().meta({
    description: 'Sets of fields that, all equal, make a record worth a look before a new one is made',
  }),
  optional: z.boolean().optional().meta({ description: 'Callers may leave it out' }),
});
export type ConversionPart = z.infer<typeof ConversionPart>;

export const Conversion = z.strictObject({
  outcome: z.enum(['won', 'done']).meta({ description: 'It moves to the first stage with this outcome' }),
  at: Key.optional().meta({ description: 'Date-time field that keeps when' }),
  parts: z
    .array(ConversionPart)
    .min(1)
    .max(10)
    .meta({ description: 'In the order in which they are found or made' }),
  carries: z
    .array(Key)
    .optional()
    .meta({ description: 'Objects whose records link to it, and are linked to what it became as well' }),
});
export type Conversion = z.infer<typeof Conversion>;
