import { z } from 'zod';
import { defineFieldType } from '../../../core/kinds/field-type.ts';
import { type Reference, reference } from '../link/reference.ts';
import { cases } from './person.cases.ts';

const settings = z.strictObject({});
type Settings = z.infer<typeof settings>;

/** The object of users has this key in every workspace: outside scripts stand on it. */
const users = 'users';

export const person = defineFieldType<Settings, Reference>({
  key: 'person',
  label: 'Person',
  meaning: 'One user of this workspace, such as an owner or an assignee.',
  settings,
  ...reference<Settings>(() => users),
  cases,
});
