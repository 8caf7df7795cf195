/** One test of a field: its operator, and each argument as a literal of the field's type or a variable. */
import type { FieldModel } from '../catalog/catalog.ts';
import { suggestion } from '../catalog/nearest.ts';
import { issue } from '../errors/problem.ts';
import type { Operator } from '../kinds/operator.ts';
import { fold } from './fold.ts';
import type { Test } from './grammar.ts';
import type { Argument, ResolvedTest } from './resolved.ts';
import type { Scene } from './scene.ts';
import { parseSpan } from './span.ts';
import { allowed, parseVariable, places, variablesOf, type Variable } from './variables.ts';

const suits = (operator: Operator, field: FieldModel): boolean => {
  const traits = field.type.traits(field);
  return operator.needs.every((trait) => traits.includes(trait));
};

/** Resolves a test, or says what is wrong and gives undefined. */
export function resolveTest(field: FieldModel, test: Test, at: Scene): ResolvedTest | undefined {
  const operator = operatorOf(field, test, at);
  if (!operator) return undefined;
  const { argument } = test;
  const done = (args: readonly Argument[] | undefined, flag = false): ResolvedTest | undefined =>
    args && { operator, args, flag };
  const wrong = (message: string, fix: string): undefined => {
    at.issues.push(issue(test.at, 'invalid_value', message, fix, { operator: operator.key }));
    return undefined;
  };

  switch (operator.argument) {
    case 'flag':
      return typeof argument === 'boolean'
        ? done([], argument)
        : wrong('“{operator}” takes true or false.', 'Write true or false.');
    case 'word': {
      const words = operator.words ?? [];
      return typeof argument === 'string' && words.includes(argument)
        ? done([{ kind: 'literal', value: argument, shown: argument }])
        : wrong('“{operator}” takes a fixed word.', `Use one of: ${words.join(', ')}.`);
    }
    case 'duration': {
      const span = parseSpan(argument);
      return span
        ? done([{ kind: 'literal', value: span, shown: argument }])
        : wrong(
            '“{operator}” takes a span of time.',
            'Write a span such as 30min, 4h, 14d, 2w, 3mo or 1y, up to 200 years.',
          );
    }
    case 'text':
      return done(textArgument(field, argument, test.at, at));
    case 'range': {
      if (!Array.isArray(argument) || argument.length !== 2)
        return wrong('“{operator}” takes two values.', 'Write [from, to].');
      return done(each(argument, (value, index) => valueArgument(field, value, `${test.at}.${index}`, at)));
    }
    case 'values': {
      const list = Array.isArray(argument) ? argument : severalOf(argument) ? [argument] : undefined;
      if (!list) return wrong('“{operator}” takes a list of values.', 'Write [value, value].');
      return done(each(list, (value, index) => valueArgument(field, value, `${test.at}.${index}`, at)));
    }
    case 'value': {
      if (!severalOf(argument) || operator.several === undefined) {
        if (severalOf(argument))
          return wrong('“{operator}” takes one value; this variable has several.', 'Use in.');
        const value = valueArgument(field, argument, test.at, at);
        return done(value && [value]);
      }
      const value = valueArgument(field, argument, test.at, at);
      return (
        value && { operator: at.env.catalog.kinds.operators[operator.several]!, args: [value], flag: false }
      );
    }
  }
}

function operatorOf(field: FieldModel, test: Test, at: Scene): Operator | undefined {
  const operators = at.env.catalog.kinds.operators;
  const fitting = Object.values(operators).filter((operator) => suits(operator, field));
  const known = fitting.map((operator) => operator.key);
  const use = known.length > 0 ? `Use one of: ${known.join(', ')}.` : 'It can be shown, not filtered.';
  if (test.operator === undefined) {
    const found = fitting.find((operator) => operator.short === test.short);
    if (!found) {
      const message =
        test.short === 'null'
          ? '“{label}” is never missing.'
          : '“{label}” cannot be compared with a value alone.';
      at.issues.push(issue(test.at, 'wrong_operator', message, use, { label: field.label }));
    }
    return found;
  }
  if (!Object.hasOwn(operators, test.operator)) {
    const name = test.operator.slice(0, 60);
    at.issues.push(
      issue(test.at, 'unknown_operator', 'There is no operator “{name}”.', suggestion(name, known, use), {
        name,
      }),
    );
    return undefined;
  }
  const operator = operators[test.operator]!;
  if (suits(operator, field)) return operator;
  at.issues.push(
    issue(test.at, 'wrong_operator', '“{operator}” does not go with “{label}”.', use, {
      operator: operator.key,
      label: field.label,
    }),
  );
  return undefined;
}

/** All results, or undefined when one is missing (each says why itself). */
function each<T, R>(list: readonly T[], make: (value: T, index: number) => R | undefined): R[] | undefined {
  const made = list.map(make).filter((one) => one !== undefined);
  return made.length === list.length ? made : undefined;
}

const severalOf = (argument: unknown): boolean =>
  typeof argument === 'string' && parseVariable(argument)?.kind === 'my_team';

