import { z } from 'zod';
import { conditionReads } from '../../core/conditions/reads.ts';
import { ConditionShape } from '../../core/definitions/common.ts';
import { askedCondition } from './asked-condition.ts';

const settings = z.strictObject({
  condition: ConditionShape.meta({ description: 'What must be so, over the record' }),
  say: z.string().min(8).meta({ description: 'What is missing when it is not so, in one sentence' }),
  fix: z
    .string()
    .min(3)
    .optional()
    .meta({ description: 'What to do, in one sentence; default the condition in words' }),
});

export const condition = askedCondition<z.infer<typeof settings>>({
  key: 'condition',
  label: 'Condition',
  meaning: 'A condition over the record holds.',
  settings,
  at: 'condition',
  asks: (given) => given.condition,
  missing(given, env) {
    const reads = conditionReads(given.condition, {
      catalog: env.catalog,
      object: env.object.key,
      place: 'checkpoint',
    });
    const set = [...reads.fields].filter((key) => !env.object.fields.get(key)?.maintained);
    const say = given.fix ?? `See to it that ${env.explain(given.condition, env.object.key)}.`;
    return {
      path: set.length === 1 ? set[0]! : '',
      say: given.say,
      fix: set.length > 0 ? { say, set } : { say },
    };
  },
});
