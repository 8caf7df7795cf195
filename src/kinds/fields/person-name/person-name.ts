import { z } from 'zod';
import { defineFieldType } from '../../../core/kinds/field-type.ts';
import { accepted } from '../answers.ts';
import { cleanText } from '../clean-text.ts';
import { foldedText } from '../folded-text.ts';
import { properCase } from './proper-case.ts';
import { cases } from './person-name.cases.ts';

const settings = z.strictObject({});
type Settings = z.infer<typeof settings>;

const maxLength = 255;

export const personName = defineFieldType<Settings, string>({
  key: 'person_name',
  label: 'Person’s name',
  meaning: 'A name or part of a name of a person; one typed in capitals is written as names are.',
  settings,
  ...foldedText<Settings>({ maxLength: () => maxLength, example: 'Anna van der Berg' }),
  parse(input, field) {
    const text = cleanText(input, field, maxLength);
    if (!text.ok || text.value === null) return text;
    const value = properCase(text.value.replace(/\s+/gu, ' '));
    return accepted(value, value === text.value ? undefined : text.value);
  },
  cases,
});
