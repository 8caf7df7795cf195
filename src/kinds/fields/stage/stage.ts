import { z } from 'zod';
import { defineFieldType } from '../../../core/kinds/field-type.ts';
import { keyedType } from '../keyed-type.ts';
import { stagesOf } from '../keyed-value.ts';
import { cases } from './stage.cases.ts';

const settings = z.strictObject({});
type Settings = z.infer<typeof settings>;

/** Whether the stage belongs to the record's own pipeline is for the write path to judge. */
export const stage = defineFieldType<Settings, string>({
  key: 'stage',
  label: 'Stage',
  meaning: 'Where the record stands in its pipeline; checkpoints guard the way from one to the next.',
  settings,
  traits: () => ['equatable', 'staged', 'presence'],
  ...keyedType<Settings>((field, catalog) => stagesOf(field.object, catalog)),
  role: 'stage',
  cases,
});
