/** What every field type promises: the one test over the registry and the case tables beside the types. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join as path } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { FieldModel } from '../../core/catalog/catalog.ts';
import type { FieldCase, FieldType, Parsed, ParseEnv } from '../../core/kinds/field-type.ts';
import { ident, join, raw, row, rows, sql, type Sql } from '../../core/sql/sql.ts';
import { testDatabase, type TestDatabase } from '../../testing/database.ts';
import { compare } from '../operators/compare.ts';
import { fieldTypes } from './index.ts';
import { sampleCatalog, sampleEnv, sampleField } from './sample-catalog.ts';

const catalog = sampleCatalog();
const types: readonly FieldType[] = Object.values(fieldTypes);

const parseCase = (
  type: FieldType,
  one: FieldCase,
): { field: FieldModel; env: ParseEnv; parsed: Parsed<unknown> } => {
  const field = sampleField(type, one.settings);
  const env = sampleEnv(catalog, one.env);
  const parse = one.text && type.parseText ? type.parseText : type.parse;
  return { field, env, parsed: parse(one.input, field, env) };
};

/** The different settings that a type's cases use, each with the values that its cases give. */
function variants(type: FieldType): { field: FieldModel; env: ParseEnv; values: unknown[] }[] {
  const found = new Map<string, { field: FieldModel; env: ParseEnv; values: unknown[] }>();
  for (const one of type.cases) {
    if (one.env?.currency) continue;
    const { field, parsed } = parseCase(type, one);
    const name = JSON.stringify(one.settings ?? {});
    const entry = found.get(name) ?? { field, env: sampleEnv(catalog), values: [] };
    found.set(name, entry);
    if (parsed.ok && parsed.value !== null) entry.values.push(parsed.value);
  }
  return [...found.values()];
}

const isResolved = (value: unknown): boolean =>
  !(typeof value === 'object' && value !== null && 'match' in value);

function expectIdempotent(parsed: Parsed<unknown>, field: FieldModel, env: ParseEnv): void {
  if (!parsed.ok) {
    expect(parsed.code).toMatch(/^[a-z_]+$/);
    expect(parsed.message.length).toBeGreaterThan(0);
    expect(parsed.fix.length).toBeGreaterThan(0);
    return;
  }
  expect(JSON.parse(JSON.stringify(parsed.value))).toEqual(parsed.value);
  expect(field.type.parse(parsed.value, field, env)).toEqual({ ok: true, value: parsed.value });
}

