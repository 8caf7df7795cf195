/**
 * Conditions and field paths → SQL. Nothing fails open: what does not resolve throws, and a test whose
 * variable has no value ($me of a key without user) never helps the condition to hold, not even under `not`.
 */
import type { FieldModel } from '../catalog/catalog.ts';
import { invalid, isProblem } from '../errors/problem.ts';
import { and, ident, join, or, raw, sql, type Sql } from '../sql/sql.ts';
import { countField } from './count-field.ts';
import { expressionToSql } from './expression.ts';
import { resolveCondition, resolvePath } from './resolve.ts';
import type { Argument, Operand, Resolved, ResolvedTest } from './resolved.ts';
import type { ConditionEnv, RowSource } from './scope.ts';
import { momentToSql, spanToSql, type Span } from './span.ts';

/**
 * A boolean over the row `env.alias`; NULL counts as false. Throws a Problem (422) with the findings of
 * `checkCondition` when the condition does not hold together.
 */
export function conditionToSql(condition: unknown, env: ConditionEnv): Sql {
  const { node, issues } = resolveCondition(condition, env);
  if (issues.length > 0) throw invalid(issues);
  return emit(node, rowOf(env), writer(env), true);
}

/** For scopes already saved: a condition that no longer resolves matches nothing. */
export function conditionToSqlOrNothing(condition: unknown, env: ConditionEnv): Sql {
  try {
    return conditionToSql(condition, env);
  } catch (error) {
    if (isProblem(error)) return raw('false');
    throw error;
  }
}

/**
 * The operand of a field path over `env.alias`, computed fields written out: what sorting, selecting,
 * summing and grouping share with conditions. Throws a Problem (422) when there is no such field.
 */
export function fieldToSql(path: string, env: ConditionEnv): { sql: Sql; field: FieldModel; type: string } {
  const { operand, issues } = resolvePath(path, env);
  if (!operand || issues.length > 0) throw invalid(issues);
  const { field } = operand;
  return { sql: operandToSql(operand, env.alias, writer(env)), field, type: field.type.operandType(field) };
}

type Writer = { env: ConditionEnv; now: Sql; taken: number };
/** The row a test is about, and the one around it inside a related record's condition. */
type Row = { alias: string; around?: string };

const rowOf = (env: ConditionEnv): Row => ({ alias: env.alias });

const writer = (env: ConditionEnv): Writer => ({
  env,
  now: env.scope.now ? sql`${env.scope.now.toISOString()}::timestamptz` : raw('now()'),
  taken: 0,
});

/** Built upon the outer alias, so that a reader's scope compiled for it cannot meet its own names again. */
const fresh = (to: Writer): string => `${to.env.alias}_${++to.taken}`;

/** `helps` is false where the node's truth counts against the whole, under an odd number of negations. */
function emit(node: Resolved, row: Row, to: Writer, helps: boolean): Sql {
  switch (node.kind) {
    case 'all':
      return and(node.parts.map((part) => emit(part, row, to, helps)));
    case 'any':
      return or(node.parts.map((part) => emit(part, row, to, helps)));
    case 'not':
      return sql`((${emit(node.part, row, to, !helps)}) IS NOT TRUE)`;
    case 'test':
      if (node.test.args.some((argument) => isVoid(argument, to))) return raw(helps ? 'false' : 'true');
      return testToSql(
        node.operand.field,
        operandToSql(node.operand, row.alias, to),
        operandToSql(node.operand, row.alias, to, presence),
        node.test,
        row,
        to,
      );
    case 'related':
      return emitRelated(node, row, to, helps);
  }
}

/** Over links the question is put to the linked record; without one the answer is NULL, which is no. */
function emitRelated(
  node: Extract<Resolved, { kind: 'related' }>,
  row: Row,
  to: Writer,
  helps: boolean,
): Sql {
  if (node.quantifier === 'count' && node.where && holdsVoid(node.where, to))
    return raw(helps ? 'false' : 'true');
  return linkedToSql(node.links, row.alias, to, (alias) => relatedToSql(node, alias, to, helps));
}

