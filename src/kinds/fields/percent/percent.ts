import { z } from 'zod';
import { defineFieldType } from '../../../core/kinds/field-type.ts';
import { numberSettings, realNumber } from '../real-number.ts';
import { cases } from './percent.cases.ts';

const settings = z.strictObject(numberSettings);
type Settings = z.infer<typeof settings>;

export const percent = defineFieldType<Settings, number>({
  key: 'percent',
  label: 'Percent',
  meaning: 'A share out of a hundred: 45 is 45 %. Between 0 and 100 unless set otherwise.',
  settings,
  ...realNumber<Settings>({
    limits: ({ settings: { decimals, min, max } }) => ({ decimals, min: min ?? 0, max: max ?? 100 }),
    suffix: () => ' %',
    percentSign: true,
    example: 45,
  }),
  cases,
});
