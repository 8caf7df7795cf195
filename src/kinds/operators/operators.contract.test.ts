/** Every operator against every field type: PostgreSQL and memory give the same answer, or memory says unknown. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Catalog, FieldModel } from '../../core/catalog/catalog.ts';
import { checkCondition } from '../../core/conditions/check.ts';
import { limits } from '../../core/conditions/grammar.ts';
import { explainCondition } from '../../core/conditions/explain.ts';
import { conditionMatches } from '../../core/conditions/matches.ts';
import { conditionToSql } from '../../core/conditions/to-sql.ts';
import { isProblem } from '../../core/errors/problem.ts';
import type { FieldType, ParseEnv } from '../../core/kinds/field-type.ts';
import type { Operator } from '../../core/kinds/operator.ts';
import { ident, join, raw, rows, sql } from '../../core/sql/sql.ts';
import { testDatabase, type TestDatabase } from '../../testing/database.ts';
import { fieldTypes } from '../fields/index.ts';
import { sampleCatalog, sampleEnv, sampleField } from '../fields/sample-catalog.ts';
import { operators } from './index.ts';

const now = new Date('2026-03-20T12:00:00Z');

type Sample = { field: FieldModel; values: readonly unknown[] };

/** Values for types that nobody writes, by what they are compared as. */
const maintainedValues: Readonly<Record<string, readonly unknown[]>> = {
  bigint: [0, 3, 40],
  numeric: [-1.5, 0, 10],
  'text[]': [['new.call'], ['new.call', 'won.owner']],
  date: ['2026-03-01', '2026-03-20'],
  timestamptz: ['2026-03-20T11:59:59.999Z', '2026-03-27T12:00:00.000Z'],
};

/** The same of money, which is more than what it is compared as. */
const maintainedMoney: readonly unknown[] = [
  { amount: '12.50', currency: 'EUR', reporting: '12.50' },
  { amount: '10.00', currency: 'USD', reporting: '9.17' },
];

/** Near the instant of judging, so that spans cut between them. */
const nearNow: Readonly<Record<string, readonly unknown[]>> = {
  date: ['2026-03-06', '2026-03-05', '2026-03-19', '2026-03-20', '2026-03-21', '2026-04-03', '2026-04-04'],
  timestamptz: [
    '2026-03-06T12:00:00.000Z',
    '2026-03-06T11:59:59.999Z',
    '2026-03-20T12:00:00.000Z',
    '2026-03-20T12:00:00.001Z',
    '2026-04-03T12:00:00.000Z',
    '2026-04-03T11:00:00.001Z',
  ],
  text: ['100% sure_thing', 'a\\b', 'Zürich', 'zulu', '😀 happy', '\uffee end'],
};

/** Each stored type once per settings of its cases, with the values they give. */
function samplesOf(type: FieldType, base: Catalog): Sample[] {
  const bySettings = new Map<string, Sample & { values: unknown[] }>();
  for (const one of type.cases) {
    const name = JSON.stringify(one.settings ?? {});
    let sample = bySettings.get(name);
    if (!sample) {
      const key = `${type.key}_${bySettings.size + 1}`;
      sample = { field: sampleField(type, one.settings, { key, label: key }), values: [] };
      bySettings.set(name, sample);
    }
    const parsed = type.parse(one.input, sample.field, sampleEnv(base, one.env));
    const resolved = !(
      parsed.ok &&
      typeof parsed.value === 'object' &&
      parsed.value &&
      'match' in parsed.value
    );
    if (parsed.ok && parsed.value !== null && resolved) sample.values.push(parsed.value);
  }
  for (const sample of bySettings.values()) {
    const { field } = sample;
    const operand = type.operandType(field);
    if (type.maintained)
      sample.values.push(...(type.worth ? maintainedMoney : (maintainedValues[operand] ?? [])));
    for (const near of nearNow[operand] ?? []) {
      const parsed = type.maintained ? undefined : type.parse(near, field, sampleEnv(base));
      if (parsed?.ok && parsed.value !== null) sample.values.push(parsed.value);
    }
  }
  return [...bySettings.values()].filter(
    ({ field, values }) => type.columns(field).length > 0 && values.length > 0,
  );
}

