/** Does a condition hold together in its place? The question every door and every definition asks first. */
import type { Catalog, FieldModel } from '../catalog/catalog.ts';
import { issue, type Issue } from '../errors/problem.ts';
import type { ParseEnv } from '../kinds/field-type.ts';
import { resolveCondition, resolveFormula } from './resolve.ts';
import { neutralParse, type Visibility } from './scope.ts';
import type { Place } from './variables.ts';

/** Every unknown field, operator, wrong literal, forbidden variable and excess, with its path. Never throws. */
export function checkCondition(
  condition: unknown,
  input: {
    catalog: Catalog;
    object: string;
    place: Place;
    path?: string;
    may?: Visibility;
    parse?: ParseEnv;
  },
): Issue[] {
  const { path = '', parse = neutralParse(input.catalog), ...env } = input;
  return resolveCondition(condition, { ...env, parse }, path).issues;
}

/** The same for a computed field: what it means must hold together, and give what it promises. */
export function checkComputed(
  field: FieldModel,
  input: { catalog: Catalog; path?: string; place?: Place; may?: Visibility },
): Issue[] {
  const { catalog, path = `objects.${field.object}.fields.${field.key}`, place = 'computed', may } = input;
  const { formula, issues } = resolveFormula(
    field,
    { catalog, place, may, parse: neutralParse(catalog) },
    path,
  );
  const computed = field.type.computed?.(field);
  if (formula?.kind !== 'expression' || !computed || !('result' in computed)) return issues;
  const given = formula.node.type;
  if (given === computed.result || given === 'null') return issues;
  return [
    ...issues,
    issue(
      path,
      'wrong_result',
      'The expression gives {given}, and the field promises {result}.',
      'Write result: {given}.',
      {
        given,
        result: computed.result,
      },
    ),
  ];
}
