import { Select } from '@mantine/core';
import { defineFieldView, type InputProps } from '../../../core/kinds/field-view.ts';
import { messages } from '../../../web/messages/messages.ts';

const words = (value: unknown): string =>
  value === true ? messages.t('fields.yes') : value === false ? messages.t('fields.no') : '';

function YesNoInput({ id, value, onChange, onPick, ...rest }: InputProps<boolean>) {
  return (
    <Select
      id={id}
      data={[
        { value: 'true', label: words(true) },
        { value: 'false', label: words(false) },
      ]}
      value={value === null || value === undefined ? null : String(value)}
      onChange={(key) => {
        const chosen = key === null ? null : key === 'true';
        onChange(chosen);
        onPick?.(chosen);
      }}
      clearable={!rest.required}
      defaultDropdownOpened={Boolean(onPick)}
      placeholder={rest.placeholder ?? messages.t('fields.choose')}
      aria-label={rest.label}
      aria-describedby={rest.describedBy}
      error={rest.invalid}
      required={rest.required}
      autoFocus={rest.autoFocus}
      comboboxProps={{ shadow: 'none' }}
    />
  );
}

export const yesNoView = defineFieldView<boolean>({
  width: 90,
  text: words,
  Cell: ({ value }) => words(value) || null,
  Input: YesNoInput,
});
