/** A value of a reference list; also the base of what is chosen from a known handful. */
import type { PublicField } from '../../../core/catalog/public-catalog.ts';
import { defineFieldView, type FieldView, type ViewEnv } from '../../../core/kinds/field-view.ts';
import { lazyInput } from '../../../web/ui/lazy-input.tsx';

export type Choice = { key: string; label: string; active: boolean };

/** All values of the field's list, retired ones too: records may still hold them. */
export const listValues = (field: PublicField, env: ViewEnv): readonly Choice[] =>
  env.catalog.lists.find((list) => list.key === field.list)?.values ?? [];

export const choiceLabel = (choices: readonly Choice[], key: unknown): string =>
  choices.find((choice) => choice.key === key)?.label ??
  (key === null || key === undefined ? '' : String(key));

/** Values on offer: the living ones, and those chosen already. */
export const offered = (
  choices: readonly Choice[],
  chosen: readonly unknown[],
): { value: string; label: string }[] =>
  choices
    .filter((choice) => choice.active || chosen.includes(choice.key))
    .map((choice) => ({ value: choice.key, label: choice.label }));

export const ChoiceInput = lazyInput(async () => (await import('./choice-input.tsx')).ChoiceInput);

/** A view that chooses one of what `values` gives. */
export function oneOf(
  values: (field: PublicField, env: ViewEnv, record?: Record<string, unknown>) => readonly Choice[],
  changes: Partial<FieldView<string>> = {},
): FieldView<string> {
  return defineFieldView<string>({
    width: 140,
    choices: (field, env) => values(field, env),
    text: (value, field, env) => choiceLabel(values(field, env), value),
    Cell: ({ value, field, env, record }) => choiceLabel(values(field, env, record), value) || null,
    Input: (props) => (
      <ChoiceInput {...props} data={offered(values(props.field, props.env, props.record), [props.value])} />
    ),
    preload: ChoiceInput.preload,
    ...changes,
  });
}

export const choiceView = oneOf(listValues);
