/**
 * Computed expressions: what they may hold, of which type they are, and their SQL. No operation can fail
 * at run time: what has no answer (a division by zero) is empty.
 */
import type { FieldModel } from '../catalog/catalog.ts';
import { suggestion } from '../catalog/nearest.ts';
import { issue, type Issue } from '../errors/problem.ts';
import { join, raw, sql, type Sql } from '../sql/sql.ts';
import { limits } from './grammar.ts';
import type { ExpressionType, Operand, Resolved, ResolvedExpression } from './resolved.ts';
import { momentToSql } from './span.ts';
import { parseVariable } from './variables.ts';

type Operation = {
  least: number;
  most: number;
  /** Type of the result from those of the arguments, or the sentence that says what it takes. */
  result(
    types: readonly ExpressionType[],
    args: readonly ResolvedExpression[],
  ): { type: ExpressionType } | { takes: string };
  sql(args: readonly Sql[], types: readonly ExpressionType[], timeZone: string): Sql;
};

const all = (types: readonly ExpressionType[], ...wanted: readonly ExpressionType[]): boolean =>
  types.every((type) => type === 'null' || wanted.includes(type));

/** The one type of all that are not null; undefined when they differ. */
function common(types: readonly ExpressionType[]): ExpressionType | undefined {
  const found = new Set(types.filter((type) => type !== 'null'));
  return found.size > 1 ? undefined : ([...found][0] ?? 'null');
}

const numbers = (make: (args: readonly Sql[]) => Sql, least: number, most = 20): Operation => ({
  least,
  most,
  result: (types) => (all(types, 'number') ? { type: 'number' } : { takes: 'numbers' }),
  sql: make,
});

const alike = (make: (args: readonly Sql[]) => Sql): Operation => ({
  least: 2,
  most: 20,
  result: (types) => {
    const type = common(types);
    return type ? { type } : { takes: 'values of one kind' };
  },
  sql: make,
});

const texts = (type: 'text' | 'number', make: (text: Sql) => Sql): Operation => ({
  least: 1,
  most: 1,
  result: (types) => (all(types, 'text') ? { type } : { takes: 'a text' }),
  sql: ([text]) => make(text!),
});

const dayOf = (value: Sql, type: ExpressionType, timeZone: string): Sql =>
  type === 'datetime' ? sql`(${value} AT TIME ZONE ${timeZone}::text)::date` : sql`${value}::date`;

const operations: Readonly<Record<string, Operation>> = {
  add: numbers((args) => sql`(${join(args, ' + ')})`, 2),
  subtract: numbers(([a, b]) => sql`(${a!} - ${b!})`, 2, 2),
  multiply: numbers((args) => sql`(${join(args, ' * ')})`, 2),
  divide: numbers(([a, b]) => sql`(${a!} / NULLIF(${b!}, 0))`, 2, 2),
  abs: numbers(([a]) => sql`abs(${a!})`, 1, 1),
  round: {
    least: 1,
    most: 2,
    result: (types, args) => {
      const digits = args[1];
      const fine =
        !digits ||
        (digits.kind === 'literal' &&
          Number.isInteger(digits.value) &&
          Math.abs(digits.value as number) <= 6);
      return all(types, 'number') && fine
        ? { type: 'number' }
        : { takes: 'a number, and as second a whole number from -6 to 6' };
    },
    sql: ([value, digits]) => (digits ? sql`round(${value!}, ${digits}::integer)` : sql`round(${value!})`),
  },
  min: alike((args) => sql`LEAST(${join(args)})`),
  max: alike((args) => sql`GREATEST(${join(args)})`),
  coalesce: alike((args) => sql`COALESCE(${join(args)})`),
  days_between: {
    least: 2,
    most: 2,
    result: (types) => (all(types, 'date', 'datetime') ? { type: 'number' } : { takes: 'two dates' }),
    sql: ([from, to], types, zone) =>
      sql`(${dayOf(to!, types[1]!, zone)} - ${dayOf(from!, types[0]!, zone)})::numeric`,
  },
  year: {
    least: 1,
    most: 1,
    result: (types) => (all(types, 'date', 'datetime') ? { type: 'number' } : { takes: 'a date' }),
    sql: ([at], types, zone) => sql`extract(year FROM ${dayOf(at!, types[0]!, zone)})::numeric`,
  },
  concat: {
    least: 1,
    most: 20,
    result: (types) =>
      all(types, 'text', 'number', 'date') ? { type: 'text' } : { takes: 'texts, numbers and dates' },
    sql: (args, types) =>
      sql`NULLIF(concat(${join(args.map((arg, index) => (types[index] === 'number' ? sql`trim_scale(${arg})` : arg)))}), '')`,
  },
  // The columns are COLLATE "C", which knows the letters of ASCII alone.
  lower: texts('text', (text) => sql`lower(${text} COLLATE "default")`),
  upper: texts('text', (text) => sql`upper(${text} COLLATE "default")`),
  trim: texts('text', (text) => sql`NULLIF(btrim(${text}), '')`),
  length: texts('number', (text) => sql`char_length(${text})::numeric`),
};