function relatedToSql(
  node: Extract<Resolved, { kind: 'related' }>,
  alias: string,
  to: Writer,
  helps: boolean,
): Sql {
  const { link, quantifier } = node;
  const child = fresh(to);
  const field = to.env.catalog.objects.get(link.object)!.fields.get(link.field)!;
  const inside: Row = { alias: child, around: alias };
  const parts = [
    sql`${columnOperand(field, child)} = ${ident(alias, 'id')}`,
    sql`${ident(child, 'archived_at')} IS NULL`,
  ];
  if (node.where) parts.push(emit(node.where, inside, to, quantifier === 'none' ? !helps : helps));
  const readable = to.env.may?.readable(link.object, child);
  if (readable) parts.push(readable);
  const from = sql`FROM ${ident('crm', link.object)} ${ident(child)} WHERE ${and(parts)}`;
  if (quantifier === 'some') return sql`EXISTS (SELECT 1 ${from})`;
  if (quantifier === 'none') return sql`NOT EXISTS (SELECT 1 ${from})`;
  const left = sql`(SELECT count(*) ${from})`;
  return and(node.tests.map((test) => testToSql(countField(link.object), left, left, test, inside, to)));
}

function testToSql(
  field: FieldModel,
  left: Sql,
  present: Sql,
  test: ResolvedTest,
  row: Row,
  to: Writer,
): Sql {
  const { operator, flag } = test;
  const whole = field.type.operandType(field);
  const type = whole.endsWith('[]') ? whole.slice(0, -2) : whole;
  const asDate = type === 'date';
  const temporal = field.type.traits(field).includes('temporal');
  const literals = test.args.map((argument) => (argument.kind === 'literal' ? argument.value : undefined));
  const common = { catalog: to.env.catalog, field, left, present, type, flag };
  const now = temporal
    ? momentToSql({ base: 'now', sign: 1 }, to.now, to.env.parse.timeZone, asDate)
    : to.now;
  switch (operator.argument) {
    case 'values':
      return operator.sql({
        ...common,
        now,
        args: [listToSql(test.args, field, type, row, to)],
        literals: [literals],
      });
    case 'duration': {
      const span = literals[0] as Span;
      const at = (sign: 1 | -1): Sql =>
        momentToSql({ base: asDate ? 'today' : 'now', sign, span }, to.now, to.env.parse.timeZone, asDate);
      return operator.sql({
        ...common,
        now,
        args: [spanToSql(span)],
        literals,
        span: { ago: at(-1), ahead: at(1) },
      });
    }
    case 'text':
    case 'word':
      return operator.sql({ ...common, now, args: literals.map((value) => sql`${value}::text`), literals });
    default:
      return operator.sql({
        ...common,
        now,
        args: test.args.map((one) => argumentToSql(one, field, type, row, to)),
        literals,
      });
  }
}

/** A list as ONE array parameter; variables in it are appended. */
function listToSql(args: readonly Argument[], field: FieldModel, type: string, row: Row, to: Writer): Sql {
  const array = raw(`${type}[]`);
  const literals = args.flatMap((argument) => (argument.kind === 'literal' ? [argument.value] : []));
  const rest = args.filter((argument) => argument.kind !== 'literal');
  if (rest.length === 0) return sql`${literals}::${array}`;
  const parts = rest.map((argument) =>
    argument.kind === 'my_team'
      ? sql`${[...to.env.scope.teams]}::${array}`
      : sql`ARRAY[${argumentToSql(argument, field, type, row, to)}]::${array}`,
  );
  if (literals.length > 0) parts.unshift(sql`${literals}::${array}`);
  return parts.length === 1 ? parts[0]! : sql`(${join(parts, ' || ')})`;
}

