import { z } from 'zod';
import { defineFieldType } from '../../../core/kinds/field-type.ts';
import { described, filledByEngine, isNothing, noValue, nothing, shown } from '../answers.ts';
import { cases } from './gap-set.cases.ts';

const settings = z.strictObject({});
type Settings = z.infer<typeof settings>;

/** Ids of checkpoint items (`<stage>.<item>`) that a record's stage asks for and that are missing. */
export const gapSet = defineFieldType<Settings, string[]>({
  key: 'gap_set',
  label: 'Gaps',
  meaning:
    'Checkpoint items that the record’s stage asks for and that are missing; asked for before its next move.',
  settings,
  traits: () => ['set', 'presence'],
  columns: (field) => [{ name: field.key, type: 'text[]' }],
  maintained: true,
  parse: (input, field) => (isNothing(input) ? nothing : filledByEngine(field)),
  write: (value, field) => ({ [field.key]: value }),
  stored(row, field) {
    const value = row[field.key];
    return Array.isArray(value) && value.length > 0 ? (value as string[]) : null;
  },
  operandType: () => 'text[]',
  literal(input, field) {
    if (isNothing(input)) return noValue;
    if (typeof input === 'string' && /^[a-z0-9_]+\.[a-z0-9_]+$/.test(input))
      return { ok: true, value: input };
    return {
      ok: false,
      message: `${field.label} holds checkpoint items such as proposal_sent.offer_attached, not ${shown(input)}.`,
    };
  },
  display: (value) => (Array.isArray(value) ? value.join(', ') : typeof value === 'string' ? value : ''),
  schema: (field) => ({
    read: described(field, {
      type: 'array',
      items: { type: 'string' },
      examples: [['proposal_sent.offer_attached']],
    }),
  }),
  cases,
});
