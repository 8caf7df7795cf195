import { z } from 'zod';
import { defineFieldType } from '../../../core/kinds/field-type.ts';
import { numberSettings, realNumber } from '../real-number.ts';
import { cases } from './number.cases.ts';

const settings = z.strictObject({
  ...numberSettings,
  unit: z
    .string()
    .min(1)
    .max(20)
    .optional()
    .meta({ description: 'Unit shown behind the number, such as km' }),
});
type Settings = z.infer<typeof settings>;

export const number = defineFieldType<Settings, number>({
  key: 'number',
  label: 'Number',
  meaning: 'A number of at most 15 digits, up to ten of them decimals; for money there is a type of its own.',
  settings,
  ...realNumber<Settings>({
    limits: (field) => field.settings,
    suffix: (field) => (field.settings.unit ? ` ${field.settings.unit}` : ''),
    example: 12.5,
  }),
  cases,
});
