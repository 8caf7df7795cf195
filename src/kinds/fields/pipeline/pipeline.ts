import { z } from 'zod';
import { defineFieldType } from '../../../core/kinds/field-type.ts';
import { keyedType } from '../keyed-type.ts';
import { pipelinesOf } from '../keyed-value.ts';
import { cases } from './pipeline.cases.ts';

const settings = z.strictObject({});
type Settings = z.infer<typeof settings>;

export const pipeline = defineFieldType<Settings, string>({
  key: 'pipeline',
  label: 'Pipeline',
  meaning: 'Which pipeline of its object the record goes through.',
  settings,
  traits: () => ['equatable', 'presence'],
  ...keyedType<Settings>((field, catalog) => pipelinesOf(field.object, catalog)),
  role: 'pipeline',
  cases,
});
