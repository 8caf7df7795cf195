import { z } from 'zod';
import { listed } from '../../core/conditions/sentence.ts';
import { Key } from '../../core/definitions/common.ts';
import { issue } from '../../core/errors/problem.ts';
import { askedCondition } from './asked-condition.ts';
import { fieldsMissing } from './words.ts';

const settings = z.strictObject({
  fields: z.array(Key).min(1).meta({ description: 'Fields of the record that must be filled in' }),
  say: z.string().min(3).optional().meta({ description: 'What is missing, in other words' }),
});

export const fields = askedCondition<z.infer<typeof settings>>({
  key: 'fields',
  label: 'Fields filled in',
  meaning: 'These fields of the record are filled in.',
  settings,
  at: 'fields',
  asks: ({ fields: keys }) => ({ all: keys.map((key) => ({ [key]: { missing: false } })) }),
  refuses: ({ fields: keys }, env) =>
    keys.flatMap((key, index) => {
      const field = env.object.fields.get(key);
      if (!field) return fieldsMissing({ [`fields.${index}`]: key }, env.object.key, env);
      if (field.type.traits(field).includes('presence')) return [];
      return [
        issue(
          `fields.${index}`,
          'never_missing',
          '“{label}” is never missing.',
          'Leave it out, or ask with a condition.',
          {
            label: field.label,
          },
        ),
      ];
    }),
  missing({ fields: asked, say }, { object, filled }) {
    const empty = asked.filter((key) => !filled?.(key));
    const keys = empty.length > 0 ? empty : asked;
    const labels = keys.map((key) => object.fields.get(key)?.label ?? key);
    const sentence =
      say ?? `${listed(labels, 'and')} ${labels.length === 1 ? 'is' : 'are'} still to be filled in.`;
    return {
      path: keys.length === 1 ? keys[0]! : '',
      say: sentence,
      fix: { say: `Fill in ${listed(labels, 'and')}.`, set: keys },
    };
  },
});
