import { z } from 'zod';
import { nearest } from '../../core/catalog/nearest.ts';
import { small, withArticle } from '../../core/conditions/sentence.ts';
import { ConditionShape } from '../../core/definitions/common.ts';
import { issue } from '../../core/errors/problem.ts';
import { askedCondition } from './asked-condition.ts';

const settings = z.strictObject({
  of: z
    .string()
    .min(1)
    .meta({ description: 'Related records, by the name they have in conditions, such as quotes' }),
  where: ConditionShape.optional().meta({ description: 'Which of them count; default all' }),
  at_least: z.number().int().min(1).max(1_000).default(1),
  say: z.string().min(8).optional().meta({ description: 'What is missing, in other words' }),
});

export const related = askedCondition<z.infer<typeof settings>>({
  key: 'related',
  label: 'Related records exist',
  meaning: 'Enough related records exist that meet a condition.',
  settings,
  at: 'where',
  asks: ({ of, where, at_least }) => ({
    [of]: at_least === 1 ? { some: where ?? {} } : { count: { gte: at_least, where: where ?? {} } },
  }),
  refuses({ of, where }, env) {
    const link = env.object.reverse.get(of);
    if (link) return env.check(where ?? {}, link.object, 'where');
    const found = nearest(of, env.object.reverse.keys());
    const known = [...env.object.reverse.keys()].join(', ');
    const fix = found
      ? 'Did you mean “{found}”?'
      : known
        ? 'Related records are: {known}.'
        : 'Add a link field that points here.';
    return [
      issue('of', 'unknown_related', 'No records called “{of}” point to {object}.', fix, {
        of,
        object: env.object.label.many,
        found,
        known,
      }),
    ];
  },
  missing({ of, where, at_least, say }, env) {
    const object = env.catalog.objects.get(env.object.reverse.get(of)?.object ?? '');
    const one = small(object?.label.one ?? of);
    const what =
      at_least === 1 ? withArticle(one) : `at least ${at_least} ${small(object?.label.many ?? of)}`;
    const which = where && object ? ` where ${env.explain(where, object.key)}` : '';
    return {
      path: '',
      say: say ?? `This needs ${what}${which}.`,
      fix: { say: `Add ${what}${which}.` },
    };
  },
});
