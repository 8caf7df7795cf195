/** The CRM as shipped: its definitions hold together, keep the keys outside scripts rely on, and its sample is true. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { buildCatalog, type Built } from '../catalog/build.ts';
import { checkCatalog } from '../catalog/check.ts';
import type { Catalog, ObjectModel, PipelineModel } from '../catalog/catalog.ts';
import { fold } from '../conditions/fold.ts';
import { noDefinitions, sortKeys, sorts } from './index.ts';

const packs = fileURLToPath(new URL('../../../packs/', import.meta.url));
const packKeys = ['base', 'sales'];
const read = (path: string): unknown => parse(readFileSync(packs + path, 'utf8'));
const filesIn = (folder: string): string[] => (existsSync(packs + folder) ? readdirSync(packs + folder) : []);

type Row = Record<string, any>;
let built: Built;
let catalog: Catalog;
const sample = new Map<string, Row[]>();
const rowsOf = (object: string): Row[] => sample.get(object) ?? [];

beforeAll(async () => {
  const definitions = noDefinitions();
  for (const pack of packKeys) {
    for (const sort of sortKeys) {
      for (const file of filesIn(`${pack}/${sort}`)) {
        const value = sorts[sort].parse(read(`${pack}/${sort}/${file}`));
        (definitions[sort] as Record<string, unknown>)[file.replace(/\.yaml$/, '')] = value;
      }
    }
  }
  // Fetched here, because core may not stand on the kinds; the test puts both together.
  const { kinds } = await import('../../kinds/index.ts');
  built = buildCatalog(definitions, kinds, 1);
  catalog = built.catalog;
  for (const file of filesIn('sales/sample').filter((name) => name.endsWith('.yaml'))) {
    sample.set(file.replace(/\.yaml$/, ''), read(`sales/sample/${file}`) as Row[]);
  }
});

describe('the shipped definitions', () => {
  it('resolve into a catalog without a finding', () => {
    expect(built.issues).toEqual([]);
    expect(checkCatalog(catalog)).toEqual([]);
  });

  it('name each pack as its folder, and only packs that exist', () => {
    for (const key of packKeys) {
      const head = read(`${key}/pack.yaml`) as Row;
      expect(head.key).toBe(key);
      expect(head.version).toMatch(/^\d+\.\d+\.\d+$/);
      expect(packKeys).toEqual(expect.arrayContaining(head.needs));
    }
  });

  it('keep every object and field that outside scripts use', () => {
    const promised: Record<string, string> = {
      accounts: 'name domain industry parent owner',
      contacts:
        'first_name last_name email phone birth_date street city region postcode country account owner',
      leads: 'name company email phone source owner pipeline stage',
      deals:
        'name account contact owner product pipeline stage stage_entered_at amount opened_on expected_close_on ' +
        'closed_on proposal_sent_on loss_reason source next_step_at last_step_at active version',
      activities: 'type subject occurred_at result body contact account deal lead',
      tasks: 'title due_at done_at assignee contact account deal lead',
      products: 'name family list_price',
      exchange_rates: 'currency valid_from rate source owner',
      line_items: 'deal product name quantity unit_price discount total',
      campaigns: 'name',
      locations: 'name',
      users: 'name email manager team',
      teams: 'name',
    };
    for (const [key, fields] of Object.entries(promised)) {
      const object = catalog.objects.get(key);
      expect(object, key).toBeDefined();
      expect([...object!.fields.keys()], key).toEqual(expect.arrayContaining(fields.split(' ')));
    }
    expect(catalog.serving).toEqual({
      activity: 'activities',
      task: 'tasks',
      document: 'documents',
      user: 'users',
      team: 'teams',
      exchange_rate: 'exchange_rates',
    });
  });

  it('keep every pipeline, stage, role and list value that outside scripts use', () => {
    const stages = (key: string) => catalog.pipelines.get(key)?.stages.map((stage) => stage.key);
    expect(stages('new_business')).toEqual([
      'new',
      'contact_established',
      'qualified',
      'proposal_sent',
      'negotiation',
      'won',
      'lost',
    ]);
    expect(stages('lead_handling')).toEqual(['new', 'working', 'qualified', 'disqualified']);
    expect(stages('repeat_business')?.[0]).toBe('new');
    expect(catalog.objects.get('deals')!.pipelines[0]!.key).toBe('new_business');
    expect([...catalog.roles.keys()].sort()).toEqual([
      'administrator',
      'crm_owner',
      'read_only',
      'sales_representative',
      'team_lead',
    ]);
    const values = (key: string) => catalog.lists.get(key)?.values.map((value) => value.key);
    expect(values('loss_reason')).toEqual(
      'price competitor no_budget no_decision timing no_response other'.split(' '),
    );
    expect(values('activity_type')).toEqual('call email meeting message note'.split(' '));
  });

  it('give each column name of a file to one field at most', () => {
    const bare = (text: string): string => fold(text).replace(/[^\p{L}\p{M}\p{N}]+/gu, '');
    const twice: string[] = [];
    for (const object of catalog.objects.values()) {
      const taken = new Map<string, string>();
      for (const field of object.fields.values()) {
        if (field.system) continue;
        for (const name of new Set(
          [field.key, field.label, ...(field.definition.synonyms ?? [])].map(bare),
        )) {
          if (taken.has(name)) twice.push(`${object.key}: ${name} is ${taken.get(name)} and ${field.key}`);
          taken.set(name, field.key);
        }
      }
    }
    // `label` "Deal" and the like may repeat a key elsewhere; within an object each name means one field.
    expect(twice).toEqual([]);
  });

  it('give each spelling of a list value to one value, and do not take a misspelt industry for a right one', () => {
    for (const [key, list] of catalog.lists) {
      const names = list.values.flatMap((value) => [
        ...new Set([value.key, value.label, ...(value.synonyms ?? [])].map((name) => fold(name))),
      ]);
      expect(
        names.filter((name, index) => names.indexOf(name) !== index),
        key,
      ).toEqual([]);
    }
    const spellings = catalog.lists
      .get('industry')!
      .values.flatMap((value) => [value.key, value.label, ...(value.synonyms ?? [])]);
    for (const sector of 'medical retail software entertainment marketing telecommunications finance employment services technology'.split(
      ' ',
    )) {
      expect(spellings).toContain(sector);
    }
    expect(spellings).not.toContain('technolgy');
  });

  it('ask for an owner to leave “new”, and for a dated call with a result to be in contact', () => {
    for (const key of ['new_business', 'repeat_business', 'lead_handling']) {
      const leaving = catalog.pipelines.get(key)!.items.filter((item) => item.moment === 'leave');
      expect(
        leaving.map((item) => [item.stage, item.kind.key, item.settings.fields]),
        key,
      ).toEqual([['new', 'fields', ['owner']]]);
    }
    const items = catalog.pipelines.get('new_business')!.items;
    expect(items.find((item) => item.id === 'contact_established.first_call')!.settings).toMatchObject({
      of: ['call'],
      result: true,
    });
  });

  it('enforce every checkpoint from the first day', () => {
    const all = [...catalog.pipelines.values()].flatMap((pipeline) => pipeline.items);
    expect(all.filter((item) => (item.definition.mode ?? 'enforce') !== 'enforce')).toEqual([]);
    expect(all.filter((item) => item.definition.why.length < 20)).toEqual([]);
  });
});

const when = /^(today(?:([+-]\d+)(d|wd))?(?: (\d\d):(\d\d))?|now([+-]\d+)(min|h))$/;

/** A point of the sample's time as UTC text, seen from Thursday noon: the order of two is what counts. */
function at(written: unknown): string | undefined {
  const found = typeof written === 'string' ? when.exec(written) : null;
  if (!found) return undefined;
  const [, , days, unit, hour, minute, ahead, step] = found;
  const day = new Date(Date.UTC(2026, 2, 12, 12));
  if (ahead !== undefined) {
    day.setTime(day.getTime() + Number(ahead) * (step === 'h' ? 3_600_000 : 60_000));
    return day.toISOString();
  }
  const sign = Number(days ?? 0) < 0 ? -1 : 1;
  for (let left = Math.abs(Number(days ?? 0)); left > 0;) {
    day.setUTCDate(day.getUTCDate() + sign);
    if (unit === 'd' || (day.getUTCDay() + 6) % 7 < 5) left--;
  }
  if (hour === undefined) return day.toISOString().slice(0, 10);
  day.setUTCHours(Number(hour), Number(minute));
  return day.toISOString();
}

