/** What an operator of the condition language is: one file with its SQL meaning and its in-memory meaning. */
import type { Catalog, FieldModel } from '../catalog/catalog.ts';
import type { Sql } from '../sql/sql.ts';
import type { Trait } from './field-type.ts';

/**
 * Shape of the argument: a literal of the field's type, a list of them, `[from, to]`, true/false,
 * plain text, a duration such as `14d`, or a fixed word.
 */
export type ArgumentShape = 'value' | 'values' | 'range' | 'flag' | 'text' | 'duration' | 'word';

type OperatorInput = {
  catalog: Catalog;
  field: FieldModel;
  /** The operand's expression and its SQL type. */
  left: Sql;
  type: string;
  /** What is NULL exactly where the field is empty: money without a rate has an amount and no operand. */
  present: Sql;
  /**
   * Arguments as typed parameters: one for value, text, duration (interval) and word; two for range;
   * for values ONE array parameter; for flag none.
   */
  args: readonly Sql[];
  /** The same arguments as values, where they are not variables; for values the one list. */
  literals: readonly unknown[];
  flag: boolean;
  /** Instant of judging, as SQL (`now()` unless a clock is given); for a date operand the day of it. */
  now: Sql;
  /** For a duration: that long before and after now, of the operand's own type. */
  span?: { ago: Sql; ahead: Sql };
};

/** What judging in memory may depend on. `now` and `span` are comparable with a temporal `left`. */
type MatchEnv = {
  catalog: Catalog;
  field: FieldModel;
  /** The field has a value, be it one that has no comparable form. */
  present: boolean;
  now: unknown;
  span?: { ago: unknown; ahead: unknown };
};

export type Operator = {
  key: string;
  /** The field must have all of these. */
  needs: readonly Trait[];
  argument: ArgumentShape;
  /** Words allowed for `word`. */
  words?: readonly string[];
  /** A test written without an operator means this one: `{f: value}`, `{f: [values]}` or `{f: null}`. */
  short?: 'value' | 'values' | 'null';
  /** Key of the operator that takes its place when the argument is a variable of several values ($my_team). */
  several?: string;
  /** SQL boolean; NULL counts as false (a `not` around it is written IS NOT TRUE). */
  sql(input: OperatorInput): Sql;
  /**
   * The same over comparable values in memory: `left` from the type's `comparable` (null when missing),
   * `args` as `literal` gave them (for values ONE list). Leave out where only the database can tell.
   */
  matches?(left: unknown, args: readonly unknown[], flag: boolean, env: MatchEnv): boolean;
  /** "is at least 10,000": the part after the field's label. Dates are told as dates where `field` is one. */
  explain(args: readonly string[], flag: boolean, field?: FieldModel): string;
};

export const defineOperator = (operator: Operator): Operator => operator;
