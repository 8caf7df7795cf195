import { z } from 'zod';
import { small, withArticle } from '../../core/conditions/sentence.ts';
import { parseSpan, spanWords } from '../../core/conditions/span.ts';
import { Key, Span } from '../../core/definitions/common.ts';
import { askedCondition, linksFrom, someLinked } from './asked-condition.ts';
import { fieldsMissing, partMissing, several, valueWords } from './words.ts';

const settings = z.strictObject({
  of: z
    .union([Key, z.array(Key).min(1)])
    .meta({ description: 'Type of activity, or several of which any one will do' }),
  result: z.boolean().default(false).meta({ description: 'Its result must be stated' }),
  within: Span.optional().meta({ description: 'It must be as recent as this, such as 14d' }),
  say: z.string().min(8).optional().meta({ description: 'What is missing, in other words' }),
  type_field: Key.default('type'),
  result_field: Key.default('result'),
  date_field: Key.default('occurred_at'),
});
type Settings = z.infer<typeof settings>;

export const activity = askedCondition<Settings>({
  key: 'activity',
  label: 'Activity held',
  meaning:
    'An activity of this type took place: dated, not in the future, with its result where that is asked.',
  settings,
  at: 'of',
  asks: (given, env) =>
    someLinked(
      env.catalog.serving.activity,
      {
        [given.type_field]: several(given.of),
        [given.date_field]: given.within === undefined ? { lte: '$now' } : { within: given.within },
        ...(given.result ? { [given.result_field]: { missing: false } } : {}),
      },
      env,
    ),
  refuses(given, env) {
    const serving = env.catalog.serving.activity;
    const part = partMissing('activity', linksFrom(serving, env), env);
    if (part.length > 0) return part;
    return fieldsMissing(
      {
        type_field: given.type_field,
        date_field: given.date_field,
        ...(given.result ? { result_field: given.result_field } : {}),
      },
      serving!,
      env,
    );
  },
  missing(given, env) {
    const model = env.catalog.objects.get(env.catalog.serving.activity ?? '');
    const kinds = several(given.of);
    const what = withArticle(valueWords(kinds, model?.fields.get(given.type_field), env));
    const span = given.within === undefined ? undefined : parseSpan(given.within);
    const result = small(model?.fields.get(given.result_field)?.label ?? 'result');
    const asked = `${what}${given.result ? ` with its ${result}` : ''}${span ? ` from the last ${spanWords(span)}` : ''}`;
    return {
      path: '',
      say: given.say ?? `There is no record yet of ${asked}.`,
      fix: {
        say: `Log ${asked}.`,
        activity: {
          [given.type_field]: kinds[0],
          [given.date_field]: null,
          ...(given.result ? { [given.result_field]: null } : {}),
        },
      },
    };
  },
});
