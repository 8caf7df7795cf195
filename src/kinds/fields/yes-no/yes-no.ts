import { z } from 'zod';
import type { FieldModel } from '../../../core/catalog/catalog.ts';
import { fold } from '../../../core/conditions/fold.ts';
import { defineFieldType, type Parsed } from '../../../core/kinds/field-type.ts';
import { accepted, asLiteral, described, isNothing, nothing, refused, shown } from '../answers.ts';
import { words } from '../real-number.ts';
import { cases } from './yes-no.cases.ts';

const settings = z.strictObject({});
type Settings = z.infer<typeof settings>;

const yes = new Set('yes y true t 1 on x ja j oui o si s sim sí tak da ✓ ✔ ☑'.split(' ').map(fold));
const no = new Set('no n false f 0 off nein non nao nee nej nie ✗ ✘ ☐'.split(' ').map(fold));

export const yesNo = defineFieldType<Settings, boolean>({
  key: 'yes_no',
  label: 'Yes or no',
  meaning: 'Yes, no, or not yet answered.',
  settings,
  traits: () => ['equatable', 'boolean', 'presence'],
  columns: (field) => [{ name: field.key, type: 'boolean' }],
  parse,
  write: (value, field) => ({ [field.key]: value }),
  stored: (row, field) => (row[field.key] as boolean | null | undefined) ?? null,
  operandType: () => 'boolean',
  literal: (input, field) => asLiteral(parse(input, field)),
  display: (value) => (value === true ? 'yes' : value === false ? 'no' : words(value)),
  schema(field) {
    const schema = described(field, { type: 'boolean', examples: [true] });
    return { read: schema, write: schema };
  },
  cases,
});

function parse(input: unknown, field: FieldModel): Parsed<boolean> {
  if (isNothing(input)) return nothing;
  if (typeof input === 'boolean') return accepted(input);
  const word =
    typeof input === 'string' && input.length <= 20
      ? fold(input)
      : typeof input === 'number'
        ? String(input)
        : '';
  if (yes.has(word)) return accepted(true);
  if (no.has(word)) return accepted(false);
  return refused(field, 'not_yes_or_no', '{label}: {given} is neither yes nor no.', 'Send true or false.', {
    given: shown(input),
  });
}
