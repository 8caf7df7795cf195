import { z } from 'zod';
import type { FieldModel } from '../../../core/catalog/catalog.ts';
import { defineFieldType, type Parsed } from '../../../core/kinds/field-type.ts';
import { ident, sql } from '../../../core/sql/sql.ts';
import {
  accepted,
  asLiteral,
  described,
  isNothing,
  nameAndId,
  nothing,
  readUuid,
  refused,
  shown,
  uuidPattern,
} from '../answers.ts';
import { cases } from './file.cases.ts';

const settings = z.strictObject({});
type Settings = z.infer<typeof settings>;

const nameAlias = (field: FieldModel): string => `${field.key}__name`;

export const file = defineFieldType<Settings, string>({
  key: 'file',
  label: 'File',
  meaning: 'One uploaded file, by the id that the upload answered.',
  settings,
  traits: () => ['equatable', 'presence'],
  columns: (field) => [{ name: field.key, type: 'uuid' }],
  parse,
  write: (value, field) => ({ [field.key]: value }),
  stored: (row, field) => (row[field.key] as string | null | undefined) ?? null,
  select(field, table) {
    const column = ident(table, field.key);
    return {
      [field.key]: column,
      [nameAlias(field)]: sql`(SELECT f.name FROM platform.files f WHERE f.id = ${column})`,
    };
  },
  read(row, field) {
    const id = row[field.key];
    return id === null || id === undefined ? null : { id, name: row[nameAlias(field)] ?? null };
  },
  operandType: () => 'uuid',
  literal: (input, field) => asLiteral(parse(input, field)),
  display(value) {
    if (typeof value === 'string') return value;
    const name = typeof value === 'object' && value !== null && 'name' in value ? value.name : null;
    return typeof name === 'string' ? name : '';
  },
  schema: (field) => ({
    read: described(field, {
      type: 'object',
      properties: { id: { type: 'string', format: 'uuid' }, name: { type: ['string', 'null'] } },
      required: ['id', 'name'],
      examples: [{ id: '01923f6e-7c1a-7bbb-8e21-0a4b7c1d2e3f', name: 'offer.pdf' }],
    }),
    write: described(field, {
      anyOf: [
        { type: 'string', pattern: uuidPattern, description: 'Id answered by POST /api/v1/files' },
        { type: 'object', properties: { id: { type: 'string', pattern: uuidPattern } }, required: ['id'] },
      ],
    }),
  }),
  // Its name finds no file.
  inFile: { ...nameAndId, read: (_name, id) => id },
  holdsFile: true,
  cases,
});

function parse(input: unknown, field: FieldModel): Parsed<string> {
  if (isNothing(input)) return nothing;
  const given =
    typeof input === 'object' && !Array.isArray(input) && Object.hasOwn(input, 'id')
      ? (input as { id: unknown }).id
      : input;
  const id = readUuid(given);
  if (id) return accepted(id);
  return refused(
    field,
    'not_a_file',
    '{label}: {given} is not an uploaded file.',
    'Upload it with POST /api/v1/files and send the id it answers.',
    {
      given: shown(input),
    },
  );
}
