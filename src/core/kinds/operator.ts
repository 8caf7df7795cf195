/** What an operator of the condition language is: one file with its SQL meaning and its in-memory meaning. */
import type { FieldModel } from '../catalog/catalog.ts';
import type { Sql } from '../sql/sql.ts';
import type { Trait } from './field-type.ts';

/**
 * Shape of the argument: a literal of the field's type, a list of them, `[from, to]`, true/false,
 * plain text, a duration such as `14d`, or a fixed word.
 */
export type ArgumentShape = 'value' | 'values' | 'range' | 'flag' | 'text' | 'duration' | 'word';

export type OperatorInput = {
  field: FieldModel;
  /** The operand's expression and its SQL type. */
  left: Sql;
  type: string;
  /**
   * Arguments as typed parameters: one for value, text, duration (interval) and word; two for range;
   * for values ONE array parameter; for flag none.
   */
  args: readonly Sql[];
  flag: boolean;
  /** Instant of judging, as SQL (`now()` unless a clock is given). */
  now: Sql;
};

export type Operator = {
  key: string;
  /** The field must have all of these. */
  needs: readonly Trait[];
  argument: ArgumentShape;
  /** Words allowed for `word`. */
  words?: readonly string[];
  /** SQL boolean; NULL counts as false (a `not` around it is written IS NOT TRUE). */
  sql(input: OperatorInput): Sql;
  /**
   * The same over comparable values in memory: `left` from the type's `comparable` (null when missing),
   * `args` as `literal` gave them. Leave out where only the database can tell.
   */
  matches?(left: unknown, args: readonly unknown[], flag: boolean, env: { now: Date; field: FieldModel }): boolean;
  /** "amount is at least 10,000": the part after the field's label. */
  explain(args: readonly string[], flag: boolean): string;
};

export const defineOperator = (operator: Operator): Operator => operator;