/** Names of the operations, for the reference docs and the editor. */
export const operationNames: readonly string[] = Object.keys(operations);

export type ExpressionTools = {
  issues: Issue[];
  room(path: string): boolean;
  operand(name: string, path: string): Operand | undefined;
  condition(condition: unknown, path: string): Resolved | undefined;
  /** May it use now and today here? */
  time: boolean;
};

/** Resolves an expression; undefined with issues when something in it does not hold. */
export function resolveExpression(
  expression: unknown,
  path: string,
  tools: ExpressionTools,
  depth = 1,
): ResolvedExpression | undefined {
  const refuse = (
    code: string,
    message: string,
    fix: string,
    params?: Record<string, unknown>,
  ): undefined => {
    if (tools.issues.length < 50) tools.issues.push(issue(path, code, message, fix, params));
    return undefined;
  };
  if (depth > limits.depth)
    return refuse(
      'too_deep',
      `An expression nests at most ${limits.depth} deep.`,
      'Split it into several fields.',
    );
  if (!tools.room(path)) return undefined;
  const literal = literalOf(expression);
  if (literal) return literal;
  if (typeof expression !== 'object' || expression === null || Array.isArray(expression)) {
    return refuse(
      'invalid_expression',
      'This is no expression.',
      'Write a value, {field: key} or {op: name, args: […]}.',
    );
  }
  const inner = (value: unknown, key: string) => resolveExpression(value, `${path}.${key}`, tools, depth + 1);
  const node = expression as Record<string, unknown>;
  const keys = Object.keys(node).sort().join();

  if (keys === 'field' && typeof node.field === 'string') {
    const operand = tools.operand(node.field, `${path}.field`);
    if (!operand) return undefined;
    const type = typeOf(operand.field);
    return type
      ? { kind: 'field', type, operand }
      : refuse(
          'invalid_expression',
          '“{label}” cannot be computed with.',
          'Use a text, number, date or yes/no field.',
          {
            label: operand.field.label,
          },
        );
  }
  if (keys === '$' && typeof node.$ === 'string') {
    const variable = parseVariable(`$${node.$}`);
    if (variable?.kind !== 'moment')
      return refuse(
        'unknown_variable',
        'There is no variable of this name.',
        'Here there are now and today, with an offset such as today-14d.',
      );
    if (!tools.time)
      return refuse(
        'forbidden_variable',
        'Now and today cannot be used here.',
        'Leave out what depends on the clock.',
      );
    return {
      kind: 'moment',
      type: variable.moment.base === 'today' ? 'date' : 'datetime',
      moment: variable.moment,
    };
  }
  if (keys === 'args,op' && typeof node.op === 'string' && Array.isArray(node.args)) {
    if (!Object.hasOwn(operations, node.op)) {
      const known = operationNames.join(', ');
      return refuse(
        'unknown_operation',
        'There is no operation “{op}”.',
        suggestion(node.op, operationNames, `Use one of: ${known}.`),
        {
          op: node.op.slice(0, 60),
        },
      );
    }
    const operation = operations[node.op]!;
    const { least, most } = operation;
    if (node.args.length < least || node.args.length > most) {
      const count = least === most ? `${least}` : `${least} to ${most}`;
      return refuse('invalid_expression', '“{op}” takes {count} arguments.', 'Give it as many.', {
        op: node.op,
        count,
      });
    }
    const args = node.args
      .map((arg, index) => inner(arg, `args.${index}`))
      .filter((arg) => arg !== undefined);
    if (args.length < node.args.length) return undefined;
    const result = operation.result(
      args.map((arg) => arg.type),
      args,
    );
    return 'type' in result
      ? { kind: 'call', type: result.type, op: node.op, args }
      : refuse('invalid_expression', '“{op}” takes {takes}.', 'Change what it is given.', {
          op: node.op,
          takes: result.takes,
        });
  }
  if (keys === 'else,if,then') {
    const test = tools.condition(node.if, `${path}.if`);
    const [yes, no] = [inner(node.then, 'then'), inner(node.else, 'else')];
    if (!test || !yes || !no) return undefined;
    const type = common([yes.type, no.type]);
    return type
      ? { kind: 'if', type, test, then: yes, else: no }
      : refuse(
          'invalid_expression',
          'Both outcomes of “if” are of one kind.',
          'Make then and else both numbers, texts or dates.',
        );
  }
  return refuse(
    'invalid_expression',
    'This is no expression.',
    'Write a value, {field: key}, {op: name, args: […]} or {if, then, else}.',
  );
}

