import { z } from 'zod';
import { Key } from '../../core/definitions/common.ts';
import type { CheckpointEnv } from '../../core/kinds/checkpoint-kind.ts';
import { askedCondition, linksFrom, someLinked } from './asked-condition.ts';
import { fieldsMissing, partMissing } from './words.ts';

const settings = z.strictObject({
  say: z.string().min(8).optional().meta({ description: 'What is missing, in other words' }),
  title_field: Key.default('title'),
  due_field: Key.default('due_at'),
  done_field: Key.default('done_at'),
  result_field: Key.default('result'),
  date_field: Key.default('occurred_at'),
});
type Settings = z.infer<typeof settings>;

/** Planned activities count where the catalog has them. */
const planned = (given: Settings, env: CheckpointEnv): boolean => {
  const model = env.catalog.objects.get(env.catalog.serving.activity ?? '');
  return model !== undefined && model.fields.has(given.date_field) && model.fields.has(given.result_field);
};

export const nextStep = askedCondition<Settings>({
  key: 'next_step',
  label: 'Next step open',
  meaning: 'There is a next step: an open task, or an activity planned for later.',
  settings,
  at: 'type',
  asks(given, env) {
    const ways = [
      someLinked(env.catalog.serving.task, { [given.done_field]: { missing: true } }, env),
      planned(given, env)
        ? someLinked(
            env.catalog.serving.activity,
            { [given.result_field]: { missing: true }, [given.date_field]: { gt: '$now' } },
            env,
          )
        : undefined,
    ].filter((way) => way !== undefined);
    return ways.length === 0 ? undefined : { any: ways };
  },
  refuses(given, env) {
    const serving = env.catalog.serving.task;
    const part = partMissing('task', linksFrom(serving, env), env);
    return part.length > 0 ? part : fieldsMissing({ done_field: given.done_field }, serving!, env);
  },
  missing: (given) => ({
    path: '',
    say: given.say ?? 'There is no next step yet: no open task and nothing planned.',
    fix: {
      say: 'Add a task that says what happens next and when, or plan a meeting.',
      task: { [given.title_field]: null, [given.due_field]: null },
    },
  }),
});