describe.each(types)('$key', (type) => {
  test.each(type.cases)('$name', (one) => {
    const { field, env, parsed } = parseCase(type, one);
    if (one.refuses) {
      expect(parsed).toMatchObject({ ok: false, code: one.refuses });
    } else {
      expect(parsed).toEqual({
        ok: true,
        value: one.gives,
        ...(one.typed === undefined ? {} : { typed: one.typed }),
      });
    }
    expectIdempotent(parsed, field, env);
  });

  test('has a name, a meaning, a yes and a no', () => {
    expect(fieldTypes[type.key as keyof typeof fieldTypes]).toBe(type);
    expect(type.key).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(type.meaning).toMatch(/\.$/);
    expect(type.cases.some((one) => one.refuses)).toBe(true);
    expect(type.cases.some((one) => !one.refuses)).toBe(true);
  });

  test('refuses settings that it does not know', () => {
    const settings = type.cases[0]?.settings ?? {};
    expect(type.settings.safeParse({ ...settings, no_such_setting: 1 }).success).toBe(false);
  });

  test('takes nothing as no value, and no value as no literal', () => {
    for (const { field, env } of variants(type)) {
      for (const input of [null, undefined, '', '  ']) {
        expect(type.parse(input, field, env)).toEqual({ ok: true, value: null });
        expect(type.literal(input, field, env).ok).toBe(false);
      }
      expect(type.parseText?.('', field, env) ?? { ok: true, value: null }).toEqual({
        ok: true,
        value: null,
      });
    }
  });

  test('answers any JSON at all, and the same twice', () => {
    for (const { field, env } of variants(type)) {
      fc.assert(
        fc.property(garbage, (input) => {
          expectIdempotent(type.parse(input, field, env), field, env);
          const literal = type.literal(input, field, env);
          if (literal.ok) expect(literal.value ?? null).not.toBeNull();
          else expect(literal.message.length).toBeGreaterThan(0);
          expect(typeof type.display(input, field, catalog)).toBe('string');
          if (typeof input === 'string' && type.parseText) {
            expectIdempotent(type.parseText(input, field, env), field, env);
          }
        }),
        { numRuns: 300 },
      );
    }
  });

  test('describes in JSON Schema what it reads and what it writes', () => {
    for (const { field, env, values } of variants(type)) {
      const { read, write } = type.schema(field, catalog);
      expect(write !== undefined).toBe(!type.maintained && type !== fieldTypes.id);
      const [reads, writes] = [read, write ?? read].map((schema) => z.fromJSONSchema(schema as never)) as [
        z.ZodType,
        z.ZodType,
      ];
      expect(reads.safeParse(null).success).toBe(true);
      for (const schema of [read, write ?? {}]) {
        for (const example of examplesOf(schema))
          expect(z.fromJSONSchema(schema as never).safeParse(example).error).toBeUndefined();
      }
      // JSON Schema counts characters, this validator UTF-16 units.
      const countable = (value: unknown): boolean => !/[\ud800-\udfff]/.test(JSON.stringify(value));
      for (const value of values.filter(isResolved).filter(countable)) {
        // Where reading joins a name, the row has it; else the row is what was written.
        const row = { ...type.write(value, field), [`${field.key}__name`]: 'Acme' };
        const answer = (type.read ?? type.stored)(row, field);
        expect(reads.safeParse(answer).error).toBeUndefined();
        expect(writes.safeParse(answer).error, 'what was read can be written').toBeUndefined();
        expect(type.parse(answer, field, env)).toMatchObject({ ok: true, value });
      }
    }
  });

  test('names columns that fit, its key first', () => {
    for (const { field } of variants(type)) {
      const long = { ...field, key: 'a'.repeat(48) };
      const names = type.columns(long).map((column) => column.name);
      expect(new Set(names).size).toBe(names.length);
      for (const [index, name] of names.entries()) {
        expect(name.length).toBeLessThanOrEqual(63);
        expect(name === long.key || (index > 0 && name.startsWith(`${long.key}__`))).toBe(true);
      }
      for (const value of [null, ...variants(type)[0]!.values.filter(isResolved).slice(0, 1)]) {
        expect(Object.keys(type.write(value, long)).sort()).toEqual([...names].sort());
      }
      expect(type.stored(type.write(null, long), long)).toBeNull();
    }
  });
});

const examplesOf = (schema: Record<string, unknown>): unknown[] =>
  [schema, ...((schema.anyOf as Record<string, unknown>[] | undefined) ?? [])].flatMap(
    (one) => (one.examples as unknown[] | undefined) ?? [],
  );

const pollution = fc.constantFrom(
  JSON.parse('{"__proto__":{"id":"x","amount":1}}') as unknown,
  JSON.parse('{"match":{"__proto__":{"a":1}}}') as unknown,
  '__proto__',
  'constructor',
  { id: null, match: null },
  { amount: { amount: 1 }, currency: ['EUR'] },
  '1e999999999',
  '9'.repeat(500),
  '\u0000',
  '\ud800',
  'https://[::1',
  'xn--@xn--.xn--',
  '2026-03-09T',
  'P',
  '+',
  '€',
  '%',
  '()',
);
const garbage = fc.oneof(
  fc.jsonValue(),
  pollution,
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...'0123456789.,-+ :/TZ€$%eE@()') }),
  fc.double(),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.emailAddress(),
  fc.webUrl(),
);

