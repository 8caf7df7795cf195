import { z } from 'zod';
import { defineFieldType } from '../../../core/kinds/field-type.ts';
import { accepted, asLiteral, described, isNothing, nothing, readUuid, refused, shown } from '../answers.ts';
import type { FieldModel } from '../../../core/catalog/catalog.ts';
import type { Parsed } from '../../../core/kinds/field-type.ts';
import { words } from '../real-number.ts';
import { cases } from './id.cases.ts';

const settings = z.strictObject({});
type Settings = z.infer<typeof settings>;

/** The record's own identity: a system field, never declared in YAML. */
export const id = defineFieldType<Settings, string>({
  key: 'id',
  label: 'Id',
  meaning: 'The identity of a record: a UUID made by the app.',
  settings,
  traits: () => ['equatable', 'ordered', 'presence'],
  columns: (field) => [{ name: field.key, type: 'uuid' }],
  parse,
  write: (value, field) => ({ [field.key]: value }),
  stored: (row, field) => (row[field.key] as string | null | undefined) ?? null,
  operandType: () => 'uuid',
  literal: (input, field) => asLiteral(parse(input, field)),
  display: words,
  schema: (field) => ({
    read: described(field, {
      type: 'string',
      format: 'uuid',
      examples: ['01923f6e-7c1a-7bbb-8e21-0a4b7c1d2e3f'],
    }),
  }),
  cases,
});

function parse(input: unknown, field: FieldModel): Parsed<string> {
  if (isNothing(input)) return nothing;
  const value = readUuid(input);
  if (value) return accepted(value);
  return refused(
    field,
    'not_an_id',
    '{given} is not an id.',
    'Send the UUID under which the record is read.',
    {
      given: shown(input),
    },
  );
}