const base = sampleCatalog();
const samples = Object.values(fieldTypes).flatMap((type) => samplesOf(type, base));
const deals = base.objects.get('deals')!;
const catalog: Catalog = {
  ...base,
  kinds: { ...base.kinds, operators },
  objects: new Map([
    ...base.objects,
    [
      'deals',
      {
        ...deals,
        fields: new Map([...deals.fields, ...samples.map(({ field }) => [field.key, field] as const)]),
      },
    ],
  ]),
};
const parse: ParseEnv = { ...sampleEnv(catalog), now };
const env = { catalog, object: 'deals', place: 'list', scope: { me: null, teams: [], now }, parse } as const;

/** As somebody would write the value in a condition. */
const asLiteral = (value: unknown): unknown => (Array.isArray(value) ? value[0] : value);

const garbage: readonly unknown[] = [
  true,
  -1,
  1e300,
  0.1234567890123,
  'no such thing at all',
  '9999-99-99',
  '%_\\',
  { amount: '1', currency: 'XYZ' },
  { a: 1 },
  [],
  ['x', 1, null],
  [[1]],
  null,
  '',
  '$nobody',
  '$me',
  '$now-99999y',
  '$old.name',
  '\0',
  '\ud800',
  '5d',
];

function argumentsFor(operator: Operator, { values }: Sample): unknown[] {
  const literals = values
    .map(asLiteral)
    .filter((one) => typeof one !== 'string' || one.length <= limits.text)
    .map((one) => (typeof one === 'string' && one.startsWith('$') ? `$${one}` : one));
  switch (operator.argument) {
    case 'flag':
      return [true, false];
    case 'word':
      return [...(operator.words ?? [])];
    case 'duration':
      return ['14d', '2w', '336h', '1min', '1mo', '1y', '0d'];
    case 'text':
      return [
        ...literals.map(String).flatMap((text) => [text, text.slice(0, 2), text.slice(-2)]),
        '%',
        '_',
        '\\',
        'Ü',
      ];
    case 'range':
      return literals.flatMap((from) => literals.slice(0, 4).map((to) => [from, to]));
    case 'values':
      return [[], ...literals.map((one) => [one]), literals.slice(0, 3), literals];
    case 'value':
      return literals;
  }
}