function literalOf(value: unknown): ResolvedExpression | undefined {
  if (value === null) return { kind: 'literal', type: 'null', value };
  if (typeof value === 'boolean') return { kind: 'literal', type: 'yes_no', value };
  if (typeof value === 'number' && Number.isFinite(value)) return { kind: 'literal', type: 'number', value };
  if (
    typeof value === 'string' &&
    value.length <= limits.text &&
    !value.includes('\0') &&
    value.isWellFormed()
  ) {
    return { kind: 'literal', type: 'text', value };
  }
  return undefined;
}

/** The kind of value a field gives an expression; undefined where it gives none. */
function typeOf(field: FieldModel): ExpressionType | undefined {
  const traits = field.type.traits(field);
  if (traits.includes('set') || traits.includes('linked')) return undefined;
  if (traits.includes('numeric')) return 'number';
  if (traits.includes('boolean')) return 'yes_no';
  if (traits.includes('temporal')) return field.type.operandType(field) === 'date' ? 'date' : 'datetime';
  return field.type.operandType(field) === 'text' ? 'text' : undefined;
}

export type ExpressionSql = {
  /** The field's value as expressions use it: for text as it was written, not its folded form. */
  operand(operand: Operand): Sql;
  condition(node: Resolved): Sql;
  now: Sql;
  timeZone: string;
};

const casts: Record<ExpressionType, string> = {
  number: 'numeric',
  text: 'text',
  date: 'date',
  datetime: 'timestamptz',
  yes_no: 'boolean',
  null: 'text',
};

/** The SQL of a resolved expression; `as` is the type wanted of it. */
export function expressionToSql(
  node: ResolvedExpression,
  tools: ExpressionSql,
  as: ExpressionType = node.type,
): Sql {
  const cast = raw(casts[as]);
  if (node.kind === 'literal') return node.value === null ? sql`NULL::${cast}` : sql`${node.value}::${cast}`;
  if (node.kind === 'field') return sql`${tools.operand(node.operand)}::${cast}`;
  if (node.kind === 'moment')
    return momentToSql(node.moment, tools.now, tools.timeZone, node.type === 'date');
  if (node.kind === 'if') {
    return sql`(CASE WHEN ${tools.condition(node.test)} THEN ${expressionToSql(node.then, tools, as)} ELSE ${expressionToSql(node.else, tools, as)} END)`;
  }
  const operation = operations[node.op]!;
  const types = node.args.map((arg) => arg.type);
  const shared = common(types);
  // A bare null takes the type of its neighbours, so that every parameter has one.
  const wanted = (type: ExpressionType): ExpressionType =>
    type !== 'null' ? type : shared && shared !== 'null' ? shared : as !== 'null' ? as : 'text';
  const args = node.args.map((arg) => expressionToSql(arg, tools, wanted(arg.type)));
  return operation.sql(args, types, tools.timeZone);
}
