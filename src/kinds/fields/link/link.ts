import { z } from 'zod';
import { Key } from '../../../core/definitions/common.ts';
import { defineFieldType } from '../../../core/kinds/field-type.ts';
import { type Reference, reference } from './reference.ts';
import { cases } from './link.cases.ts';

const settings = z.strictObject({
  to: Key.meta({ description: 'Key of the object it points to: its plural' }),
});
type Settings = z.infer<typeof settings>;

export const link = defineFieldType<Settings, Reference>({
  key: 'link',
  label: 'Link',
  meaning: 'One record of another object; read as its id and name, null where the reader may not see it.',
  settings,
  ...reference<Settings>((field) => field.settings.to),
  cases,
});
