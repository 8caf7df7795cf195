/**
 * What a field type is. The engine, conditions, import, API reference and web ask the type through this
 * contract and never by its name; each type is one folder in `src/kinds/fields/`.
 */
import type { z } from 'zod';
import type { Catalog, FieldModel } from '../catalog/catalog.ts';
import type { Issue } from '../errors/problem.ts';
import type { Sql } from '../sql/sql.ts';

/** What an operator may ask of a type; types state them, operators need them. */
export type Trait =
  | 'equatable' // one value that can equal another
  | 'ordered' // has less and more
  | 'textual' // contains, starts with; compared by folded form
  | 'numeric'
  | 'temporal' // a point in time: date or date-time
  | 'boolean'
  | 'set' // several values at once
  | 'linked' // points to a record
  | 'staged' // a pipeline's stage
  | 'presence'; // can be missing (every type but computed yes/no)

export type Column = {
  /** SQL name; the first column of a field is its key. Further ones are `<key>__<part>`. */
  name: string;
  /** SQL type, e.g. `text`, `numeric(19,4)`, `uuid`, `timestamptz`, `text[]`. */
  type: string;
  /** True for text that must sort by bytes: DDL adds COLLATE "C". */
  collateC?: boolean;
};

/** What turning input into a value may depend on. */
export type ParseEnv = {
  catalog: Catalog;
  now: Date;
  timeZone: string; // IANA zone of the workspace
  currency: string; // reporting currency, ISO 4217
  country: string; // ISO 3166 alpha-2, for national phone numbers
  /** For text from files: order of day and month, decimal mark. */
  dateOrder?: 'dmy' | 'mdy' | 'ymd';
  decimal?: '.' | ',';
  /** What one unit of a currency is worth in the reporting currency; null when no rate is known. */
  rate?: (currency: string) => string | number | null;
};

export type Parsed<V> =
  | { ok: true; value: V | null; typed?: string }
  | { ok: false; code: string; message: string; fix: string; params?: Record<string, unknown> };

/** How a type's name lookup may read the linked record: the reader's scope as SQL over alias `n`. */
export type SelectEnv = {
  catalog: Catalog;
  /** Condition on alias that says which records of the object the reader may see; `true` when all. */
  readable(object: string, alias: string): Sql;
  /** The reporting currency, in which sums of money are; without it they are read as a plain amount. */
  currency?: string;
};

export type FieldCase = {
  name: string;
  settings?: Record<string, unknown>;
  input: unknown;
  /** As text from a file instead of JSON. */
  text?: boolean;
  env?: Partial<Pick<ParseEnv, 'country' | 'currency' | 'timeZone' | 'dateOrder' | 'decimal'>>;
  /** The canonical value (JSON), or the code of the refusal. */
  gives?: unknown;
  typed?: string;
  refuses?: string;
};

/** An empty cell is null; a decimal is a number that a double might round. */
export type FileCell = string | number | { decimal: string } | null;

/** How a value stands in two columns of a file: under the field's own key, and beside it. */
export type InFile = {
  /** The second column is called `<field key>.<beside>`. */
  beside: string;
  /** What the API answers → both cells. */
  write(answer: unknown): readonly [FileCell, FileCell];
  /** Both cells → text that `parseText` takes. `ours`: ids in the file are ids of this workspace. */
  read(own: string, beside: string, ours: boolean): string;
};

/**
 * `V`, the canonical value, is plain JSON: what events keep as the old value, what undo writes back,
 * what parsing twice gives again.
 */
