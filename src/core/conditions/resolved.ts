/** A condition after every name in it has been found in a catalog: what SQL, memory and words are made from. */
import type { FieldModel, ReverseLink } from '../catalog/catalog.ts';
import type { Operator } from '../kinds/operator.ts';
import type { Moment } from './span.ts';
import type { RowVariable } from './variables.ts';

/** A field reached from a record: over links, one record each, or its own. */
export type Operand = {
  links: readonly FieldModel[];
  field: FieldModel;
  /** The meaning of a computed field, to be written in its place. */
  formula?: Formula;
};

export type Formula =
  { kind: 'condition'; node: Resolved } | { kind: 'expression'; node: ResolvedExpression };

export type Argument =
  | { kind: 'literal'; value: unknown; shown: unknown }
  | { kind: 'me' }
  | { kind: 'my_team' }
  | { kind: 'moment'; moment: Moment }
  | { kind: 'row'; row: RowVariable; operand: Operand };

export type ResolvedTest = {
  operator: Operator;
  /** One per value; for a list all its members. */
  args: readonly Argument[];
  flag: boolean;
};

export type Resolved =
  | { kind: 'all' | 'any'; parts: readonly Resolved[] }
  | { kind: 'not'; part: Resolved }
  | { kind: 'test'; operand: Operand; test: ResolvedTest }
  | {
      kind: 'related';
      /** Links followed before the records that point there are looked at. */
      links: readonly FieldModel[];
      link: ReverseLink;
      quantifier: 'some' | 'none' | 'count';
      where: Resolved | undefined;
      tests: readonly ResolvedTest[];
    };

export type ExpressionType = 'number' | 'text' | 'date' | 'datetime' | 'yes_no' | 'null';

export type ResolvedExpression =
  | { kind: 'literal'; type: ExpressionType; value: string | number | boolean | null }
  | { kind: 'field'; type: ExpressionType; operand: Operand }
  | { kind: 'moment'; type: ExpressionType; moment: Moment }
  | { kind: 'call'; type: ExpressionType; op: string; args: readonly ResolvedExpression[] }
  | { kind: 'if'; type: ExpressionType; test: Resolved; then: ResolvedExpression; else: ResolvedExpression };
