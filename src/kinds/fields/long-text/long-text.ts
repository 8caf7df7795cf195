import { z } from 'zod';
import { defineFieldType } from '../../../core/kinds/field-type.ts';
import { cleanText } from '../clean-text.ts';
import { foldedText } from '../folded-text.ts';
import { cases } from './long-text.cases.ts';

const maxLength = 100_000;
const settings = z.strictObject({});
type Settings = z.infer<typeof settings>;

// The folded form is stored here too: what `contains` finds must not depend on the type of the field.
export const longText = defineFieldType<Settings, string>({
  key: 'long_text',
  label: 'Long text',
  meaning: 'Prose over several lines, such as a note or a description; searched, but not sorted by.',
  settings,
  ...foldedText<Settings>({
    maxLength: () => maxLength,
    ordered: false,
    example: 'Spoke with Anna.\nShe wants an offer by Friday.',
  }),
  parse: (input, field) => cleanText(input, field, maxLength),
  cases,
});
