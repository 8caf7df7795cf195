/** A small workspace for the tests of the field types: what their case tables name exists here. */
import { buildCatalog } from '../../core/catalog/build.ts';
import type { Catalog, FieldModel } from '../../core/catalog/catalog.ts';
import { type Definitions, noDefinitions, sorts } from '../../core/definitions/index.ts';
import type { FieldCase, FieldType, ParseEnv } from '../../core/kinds/field-type.ts';
import { fieldTypes } from './index.ts';

type Shape = Record<string, unknown>;

const field = (type: string, rest: Shape = {}): Shape => ({
  type,
  label: type,
  owner: 'administrator',
  meaning: `A field of the type ${type}.`,
  ...rest,
});

const object = (name: string | string[], fields: Record<string, Shape>, rest: Shape = {}): Shape => ({
  label: { one: 'Record', many: 'Records' },
  owner: 'administrator',
  meaning: 'An object of the sample workspace.',
  side: 'sales',
  name,
  fields,
  ...rest,
});

const stage = (key: string, label: string, outcome = 'open'): Shape => ({
  key,
  label,
  outcome,
  goal: 'Get to know the client.',
  action: 'Call the client.',
});

const pipeline = (of: string, label: string, stages: Shape[], rest: Shape = {}): Shape => ({
  object: of,
  label,
  owner: 'administrator',
  meaning: 'A pipeline of the sample workspace.',
  stages,
  ...rest,
});

const raw: { [Sort in keyof Definitions]?: Record<string, Shape> } = {
  lists: {
    industry: {
      label: 'Industry',
      owner: 'administrator',
      meaning: 'What a company does.',
      values: [
        { key: 'software', label: 'Software & IT' },
        { key: 'retail', label: 'Retail', synonyms: ['shop'] },
        { key: 'food', label: 'Food, drink' },
        { key: 'media', label: 'Media', merged_into: 'software' },
        { key: 'mining', label: 'Mining', active: false },
      ],
    },
  },
  objects: {
    users: object('name', { name: field('text'), email: field('email') }, { side: 'setup', serves: 'user' }),
    accounts: object('name', { name: field('text'), industry: field('choice', { list: 'industry' }) }),
    contacts: object(['first_name', 'last_name'], {
      first_name: field('person_name'),
      last_name: field('person_name'),
      email: field('email'),
      account: field('link', { to: 'accounts' }),
    }),
    deals: object('name', {
      name: field('text'),
      account: field('link', { to: 'accounts' }),
      owner: field('person'),
      pipeline: field('pipeline'),
      stage: field('stage'),
      amount: field('money'),
      opened_on: field('date'),
    }),
    leads: object('name', { name: field('text'), pipeline: field('pipeline'), stage: field('stage') }),
    activities: object('subject', {
      subject: field('text'),
      occurred_at: field('datetime'),
      deal: field('link', { to: 'deals' }),
    }),
  },
  pipelines: {
    new_business: pipeline(
      'deals',
      'New business',
      [stage('new', 'New'), stage('proposal_sent', 'Proposal sent'), stage('won', 'Won', 'won')],
      { default: true },
    ),
    repeat_business: pipeline('deals', 'Repeat business', [
      stage('renewal', 'Renewal'),
      stage('won', 'Won', 'won'),
    ]),
    lead_handling: pipeline('leads', 'Lead handling', [
      stage('working', 'Working'),
      stage('done', 'Done', 'done'),
    ]),
  },
};

/** Parsed by the schemas of the definitions, so that the sample is one that a workspace could have. */
export function sampleCatalog(): Catalog {
  const definitions = noDefinitions() as Record<keyof Definitions, Record<string, unknown>>;
  for (const [sort, all] of Object.entries(raw) as [keyof Definitions, Record<string, Shape>][]) {
    for (const [key, shape] of Object.entries(all)) definitions[sort][key] = sorts[sort].parse(shape);
  }
  const { catalog, issues } = buildCatalog(
    definitions as Definitions,
    { fields: fieldTypes, operators: {}, checkpoints: {} },
    1,
  );
  if (issues.length > 0) throw new Error(JSON.stringify(issues));
  return catalog;
}

/** A field of a type with these settings, as a field of deals. */
export function sampleField(
  type: FieldType,
  settings: Shape = {},
  rest: Partial<FieldModel> = {},
): FieldModel {
  const key = rest.key ?? 'value';
  return {
    key,
    object: 'deals',
    label: 'Value',
    type,
    settings: type.settings.parse(settings),
    definition: { type: type.key, label: 'Value', owner: 'administrator', meaning: 'A field under test.' },
    system: false,
    required: false,
    unique: false,
    indexed: false,
    maintained: type.maintained ?? false,
    ...rest,
  };
}

const rates: Readonly<Record<string, string>> = { USD: '0.917' };

export const sampleEnv = (catalog: Catalog, rest: FieldCase['env'] = {}): ParseEnv => ({
  catalog,
  now: new Date('2026-03-20T12:00:00Z'),
  timeZone: 'UTC',
  currency: 'EUR',
  country: 'DE',
  rate: (currency) => rates[currency] ?? null,
  ...rest,
});
