/**
 * A condition judged in memory, for hints while somebody types. Only the record's own fields can be told;
 * anything else is 'unknown', never true. The database stays the judge.
 */
import type { FieldModel } from '../catalog/catalog.ts';
import { resolveCondition } from './resolve.ts';
import type { Argument, Operand, Resolved, ResolvedTest } from './resolved.ts';
import type { ConditionEnv } from './scope.ts';
import { momentAt, type Moment, type Span } from './span.ts';

export type Answer = true | false | 'unknown';

/** `values` are canonical, by field key; null is missing, a key that is absent is unknown. */
export function conditionMatches(
  condition: unknown,
  values: Record<string, unknown>,
  env: Omit<ConditionEnv, 'alias'>,
): Answer {
  const { node, issues } = resolveCondition(condition, env);
  return issues.length > 0 ? 'unknown' : judge(node, values, env);
}

type Env = Omit<ConditionEnv, 'alias'>;

function judge(node: Resolved, values: Record<string, unknown>, env: Env): Answer {
  switch (node.kind) {
    case 'all':
    case 'any': {
      const decisive = node.kind === 'any';
      const answers = node.parts.map((part) => judge(part, values, env));
      return answers.includes(decisive) ? decisive : answers.includes('unknown') ? 'unknown' : !decisive;
    }
    case 'not': {
      const answer = judge(node.part, values, env);
      return answer === 'unknown' ? answer : !answer;
    }
    case 'test':
      return judgeTest(node.operand, node.test, values, env);
    case 'related':
      return 'unknown';
  }
}

const unknown = Symbol('unknown');

/** What the operator compares: null when missing, `unknown` where it cannot be told here. */
function leftOf({ links, field, formula }: Operand, values: Record<string, unknown>, env: Env): unknown {
  if (links.length > 0) return unknown;
  if (formula) {
    const answer = formula.kind === 'condition' ? judge(formula.node, values, env) : 'unknown';
    return answer === 'unknown' ? unknown : answer;
  }
  return Object.hasOwn(values, field.key) && values[field.key] !== undefined
    ? comparable(values[field.key], field)
    : unknown;
}

const comparable = (value: unknown, field: FieldModel): unknown =>
  value === null ? null : field.type.comparable ? field.type.comparable(value, field) : value;

function judgeTest(operand: Operand, test: ResolvedTest, values: Record<string, unknown>, env: Env): Answer {
  const { operator, flag } = test;
  const { field } = operand;
  if (!operator.matches) return 'unknown';
  const left = leftOf(operand, values, env);
  const found = test.args.map((argument) => valuesOf(argument, field, env));
  if (left === unknown || found.some((one) => one === undefined)) return 'unknown';
  const args = found.flatMap((one) => one!);
  const span = operator.argument === 'duration' ? (args[0] as Span) : undefined;
  const asDate = field.type.operandType(field) === 'date';
  const temporal = field.type.traits(field).includes('temporal');
  const at = (base: Moment['base'], sign: 1 | -1, length?: Span): unknown =>
    moment({ base, sign, span: length }, field, env);
  return operator.matches(left, operator.argument === 'values' ? [args] : args, flag, {
    catalog: env.catalog,
    field,
    present: operand.formula ? left !== null : (values[field.key] ?? null) !== null,
    now: temporal ? at('now', 1) : null,
    span: span && {
      ago: at(asDate ? 'today' : 'now', -1, span),
      ahead: at(asDate ? 'today' : 'now', 1, span),
    },
  });
}

/** A point in time as the field's own literals are. */
function moment(of: Moment, field: FieldModel, env: Env): unknown {
  const asDate = field.type.operandType(field) === 'date';
  const text = momentAt(of, env.scope.now ?? env.parse.now, env.parse.timeZone, asDate);
  const literal = field.type.literal(text, field, env.parse);
  return literal.ok ? literal.value : text;
}

/** The argument's values, or undefined where the variable has none here: then the test is unknown. */
function valuesOf(argument: Argument, field: FieldModel, env: Env): unknown[] | undefined {
  switch (argument.kind) {
    case 'literal':
      return [argument.value];
    case 'me':
      return env.scope.me === null ? undefined : [env.scope.me];
    case 'my_team':
      return env.scope.teams.length === 0 ? undefined : [...env.scope.teams];
    case 'moment':
      return [moment(argument.moment, field, env)];
    case 'row': {
      const source = argument.row === 'parent' ? undefined : env.scope[argument.row];
      const other = argument.operand.field;
      if (!source || !('values' in source) || argument.operand.formula || !(other.key in source.values))
        return undefined;
      return [comparable(source.values[other.key] ?? null, other)];
    }
  }
}
