import { z } from 'zod';
import { defineFieldType } from '../../../core/kinds/field-type.ts';
import { cleanText } from '../clean-text.ts';
import { foldedText } from '../folded-text.ts';
import { cases } from './text.cases.ts';

const settings = z.strictObject({
  maxLength: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(255)
    .meta({ description: 'Most characters it takes; default 255' }),
});
type Settings = z.infer<typeof settings>;

export const text = defineFieldType<Settings, string>({
  key: 'text',
  label: 'Text',
  meaning: 'A short text such as a name, a title or a street; a company name is plain text.',
  settings,
  ...foldedText<Settings>({ maxLength: (field) => field.settings.maxLength, example: 'Acme Ltd' }),
  parse: (input, field) => cleanText(input, field, field.settings.maxLength),
  cases,
});
