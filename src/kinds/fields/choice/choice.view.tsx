/** A value of a reference list; also the base of what is chosen from a known handful. */
import { Select } from '@mantine/core';
import type { PublicField } from '../../../core/catalog/public-catalog.ts';
import { defineFieldView, type FieldView, type InputProps, type ViewEnv } from '../../../core/kinds/field-view.ts';
import { messages } from '../../../web/messages/messages.ts';

export type Choice = { key: string; label: string; active: boolean };

/** All values of the field's list, retired ones too: records may still hold them. */
export const listValues = (field: PublicField, env: ViewEnv): readonly Choice[] =>
  env.catalog.lists.find((list) => list.key === field.list)?.values ?? [];

export const choiceLabel = (choices: readonly Choice[], key: unknown): string =>
  choices.find((choice) => choice.key === key)?.label ?? (key === null || key === undefined ? '' : String(key));

/** Values on offer: the living ones, and those chosen already. */
export const offered = (choices: readonly Choice[], chosen: readonly unknown[]): { value: string; label: string }[] =>
  choices
    .filter((choice) => choice.active || chosen.includes(choice.key))
    .map((choice) => ({ value: choice.key, label: choice.label }));

/** A view that chooses one of what `values` gives. */
export function oneOf(
  values: (field: PublicField, env: ViewEnv, record?: Record<string, unknown>) => readonly Choice[],
  changes: Partial<FieldView<string>> = {},
): FieldView<string> {
  function OneOfInput({ id, value, onChange, onPick, field, env, record, ...rest }: InputProps<string>) {
    return (
      <Select
        id={id}
        data={offered(values(field, env, record), [value])}
        value={value ?? null}
        onChange={(key) => {
          onChange(key);
          onPick?.(key);
        }}
        searchable
        clearable={!rest.required}
        defaultDropdownOpened={Boolean(onPick)}
        placeholder={rest.placeholder ?? messages.t('fields.choose')}
        nothingFoundMessage={messages.t('fields.nothingFound')}
        aria-label={rest.label}
        aria-describedby={rest.describedBy}
        error={rest.invalid}
        required={rest.required}
        autoFocus={rest.autoFocus}
        maxDropdownHeight={280}
        comboboxProps={{ shadow: 'none' }}
      />
    );
  }
  return defineFieldView<string>({
    width: 140,
    text: (value, field, env) => choiceLabel(values(field, env), value),
    Cell: ({ value, field, env, record }) => choiceLabel(values(field, env, record), value) || null,
    Input: OneOfInput,
    ...changes,
  });
}

export const choiceView = oneOf(listValues);