function argumentToSql(argument: Argument, field: FieldModel, type: string, row: Row, to: Writer): Sql {
  const cast = raw(type);
  switch (argument.kind) {
    case 'literal':
      return sql`${argument.value}::${cast}`;
    case 'me':
      return sql`${to.env.scope.me}::${cast}`;
    case 'my_team':
      return sql`${[...to.env.scope.teams]}::${cast}[]`;
    case 'moment':
      return momentToSql(argument.moment, to.now, to.env.parse.timeZone, type === 'date');
    case 'row': {
      const source = sourceOf(argument, row, to)!;
      if ('alias' in source) return operandToSql(argument.operand, source.alias, to);
      const other = argument.operand.field;
      const value = source.values[other.key] ?? null;
      return sql`${value === null ? null : (other.type.comparable?.(value, other) ?? value)}::${cast}`;
    }
  }
}

function sourceOf(argument: Extract<Argument, { kind: 'row' }>, row: Row, to: Writer): RowSource | undefined {
  if (argument.row !== 'parent') return to.env.scope[argument.row];
  return row.around === undefined ? undefined : { alias: row.around };
}

/** A variable without a value: nobody asks, no team, no such row. */
function isVoid(argument: Argument, to: Writer): boolean {
  if (argument.kind === 'me') return to.env.scope.me === null;
  if (argument.kind === 'my_team') return to.env.scope.teams.length === 0;
  if (argument.kind !== 'row' || argument.row === 'parent') return false;
  const source = to.env.scope[argument.row];
  return !source || ('values' in source && argument.operand.formula !== undefined);
}

function holdsVoid(node: Resolved, to: Writer): boolean {
  switch (node.kind) {
    case 'all':
    case 'any':
      return node.parts.some((part) => holdsVoid(part, to));
    case 'not':
      return holdsVoid(node.part, to);
    case 'test':
      return node.test.args.some((argument) => isVoid(argument, to));
    case 'related':
      return node.where !== undefined && holdsVoid(node.where, to);
  }
}

const columnOperand = (field: FieldModel, alias: string): Sql =>
  field.type.operand?.(field, alias) ?? ident(alias, field.key);

/** NULL exactly where the field is empty. */
const presence = (field: FieldModel, alias: string): Sql => ident(alias, field.key);

/** The text as written; other operands as they are compared. */
const plainOperand = (field: FieldModel, alias: string): Sql =>
  field.type.operandType(field) === 'text' ? ident(alias, field.key) : columnOperand(field, alias);

function operandToSql(operand: Operand, alias: string, to: Writer, column = columnOperand): Sql {
  return linkedToSql(operand.links, alias, to, (at) =>
    operand.formula ? formulaToSql(operand, at, to) : column(operand.field, at),
  );
}

function formulaToSql({ formula, field }: Operand, alias: string, to: Writer): Sql {
  if (formula!.kind === 'condition') return sql`((${emit(formula!.node, { alias }, to, true)}) IS TRUE)`;
  const made = expressionToSql(formula!.node, {
    operand: (operand) => operandToSql(operand, alias, to, plainOperand),
    condition: (node) => emit(node, { alias }, to, true),
    now: to.now,
    timeZone: to.env.parse.timeZone,
  });
  const type = field.type.operandType(field);
  // Text is ordered by its bytes wherever it comes from, never by the server's locale.
  return sql`(${made})::${raw(type === 'text' ? 'text COLLATE "C"' : type)}`;
}

/** Follows links, one correlated scalar subselect each, where the asker may read the records on the way. */
function linkedToSql(
  links: readonly FieldModel[],
  alias: string,
  to: Writer,
  last: (alias: string) => Sql,
): Sql {
  const [link, ...rest] = links;
  if (!link) return last(alias);
  const target = link.type.linkTo!(link);
  const next = fresh(to);
  const parts = [sql`${ident(next, 'id')} = ${columnOperand(link, alias)}`];
  const readable = to.env.may?.readable(target, next);
  if (readable) parts.push(readable);
  return sql`(SELECT ${linkedToSql(rest, next, to, last)} FROM ${ident('crm', target)} ${ident(next)} WHERE ${and(parts)})`;
}