describe('in PostgreSQL', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(() => database.drop());

  /** A table with the columns of the field and of nothing else. */
  async function tableFor(field: FieldModel, name: string, values: readonly unknown[]): Promise<void> {
    const columns = field.type.columns(field);
    const declared = columns.map(
      (column) => sql`${ident(column.name)} ${raw(column.type)}${raw(column.collateC ? ' COLLATE "C"' : '')}`,
    );
    await rows(database.pool, sql`CREATE TABLE ${ident('crm', name)} (nr integer, ${join(declared)})`);
    for (const [nr, value] of values.entries()) {
      const written = field.type.write(value, field);
      await rows(
        database.pool,
        sql`INSERT INTO ${ident('crm', name)} (nr, ${join(columns.map((column) => ident(column.name)))})
            VALUES (${nr}, ${join(columns.map((column) => sql`${written[column.name]}::${raw(column.type)}`))})`,
      );
    }
  }

  const operandOf = (field: FieldModel): Sql => field.type.operand?.(field, 't') ?? ident('t', field.key);

  test.each(types.filter((type) => !type.computed))(
    '$key reads back what was written, and literals meet operands',
    async (type) => {
      for (const [index, { field, env, values }] of variants(type).entries()) {
        const table = `try_${type.key}_${index}`;
        const some = [...values.filter(isResolved), ...inventedFor(field), null];
        await tableFor(field, table, some);
        const columns = join(type.columns(field).map((column) => ident('t', column.name)));
        const operand = operandOf(field);
        const set = type.traits(field).includes('set');
        const element = raw(type.operandType(field).replace(/\[\]$/, ''));
        for (const [nr, value] of some.entries()) {
          const stored = await row(
            database.pool,
            sql`SELECT ${columns} FROM ${ident('crm', table)} t WHERE nr = ${nr}`,
          );
          expect(type.stored(stored!, field)).toEqual(value);
          const comparable = type.comparable ? type.comparable(value, field) : value;
          const present = await row(
            database.pool,
            sql`SELECT ${operand} IS NOT NULL AS there FROM ${ident('crm', table)} t WHERE nr = ${nr}`,
          );
          expect(present!.there).toBe(comparable !== null);
          if (comparable === null) continue;
          for (const member of set ? (comparable as unknown[]) : [value]) {
            const literal = type.literal(member, field, env);
            expect(literal).toMatchObject({ ok: true });
            const { value: given } = literal as { value: unknown };
            if (!set) expect(given).toEqual(comparable);
            const test = set
              ? sql`${given}::${element} = ANY(${operand})`
              : sql`${operand} = ${given}::${element}`;
            const answer = await row(
              database.pool,
              sql`SELECT ${test} AS same FROM ${ident('crm', table)} t WHERE nr = ${nr}`,
            );
            expect(answer!.same).toBe(true);
          }
        }
        if (type.traits(field).includes('ordered')) {
          const order = type.order?.(field, 't', catalog) ?? [operand];
          const sorted = await rows(
            database.pool,
            sql`SELECT ${columns} FROM ${ident('crm', table)} t WHERE ${operand} IS NOT NULL ORDER BY ${join(order)}`,
          );
          const inMemory = sorted.map(
            (one) => type.comparable?.(type.stored(one, field), field) ?? type.stored(one, field),
          );
          for (let at = 1; at < inMemory.length; at++)
            expect(compare(inMemory[at - 1], inMemory[at])).toBeLessThanOrEqual(0);
        }
      }
    },
  );

  test('links are read with their names, and not at all where the reader may not see them', async () => {
    const acme = '01923f6e-7c1a-7bbb-8e21-0a4b7c1d2e3f';
    const secret = '01923f6e-7c1a-7bbb-8e21-0a4b7c1d2e40';
    await rows(database.pool, sql`DROP TABLE IF EXISTS crm.accounts CASCADE`);
    await rows(database.pool, sql`CREATE TABLE crm.accounts (id uuid, name text)`);
    await rows(
      database.pool,
      sql`INSERT INTO crm.accounts VALUES (${acme}, 'Acme Ltd'), (${secret}, 'Secret'), ('01923f6e-7c1a-7bbb-8e21-0a4b7c1d2e41', NULL)`,
    );
    const field = sampleField(fieldTypes.link, { to: 'accounts' }, { key: 'account' });
    await tableFor(field, 'try_links', [acme, secret, null, '01923f6e-7c1a-7bbb-8e21-0a4b7c1d2e41']);
    const read = async (alias: string): Promise<unknown[]> => {
      const selected = field.type.select!(field, alias, {
        catalog,
        readable: (_object, n) => sql`${ident(n, 'id')} <> ${secret}`,
      });
      const list = join(
        Object.entries(selected).map(([name, expression]) => sql`${expression} AS ${ident(name)}`),
      );
      const found = await rows(
        database.pool,
        sql`SELECT ${list} FROM crm.try_links ${ident(alias)} ORDER BY nr`,
      );
      return found.map((one) => field.type.read!(one, field));
    };
    const answers = [
      { id: acme, name: 'Acme Ltd' },
      null,
      null,
      { id: '01923f6e-7c1a-7bbb-8e21-0a4b7c1d2e41', name: '' },
    ];
    expect(await read('t')).toEqual(answers);
    expect(await read('n')).toEqual(answers);
  });

  test('a file is read with its name', async () => {
    const offer = '01923f6e-7c1a-7bbb-8e21-0a4b7c1d2e3f';
    await rows(
      database.pool,
      sql`INSERT INTO platform.files (id, name, size, mime, sha256, stored_as, created_by)
          VALUES (${offer}, 'offer.pdf', 1, 'application/pdf', '\\x00', 'aa/offer', 'test')`,
    );
    const field = sampleField(fieldTypes.file, {}, { key: 'offer' });
    await tableFor(field, 'try_files', [offer, null]);
    const selected = Object.entries(field.type.select!(field, 't', { catalog, readable: () => raw('true') }));
    const list = join(selected.map(([name, expression]) => sql`${expression} AS ${ident(name)}`));
    const found = await rows(database.pool, sql`SELECT ${list} FROM crm.try_files t ORDER BY nr`);
    expect(found.map((one) => field.type.read!(one, field))).toEqual([
      { id: offer, name: 'offer.pdf' },
      null,
    ]);
  });

  test('stages and values of a list sort by their position', async () => {
    const field = sampleField(fieldTypes.stage, {}, { key: 'stage' });
    await tableFor(field, 'try_positions', ['won', 'renewal', 'new', 'gone', 'proposal_sent', null]);
    const [position] = field.type.order!(field, 't', catalog);
    const found = await rows(
      database.pool,
      sql`SELECT t.stage FROM crm.try_positions t ORDER BY ${position} NULLS LAST`,
    );
    expect(found.map((one) => one.stage)).toEqual(['new', 'proposal_sent', 'won', 'renewal', 'gone', null]);
  });

  test('a text that folds to something huge still fits its index', async () => {
    const field = sampleField(fieldTypes.text, {}, { key: 'name', unique: true });
    await tableFor(field, 'try_index', []);
    await rows(database.pool, sql`CREATE UNIQUE INDEX ON crm.try_index (name__fold)`);
    const huge = Array.from({ length: 255 }, (_, at) =>
      String.fromCodePoint(at % 2 ? 0xfdfa : 0x4e00 + at * 7),
    ).join('');
    const written = field.type.write(huge, field);
    await rows(
      database.pool,
      sql`INSERT INTO crm.try_index VALUES (1, ${written['name']}, ${written['name__fold']})`,
    );
    expect(field.type.literal(huge, field, sampleEnv(catalog))).toEqual({
      ok: true,
      value: written['name__fold'],
    });
  });

  test.skipIf(!sharedFolder('security'))('naughty strings are stored and read back as they are', async () => {
    const field = sampleField(fieldTypes.long_text);
    const strings = naughtyStrings().flatMap((text) => {
      const parsed = field.type.parse(text, field, sampleEnv(catalog));
      return parsed.ok && parsed.value !== null ? [parsed.value as string] : [];
    });
    expect(strings.length).toBeGreaterThan(500);
    await tableFor(field, 'try_naughty', []);
    const [all, folded] = [strings, strings.map((text) => field.type.write(text, field)['value__fold'])];
    await rows(
      database.pool,
      sql`INSERT INTO crm.try_naughty SELECT n, v, f FROM unnest(${all}::text[], ${folded}::text[]) WITH ORDINALITY AS u(v, f, n)`,
    );
    const back = await rows(database.pool, sql`SELECT value FROM crm.try_naughty ORDER BY nr`);
    expect(back.map((one) => one.value)).toEqual(strings);
  });
});

