import { z } from 'zod';
import type { FieldModel } from '../../../core/catalog/catalog.ts';
import { ConditionShape } from '../../../core/definitions/common.ts';
import { defineFieldType, type Expression } from '../../../core/kinds/field-type.ts';
import { filledByEngine, isNothing, nothing } from '../answers.ts';
import { type Result, results, resultShape } from '../result.ts';
import { cases } from './computed.cases.ts';

const settings = z
  .strictObject({
    condition: ConditionShape.optional().meta({ description: 'Yes where the condition holds, else no' }),
    expression: z
      .unknown()
      .optional()
      .meta({ description: 'A value, {field: key}, {$: today}, {op: name, args: […]} or {if, then, else}' }),
    result: resultShape(['number', 'text', 'date', 'datetime', 'yes_no']).optional(),
  })
  .check((context) => {
    const { condition, expression, result } = context.value;
    const say = (message: string, path: string): void => {
      context.issues.push({ code: 'custom', message, path: [path], input: context.value });
    };
    if ((condition === undefined) === (expression === undefined))
      say('Write either a condition or an expression.', 'condition');
    else if (condition !== undefined && result !== undefined)
      say('A condition gives yes or no: leave out result.', 'result');
    else if (expression !== undefined && result === undefined)
      say('Say what the expression results in.', 'result');
  });
type Settings = z.infer<typeof settings>;

const resultOf = ({ settings: { result } }: FieldModel<Settings>): Result => results[result ?? 'yes_no'];

/** A condition is always yes or no; only an expression can be without a value. */
const traitsOf = (field: FieldModel<Settings>) =>
  field.settings.condition === undefined
    ? resultOf(field).traits
    : resultOf(field).traits.filter((trait) => trait !== 'presence');

/** Never stored: whoever names it in SQL writes its meaning there, so that today is always today. */
export const computed = defineFieldType<Settings, unknown>({
  key: 'computed',
  label: 'Computed',
  meaning:
    'A condition or an expression over the record’s own fields and rollups, worked out whenever it is asked for.',
  settings,
  traits: traitsOf,
  columns: () => [],
  maintained: true,
  parse: (input, field) => (isNothing(input) ? nothing : filledByEngine(field)),
  write: () => ({}),
  stored: (row, field) => resultOf(field).stored(row[field.key]),
  operandType: (field) => resultOf(field).operand,
  literal: (input, field, env) => resultOf(field).literal(input, field, env),
  comparable: (value, field) => resultOf(field).comparable(value),
  display: (value, field) => resultOf(field).display(value, field),
  schema: (field) => ({ read: resultOf(field).schema(field) }),
  computed: ({ settings: { condition, expression, result } }) =>
    condition === undefined ? { expression: expression as Expression, result: result! } : { condition },
  cases,
});