describe('operators', () => {
  let database: TestDatabase;
  let stored: { id: string; values: Record<string, unknown> }[];

  beforeAll(async () => {
    database = await testDatabase({ empty: true });
    const columns = samples.flatMap(({ field }) => field.type.columns(field));
    const shape = columns.map(
      (one) => sql`${ident(one.name)} ${raw(one.type + (one.collateC ? ' COLLATE "C"' : ''))}`,
    );
    await rows(database.pool, sql`CREATE SCHEMA IF NOT EXISTS crm`);
    await rows(
      database.pool,
      sql`CREATE TABLE crm.deals (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), ${join(shape)})`,
    );
    const longest = Math.max(...samples.map(({ values }) => values.length));
    stored = [];
    for (let index = 0; index <= longest; index++) {
      // The last row is empty throughout.
      const values = Object.fromEntries(
        samples.map(({ field, values: all }) => [field.key, all[index] ?? null]),
      );
      const written = Object.entries(
        Object.assign(
          {},
          ...samples.map(({ field }) => field.type.write(values[field.key], field)),
        ) as Record<string, unknown>,
      );
      const [made] = await rows<{ id: string }>(
        database.pool,
        sql`INSERT INTO crm.deals (${join(written.map(([name]) => ident(name)))}) VALUES (${join(written.map(([, value]) => sql`${value}`))}) RETURNING id`,
      );
      stored.push({ id: made!.id, values });
    }
  });
  afterAll(() => database.drop());

  const inDatabase = async (condition: unknown): Promise<Map<string, boolean>> => {
    const judged = conditionToSql(condition, { ...env, alias: 't' });
    const found = await rows<{ id: string; yes: boolean; no: boolean }>(
      database.pool,
      sql`SELECT id, (${judged}) IS TRUE AS yes FROM crm.deals t`,
    );
    return new Map(found.map((row) => [row.id, row.yes]));
  };

  test('the sample covers every stored type', () => {
    const covered = new Set(samples.map(({ field }) => field.type.key));
    const wanted = Object.values(fieldTypes).filter((type) => type.key !== 'computed');
    expect(wanted.filter((type) => !covered.has(type.key)).map((type) => type.key)).toEqual([]);
  });

  describe.each(Object.values(operators))('$key', (operator) => {
    test.each(samples)('with $field.key', async (sample) => {
      const { field } = sample;
      const traits = field.type.traits(field);
      const fits = operator.needs.every((trait) => traits.includes(trait));
      const given = argumentsFor(operator, sample);
      if (!fits) {
        for (const argument of given) {
          const issues = checkCondition({ [field.key]: { [operator.key]: argument } }, { ...env });
          expect(issues.map((one) => one.code)).toEqual(['wrong_operator']);
        }
        return;
      }
      for (const argument of given) {
        const condition = { [field.key]: { [operator.key]: argument } };
        // Two ends in the wrong order, or a literal the type refuses, are covered below.
        if (checkCondition(condition, { ...env }).length > 0) continue;
        const answers = await inDatabase(condition);
        for (const { id, values } of stored) {
          const remembered = conditionMatches(condition, values, env);
          const expected = operator.matches ? answers.get(id) : 'unknown';
          expect(remembered, `${JSON.stringify(condition)} on ${JSON.stringify(values[field.key])}`).toBe(
            expected,
          );
          const turned = conditionMatches({ not: condition }, values, env);
          if (operator.matches) expect(turned).toBe(!expected);
        }
        expect(explainCondition(condition, env)).toMatch(/^[a-z].* .+/);
      }
      const accepted = given.filter(
        (one) => checkCondition({ [field.key]: { [operator.key]: one } }, { ...env }).length === 0,
      );
      expect(accepted.length).toBeGreaterThan(0);
    });

    test.each(samples)('answers garbage for $field.key with a sentence or a result', async ({ field }) => {
      for (const argument of garbage) {
        const condition = { [field.key]: { [operator.key]: argument } };
        const issues = checkCondition(condition, { ...env });
        if (issues.length === 0) {
          expect((await inDatabase(condition)).size).toBe(stored.length);
          continue;
        }
        for (const one of issues) {
          expect(one.message).toMatch(/\.$/);
          expect(one.fix.say.length).toBeGreaterThan(3);
          expect(`${one.message}${one.fix.say}`).not.toMatch(/\{\w+\}|undefined/);
        }
        let problem: unknown;
        try {
          conditionToSql(condition, { ...env, alias: 't' });
        } catch (error) {
          problem = error;
        }
        expect(isProblem(problem) && problem.body.errors.map((one) => one.code)).toEqual(
          issues.map((one) => one.code),
        );
        expect(conditionMatches(condition, {}, env)).toBe('unknown');
      }
    });
  });

  test('a negation is the exact opposite in the database too', async () => {
    for (const { field, values } of samples) {
      const condition = { [field.key]: { missing: false } };
      const [plain, turned] = [await inDatabase(condition), await inDatabase({ not: condition })];
      for (const [id, yes] of plain) expect(turned.get(id)).toBe(!yes);
      expect([...plain.values()].filter(Boolean).length).toBe(values.length);
    }
  });

  test('explains each operator in words of its own', () => {
    for (const operator of Object.values(operators)) {
      const said = operator.explain(['A', 'B'], true);
      expect(said).toMatch(/^(is|contains|does|starts|ends|includes) /);
      expect(operators[operator.key]).toBe(operator);
    }
  });
});
