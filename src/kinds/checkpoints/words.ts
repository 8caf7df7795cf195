/** Parts of the sentences that checkpoint kinds say. */
import type { FieldModel } from '../../core/catalog/catalog.ts';
import { nearest } from '../../core/catalog/nearest.ts';
import { listed, small } from '../../core/conditions/sentence.ts';
import { issue, type Issue } from '../../core/errors/problem.ts';
import type { CheckpointEnv } from '../../core/kinds/checkpoint-kind.ts';

/** The one or several keys of a setting. */
export const several = <T>(value: T | readonly T[]): readonly T[] =>
  Array.isArray(value) ? value : [value as T];

/** "call or meeting": the words of a field's values, or the keys where the field is not there. */
export function valueWords(
  keys: readonly string[],
  field: FieldModel | undefined,
  env: CheckpointEnv,
): string {
  const words = keys.map((key) => (field ? small(field.type.display(key, field, env.catalog)) || key : key));
  return listed(words, 'or');
}

/** Says which of the named fields the object lacks. */
export function fieldsMissing(
  named: Readonly<Record<string, string>>,
  object: string,
  env: CheckpointEnv,
): Issue[] {
  const model = env.catalog.objects.get(object);
  return Object.entries(named).flatMap(([setting, key]) => {
    if (model?.fields.has(key)) return [];
    const found = nearest(key, model?.fields.keys() ?? []);
    const fix = found ? 'Did you mean “{found}”?' : 'Add the field, or name another in “{setting}”.';
    return [
      issue(setting, 'unknown_field', 'There is no field “{key}” on {object}.', fix, {
        key,
        object: model?.label.many ?? object,
        found,
        setting,
      }),
    ];
  });
}

/** Says that no object plays the part, or that none of its links points to the checked object. */
export function partMissing(
  part: 'activity' | 'task' | 'document',
  links: readonly unknown[],
  env: CheckpointEnv,
): Issue[] {
  const serving = env.catalog.serving[part];
  const params = { part, object: env.object.label.many, serving: serving ?? '' };
  if (serving === undefined) {
    return [
      issue(
        'type',
        'nothing_serves',
        'No object serves as {part}.',
        'Write “serves: {part}” at the object that does.',
        params,
      ),
    ];
  }
  if (links.length > 0) return [];
  return [
    issue('type', 'no_link', '{serving} have no link to {object}.', 'Add a link field to {serving}.', params),
  ];
}