const noon = '2026-03-12T12:00:00.000Z';
const matchOf = (value: unknown): [string, unknown] | undefined =>
  Object.entries((value as { match?: Record<string, unknown> })?.match ?? {})[0];
const named = (value: unknown): unknown => matchOf(value)?.[1];
const pipelineOf = (row: Row): PipelineModel => catalog.pipelines.get(row.pipeline)!;
const stageOf = (row: Row): string => Object.keys(row.moves ?? {}).at(-1) ?? 'new';
const linkedTo = (object: string, link: string, row: Row): Row[] =>
  rowsOf(object).filter((one) => named(one[link]) === row.name);

describe('the sample', () => {
  it('has rows for every object, a few hundred in all', () => {
    for (const object of catalog.objects.keys()) expect(rowsOf(object).length, object).toBeGreaterThan(3);
    const all = [...sample.values()].reduce((sum, rows) => sum + rows.length, 0);
    expect(all).toBeGreaterThan(300);
    expect(all).toBeLessThan(1_000);
  });

  it('holds only values that its fields take', () => {
    const env = {
      catalog,
      now: new Date(noon),
      timeZone: 'UTC',
      currency: 'EUR',
      country: 'DE',
    };
    const refused: string[] = [];
    for (const [key, rows] of sample) {
      const object = catalog.objects.get(key) as ObjectModel;
      for (const row of rows) {
        for (const [name, value] of Object.entries(row)) {
          if (name === 'moves') continue;
          const field = object.fields.get(name);
          if (!field || field.maintained) refused.push(`${key}.${name} is no field to fill`);
          else {
            const parsed = field.type.parse(at(value) ?? value, field, env);
            if (!parsed.ok) refused.push(`${key}.${name} ${JSON.stringify(value)}: ${parsed.message}`);
          }
        }
        for (const field of object.fields.values()) {
          if (field.required && row[field.key] === undefined) refused.push(`${key} without ${field.key}`);
        }
      }
    }
    expect(refused).toEqual([]);
  });

  it('links each row to exactly one other', () => {
    const astray: string[] = [];
    for (const [key, rows] of sample) {
      for (const row of rows) {
        for (const [name, value] of Object.entries(row)) {
          const field = catalog.objects.get(key)!.fields.get(name);
          const target = field?.type.linkTo?.(field);
          if (!target) continue;
          const [by, wanted] = matchOf(value) ?? ['', undefined];
          const found = rowsOf(target).filter((one) => one[by] === wanted).length;
          if (found !== 1) astray.push(`${key}.${name}: ${found} ${target} with ${by} ${String(wanted)}`);
        }
      }
    }
    expect(astray).toEqual([]);
  });

  it('names contacts, activities and documents that belong to the account of their deal', () => {
    const accountOf = (contact: unknown) =>
      named(rowsOf('contacts').find((one) => one.email === named(contact))?.account);
    const deals = new Map(rowsOf('deals').map((deal) => [deal.name, deal]));
    for (const deal of deals.values()) expect(accountOf(deal.contact), deal.name).toBe(named(deal.account));
    for (const key of ['activities', 'tasks', 'documents']) {
      for (const row of rowsOf(key)) {
        const deal = deals.get(named(row.deal));
        if (!deal) continue;
        if (row.contact) expect(accountOf(row.contact), row.subject ?? row.title).toBe(named(deal.account));
        if (row.account) expect(named(row.account), row.subject ?? row.title).toBe(named(deal.account));
      }
    }
  });

  it('moves deals and leads one stage at a time, forward in time, and none into the future', () => {
    for (const row of [...rowsOf('deals'), ...rowsOf('leads')]) {
      const { stages } = pipelineOf(row);
      let here = stages[0]!;
      let since = at(row.opened_on) ?? '';
      for (const [key, time] of Object.entries(row.moves ?? {})) {
        const to = stages.find((stage) => stage.key === key)!;
        expect(to, `${row.name}: ${key}`).toBeDefined();
        expect(here.open, row.name).toBe(true);
        const gaveUp = to.outcome === 'lost' || to.outcome === 'dropped';
        if (!gaveUp) expect(to.index, `${row.name}: ${key}`).toBe(here.index + 1);
        const moved = at(time)!;
        expect(moved >= since && moved <= noon, `${row.name}: ${key} at ${String(time)}`).toBe(true);
        here = to;
        since = moved;
      }
    }
  });

  it('meets every checkpoint on its way by real calls, offers and tasks', () => {
    const unmet: string[] = [];
    const filled = (row: Row, keys: string[]) => keys.every((key) => row[key] !== undefined);
    for (const [object, link] of [
      ['deals', 'deal'],
      ['leads', 'lead'],
    ] as const) {
      for (const row of rowsOf(object)) {
        const pipeline = pipelineOf(row);
        let left = pipeline.stages[0]!.key;
        for (const [stage, time] of Object.entries<string>(row.moves ?? {})) {
          const proofs: Record<string, (settings: any, key: string) => boolean> = {
            fields: ({ fields }) => filled(row, fields),
            activity: ({ of, result, within }) =>
              linkedTo('activities', link, row).some(
                (one) =>
                  [of].flat().includes(one.type) &&
                  (!result || one.result !== undefined) &&
                  at(one.occurred_at)! <= at(time)! &&
                  // Where evidence ages, it is still fresh on the day of loading and a month after it.
                  (within === undefined || at(one.occurred_at)! > '2026-01-12'),
              ),
            file: ({ document_kind }) =>
              linkedTo('documents', link, row).some((one) => one.kind === document_kind && one.url),
            next_step: () =>
              linkedTo('tasks', link, row).some((one) => one.done_at === undefined) ||
              linkedTo('activities', link, row).some((one) => at(one.occurred_at)! > noon),
            condition: (_, key) =>
              key === 'reachable'
                ? filled(row, ['email']) || filled(row, ['phone'])
                : row.loss_reason !== 'other' || filled(row, ['loss_note']),
          };
          const due = pipeline.items.filter(
            (item) =>
              (item.moment === 'enter' && item.stage === stage) ||
              (item.moment === 'leave' && item.stage === left),
          );
          for (const item of due) {
            if (!proofs[item.kind.key]!(item.settings, item.definition.key))
              unmet.push(`${row.name}: ${item.id}`);
          }
          left = stage;
        }
      }
    }
    expect(unmet).toEqual([]);
  });

  it('gives results to what has been, and none to what is ahead', () => {
    for (const one of rowsOf('activities')) {
      const time = at(one.occurred_at)!;
      if (time > noon) expect([one.type, one.result], one.subject).toEqual(['meeting', undefined]);
      else if (one.type !== 'note') expect(one.result, one.subject).toBeDefined();
    }
    for (const task of rowsOf('tasks'))
      if (task.done_at) expect(at(task.done_at)! <= noon, task.title).toBe(true);
  });

  it('gives deals line items that come to their amount', () => {
    const sums = new Map<unknown, number>();
    for (const { deal, quantity, unit_price, product, discount } of rowsOf('line_items')) {
      const listed = rowsOf('products').find((one) => one.name === named(product))?.list_price;
      const total = (quantity ?? 1) * (unit_price ?? listed) * (1 - (discount ?? 0) / 100);
      sums.set(named(deal), (sums.get(named(deal)) ?? 0) + Math.round(total * 100) / 100);
    }
    expect(sums.size).toBeGreaterThan(3);
    for (const [name, sum] of sums)
      expect(sum, String(name)).toBe(rowsOf('deals').find((deal) => deal.name === name)!.amount);
  });

  it('shows the figures of Team North that the board shows', () => {
    const team = new Set(
      rowsOf('users')
        .filter((user) => named(user.team) === 'Team North')
        .map((user) => user.email),
    );
    const north = rowsOf('deals').filter(
      (deal) => deal.pipeline === 'new_business' && team.has(named(deal.owner) as string),
    );
    const sums: Record<string, [number, number]> = {};
    for (const deal of north) {
      const [count, sum] = sums[stageOf(deal)] ?? [0, 0];
      sums[stageOf(deal)] = [count + 1, sum + deal.amount];
    }
    expect(sums).toEqual({
      new: [8, 186_400],
      contact_established: [7, 241_000],
      qualified: [6, 318_500],
      proposal_sent: [5, 287_000],
      negotiation: [3, 214_000],
      won: [14, 742_300],
      lost: [9, 268_000],
    });
    const stages = catalog.pipelines.get('new_business')!.stages;
    const weighted = stages
      .filter((stage) => stage.open)
      .reduce((sum, stage) => sum + (sums[stage.key]![1] * stage.probability!) / 100, 0);
    expect(weighted).toBe(537_640);
    const reasons = rowsOf('deals').flatMap((deal) => deal.loss_reason ?? []);
    expect(new Set(reasons).size).toBe(7);
    const withoutStep = north.filter(
      (deal) =>
        stages.find((stage) => stage.key === stageOf(deal))!.open &&
        !linkedTo('tasks', 'deal', deal).some((task) => !task.done_at) &&
        !linkedTo('activities', 'deal', deal).some((one) => one.type === 'meeting' && !one.result),
    );
    expect(withoutStep.map((deal) => deal.name).sort()).toEqual([
      'Cold-store sensors',
      'Kiln temperature network',
      'Press shop retrofit',
      'Whole-site metering',
    ]);
  });
});