export type FieldType<S = any, V = any> = {
  key: string;
  label: string;
  /** One sentence for the reference docs and the editor. */
  meaning: string;
  /** zod schema of the settings beside the common ones; strict. */
  settings: z.ZodType<S>;
  traits(field: FieldModel<S>): readonly Trait[];
  /** Stored columns; none for computed. */
  columns(field: FieldModel<S>): readonly Column[];
  /** True where the engine fills it (rollup, computed): callers may not write it. */
  maintained?: boolean;

  /** JSON input → canonical value. Empty string and null are "no value". Idempotent on its own output. */
  parse(input: unknown, field: FieldModel<S>, env: ParseEnv): Parsed<V>;
  /** Text from a file → canonical value; default `parse`. */
  parseText?(text: string, field: FieldModel<S>, env: ParseEnv): Parsed<V>;
  /** Canonical value → what pg writes, by column name; must name every column. */
  write(value: V | null, field: FieldModel<S>): Record<string, unknown>;
  /** Selected columns → canonical value (null when empty). */
  stored(row: Record<string, unknown>, field: FieldModel<S>): V | null;
  /** Expressions to select by alias; default the stored columns. */
  select?(field: FieldModel<S>, table: string, env: SelectEnv): Record<string, Sql>;
  /** Selected row → what the API answers; default `stored`. */
  read?(row: Record<string, unknown>, field: FieldModel<S>): unknown;

  /** The expression compared, filtered and grouped; default the first column. Text gives its folded form. */
  operand?(field: FieldModel<S>, table: string): Sql;
  /**
   * Sort expressions, most significant first; default the operand. All NOT NULL-safe is not required.
   * With the catalog, values of a list and stages sort by their position.
   */
  order?(field: FieldModel<S>, table: string, catalog?: Catalog): readonly Sql[];
  /** SQL type of the operand, for casting parameters. */
  operandType(field: FieldModel<S>): string;
  /** A literal of a condition → value comparable with the operand (null never). */
  literal(
    input: unknown,
    field: FieldModel<S>,
    env: ParseEnv,
  ): { ok: true; value: unknown } | { ok: false; message: string };
  /** Text looked for within the operand (contains, starts with), in the operand's form; default folded. */
  fragment?(text: string, field: FieldModel<S>, env: ParseEnv): string;
  /** Canonical value → value comparable with `literal`'s result in memory, or null. Default identity. */
  comparable?(value: V | null, field: FieldModel<S>): unknown;
  /** Canonical value or literal → words for people: sentence of a condition, timeline, CSV export. */
  display(value: unknown, field: FieldModel<S>, catalog: Catalog): string;
  /** Text for the record's search column; default none. */
  searchText?(value: V | null, field: FieldModel<S>): string;

  /** JSON Schema of the API's answer and of what is written; with the catalog it enumerates allowed keys. */
  schema(
    field: FieldModel<S>,
    catalog?: Catalog,
  ): { read: Record<string, unknown>; write?: Record<string, unknown> };
  /** Broken references in the settings, found when a catalog is checked. */
  check?(field: FieldModel<S>, catalog: Catalog): readonly Issue[];

  // Capabilities: present on the types that have them.
  /** It takes two columns in a file; without it one, with the value as text. */
  inFile?: InFile;
  /** The part it plays in an object's life: its stage, or the pipeline that the stage is of. */
  role?: 'stage' | 'pipeline';
  /** Its value is the id of an uploaded file. */
  holdsFile?: boolean;
  /** The object this field points to. */
  linkTo?(field: FieldModel<S>): string;
  /** The reference list its values come from. */
  listOf?(field: FieldModel<S>): string;
  /** Where a stored rollup comes from. */
  rollup?(field: FieldModel<S>): Rollup;
  /** Its values are worth something else in another currency. */
  worth?: Worth<S, V>;
  /** Worked out from other fields of the record whenever one of them is written, and stored. */
  derived?(field: FieldModel<S>): Derived<V>;
  /** A never-stored expression over the row `table`. */
  computed?(field: FieldModel<S>): Computed;
  /** Case table for the contract test. */
  cases: readonly FieldCase[];
};

/** What the write path must know to fix what a value is worth in the reporting currency. */
export type Worth<S = any, V = any> = {
  /** ISO 4217. */
  currency(value: V): string;
  /** The value at the rate that `env.rate` knows, null there where none is known. Refuses what grows too large. */
  at(value: V, field: FieldModel<S>, env: ParseEnv): Parsed<V>;
  /** Whether two values differ in their worth alone. */
  same(a: V, b: V): boolean;
  /** What it is in another currency, at the rates of `env.rate`; null where one of the two has none. */
  into(value: V, currency: string, field: FieldModel<S>, env: ParseEnv): Parsed<V> | null;
  /** The parts of a stored value, to be summed. */
  amountSql(field: FieldModel<S>, table: string): Sql;
  currencySql(field: FieldModel<S>, table: string): Sql;
  /** Date field of the record whose day's rate counts, where the definition names one. */
  dated?(field: FieldModel<S>): string | undefined;
};

export type Derived<V = any> = {
  /** Own fields that it is worked out from. */
  reads: readonly string[];
  /** Its value, from the canonical values of those fields. */
  value(valueOf: (key: string) => unknown, env: ParseEnv): Parsed<V>;
};

export type RollupSource = {
  /** Child object (plural key) and its link field that points here. */
  of: string;
  by: string;
  /** Child field summed or compared; none for count. */
  field?: string;
  /** Condition over the child, without $now. */
  where?: unknown;
};
export type Rollup = { fn: 'count' | 'sum' | 'min' | 'max'; sources: readonly RollupSource[] };

export type Computed =
  | { condition: unknown } // yes/no
  | { expression: Expression; result: 'number' | 'text' | 'date' | 'datetime' | 'yes_no' };

/** Expressions: a literal, `{field: key}`, `{$: 'now' | 'today'}`, or one operation over expressions. */
export type Expression =
  | number
  | string
  | boolean
  | null
  | { field: string }
  | { $: string }
  | { op: string; args: readonly Expression[] }
  | { if: unknown; then: Expression; else: Expression };

/** Declares a field type; gives it back typed. */
export const defineFieldType = <S, V>(type: FieldType<S, V>): FieldType<S, V> => type;
