import { z } from 'zod';
import { Key } from '../../../core/definitions/common.ts';
import { defineFieldType } from '../../../core/kinds/field-type.ts';
import { keyedType } from '../keyed-type.ts';
import { listValues } from '../keyed-value.ts';
import { missingList } from './missing-list.ts';
import { cases } from './choice.cases.ts';

const settings = z.strictObject({
  list: Key.meta({ description: 'Key of the reference list its values come from' }),
});
type Settings = z.infer<typeof settings>;

export const choice = defineFieldType<Settings, string>({
  key: 'choice',
  label: 'Choice',
  meaning: 'One value of a reference list, kept and read by its key.',
  settings,
  traits: () => ['equatable', 'presence'],
  ...keyedType<Settings>((field, catalog) => listValues(field.settings.list, catalog)),
  listOf: (field) => field.settings.list,
  check: missingList,
  cases,
});
