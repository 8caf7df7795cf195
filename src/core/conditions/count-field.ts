/** The number of related records, as a field that operators can be asked about: `{activities: {count: {gte: 3}}}`. */
import { z } from 'zod';
import type { FieldModel } from '../catalog/catalog.ts';
import { defineFieldType } from '../kinds/field-type.ts';

const isCount = (input: unknown): input is number => Number.isSafeInteger(input) && (input as number) >= 0;

const countType = defineFieldType<Record<string, never>, number>({
  key: 'count',
  label: 'Count',
  meaning: 'How many related records there are.',
  settings: z.strictObject({}),
  traits: () => ['equatable', 'ordered', 'numeric'],
  columns: () => [],
  maintained: true,
  parse: () => ({
    ok: false,
    code: 'maintained',
    message: 'A count is never written.',
    fix: 'Leave it out.',
  }),
  write: () => ({}),
  stored: () => null,
  operandType: () => 'bigint',
  literal: (input) =>
    isCount(input)
      ? { ok: true, value: input }
      : { ok: false, message: 'A count is a whole number from 0 up.' },
  display: (value) => (typeof value === 'number' ? value.toLocaleString('en') : String(value)),
  schema: () => ({ read: { type: 'integer' } }),
  cases: [],
});

/** The pseudo field of `object`'s number of records. */
export const countField = (object: string): FieldModel => ({
  key: 'count',
  object,
  label: 'Number',
  type: countType,
  settings: {},
  definition: { type: 'count', label: 'Number', owner: 'administrator', meaning: countType.meaning },
  system: true,
  required: false,
  unique: false,
  indexed: false,
  maintained: true,
});