/** `$$x` is the text `$x`; undefined when the text is a variable, known or not. */
const plainText = (text: string): string | undefined =>
  text.startsWith('$$') ? text.slice(1) : text.startsWith('$') ? undefined : text;

function textArgument(field: FieldModel, argument: unknown, path: string, at: Scene): Argument[] | undefined {
  const text = typeof argument === 'string' ? plainText(argument) : undefined;
  const value = text === undefined ? '' : (field.type.fragment?.(text, field, at.env.parse) ?? fold(text));
  if (value !== '') return [{ kind: 'literal', value, shown: text }];
  at.issues.push(
    typeof argument === 'string' && text === undefined
      ? issue(
          path,
          'invalid_value',
          'A variable cannot stand here, only text.',
          'For a text that begins with $ write $$.',
        )
      : issue(
          path,
          'invalid_value',
          'This takes a text of at least one character.',
          'Write the text to look for.',
        ),
  );
  return undefined;
}

function valueArgument(field: FieldModel, input: unknown, path: string, at: Scene): Argument | undefined {
  if (input === null || (typeof input === 'string' && input.trim() === '')) {
    at.issues.push(
      issue(
        path,
        'invalid_value',
        'Nothing is compared with “{label}” here.',
        'For empty fields ask {missing: true}.',
        {
          label: field.label,
        },
      ),
    );
    return undefined;
  }
  const value = typeof input === 'string' ? plainText(input) : input;
  if (value === undefined) return variableArgument(field, input as string, path, at);
  const literal = field.type.literal(value, field, at.env.parse);
  if (literal.ok && literal.value !== null && literal.value !== undefined) {
    return { kind: 'literal', value: literal.value, shown: value };
  }
  at.issues.push(
    issue(path, 'invalid_value', '{message}', 'The catalog says what “{label}” ({type}) takes.', {
      message: literal.ok ? 'This cannot be compared: no rate is known for the currency.' : literal.message,
      label: field.label,
      type: field.type.label.toLowerCase(),
    }),
  );
  return undefined;
}

function variableArgument(field: FieldModel, text: string, path: string, at: Scene): Argument | undefined {
  const variable = parseVariable(text);
  const place = at.places.find(
    (one) => !variable || !allowed(variable, one) || (isParent(variable) && !at.around),
  );
  const refuse = (code: string, message: string, fix: string): undefined => {
    at.issues.push(
      issue(path, code, message, fix, {
        label: field.label,
        place: places[place ?? at.env.place].words,
        name: text.slice(0, 60),
      }),
    );
    return undefined;
  };
  if (!variable) {
    const known = [...variablesOf(at.env.place), '$now-14d', '$today+3d'].join(', ');
    return refuse(
      'unknown_variable',
      'There is no variable of this name.',
      `Variables are ${known}. For a text that begins with $ write $$.`,
    );
  }
  if (place !== undefined) {
    const known = variablesOf(place).join(', ');
    return refuse(
      'forbidden_variable',
      '{name} cannot be used in {place}.',
      known ? `Here there are: ${known}.` : 'Write a fixed value.',
    );
  }
  if (variable.kind === 'row') return rowArgument(field, variable, path, at);
  if (variable.kind === 'moment') {
    return field.type.traits(field).includes('temporal')
      ? variable
      : refuse(
          'invalid_value',
          '“{label}” is not a date, so {name} cannot be compared with it.',
          'Compare it with a value of its own kind.',
        );
  }
  const wanted = at.env.catalog.serving[variable.kind === 'me' ? 'user' : 'team'];
  return wanted !== undefined && refersTo(field) === wanted
    ? variable
    : refuse('invalid_value', '“{label}” does not point to {name}.', 'Use it with a field that links there.');
}

const isParent = (variable: Variable): boolean => variable.kind === 'row' && variable.row === 'parent';

/** The object whose ids the field holds: a link's target, or its own for the id. */
const refersTo = (field: FieldModel): string | undefined =>
  field.key === 'id' && field.system ? field.object : field.type.linkTo?.(field);

/** `$old.stage`: the field must exist on that row and be comparable with this one. */
function rowArgument(
  field: FieldModel,
  variable: Extract<Variable, { kind: 'row' }>,
  path: string,
  at: Scene,
): Argument | undefined {
  const object = variable.row === 'parent' ? at.around! : at.env.object;
  const operand = at.operand(variable.field, path, { ...at, object });
  if (!operand) return undefined;
  const [left, right] = [field, operand.field].map((one) => ({
    traits: one.type.traits(one),
    type: one.type.operandType(one),
    points: refersTo(one),
  })) as [Side, Side];
  const alike =
    left.type === right.type || (left.traits.includes('numeric') && right.traits.includes('numeric'));
  if (
    alike &&
    left.points === right.points &&
    !left.traits.includes('set') &&
    !right.traits.includes('set')
  ) {
    return { kind: 'row', row: variable.row, operand };
  }
  at.issues.push(
    issue(
      path,
      'invalid_value',
      '“{label}” cannot be compared with “{other}”.',
      'Compare fields of the same kind.',
      {
        label: field.label,
        other: operand.field.label,
      },
    ),
  );
  return undefined;
}

type Side = { traits: readonly string[]; type: string; points: string | undefined };