/** Values that no case gives because nobody may write them, so that maintained types are read back too. */
function inventedFor(field: FieldModel): unknown[] {
  if (!field.maintained) return [];
  const byType: Record<string, unknown[]> = {
    bigint: [0, 42],
    'numeric(19,4)': [{ amount: '12.50', currency: 'USD', reporting: '11.46' }],
    'numeric(24,4)': ['0.00', '1234.50', '0.0125'],
    'timestamptz(3)': ['2026-03-09T13:30:00.123Z'],
    'text[]': [['new.owner', 'proposal_sent.offer']],
  };
  return byType[field.type.columns(field)[0]!.type]!;
}

function sharedFolder(name: string): string | undefined {
  const folder = path(import.meta.dirname, '../../../../shared/data', name);
  return existsSync(folder) ? folder : undefined;
}

function naughtyStrings(): string[] {
  const folder = sharedFolder('security')!;
  const lines = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.txt'))
    .flatMap((entry) => readFileSync(path(entry.parentPath, entry.name), 'utf8').split('\n'));
  return [...(JSON.parse(readFileSync(path(folder, 'blns/blns.json'), 'utf8')) as string[]), ...lines];
}

describe('over real text (skipped where ../shared/data is absent)', () => {
  test.skipIf(!sharedFolder('security'))('normalising a naughty string twice is normalising it once', () => {
    const strings = naughtyStrings();
    for (const type of types) {
      const { field, env } = variants(type)[0]!;
      for (const text of strings) {
        expectIdempotent(type.parse(text, field, env), field, env);
        if (type.parseText) expectIdempotent(type.parseText(text, field, env), field, env);
        type.literal(text, field, env);
      }
    }
  });

  test.skipIf(!sharedFolder('text'))(
    'normalising names, companies and addresses twice is normalising them once',
    () => {
      const folder = sharedFolder('text')!;
      const lines = [
        'names/rigour_sample_names.csv',
        'names/nicknames.csv',
        'companies/cleanco_companies.csv',
        'names/probablepeople_test_data_labeled.xml',
      ]
        .flatMap((file) => readFileSync(path(folder, file), 'utf8').split('\n'))
        .flatMap((line) => [line, line.toUpperCase()])
        .filter((line) => line.length < 255);
      expect(lines.length).toBeGreaterThan(2000);
      const env = sampleEnv(catalog);
      for (const type of [
        fieldTypes.text,
        fieldTypes.person_name,
        fieldTypes.url,
        fieldTypes.email,
      ] as const) {
        const field = sampleField(type);
        for (const line of lines) expectIdempotent(type.parse(line, field, env), field, env);
      }
    },
  );

  test.skipIf(!sharedFolder('text'))(
    'e-mail addresses are taken and refused as the labelled sets say',
    () => {
      const folder = path(sharedFolder('text')!, 'email_addresses');
      const field = sampleField(fieldTypes.email);
      const taken = (text: string): boolean => fieldTypes.email.parse(text, field, sampleEnv(catalog)).ok;
      const tests = readFileSync(path(folder, 'isemail_tests.xml'), 'utf8').matchAll(
        /<test id="\d+">.*?<address>(.*?)<\/address>.*?<category>(.*?)<\/category>/gs,
      );
      const wrong: string[] = [];
      for (const [, written, category] of tests) {
        const address = written!
          .replace(/&#x([0-9a-f]+);/gi, (_, code: string) => {
            // Control characters are written as the pictures of them.
            const point = Number.parseInt(code, 16);
            return String.fromCodePoint(point >= 0x2400 && point < 0x2421 ? point - 0x2400 : point);
          })
          .replaceAll('&amp;', '&');
        // White space around an address is taken off before it is judged.
        const fine = category === 'ISEMAIL_VALID_CATEGORY' || category === 'ISEMAIL_DNSWARN';
        if (fine && !taken(address)) wrong.push(`refused ${address}`);
        if (category === 'ISEMAIL_ERR' && address === address.trim() && address !== '' && taken(address))
          wrong.push(`took ${address}`);
      }
      // A bare top-level domain is valid by the letter and a slip in a CRM.
      expect(wrong).toEqual(['refused test@io']);
    },
  );
});
