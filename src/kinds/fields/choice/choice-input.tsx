/** Chooses one of a known handful. */
import { Select } from '@mantine/core';
import type { InputProps } from '../../../core/kinds/field-view.ts';
import { messages } from '../../../web/messages/messages.ts';

type Props = InputProps<string> & { data: readonly { value: string; label: string }[] };

export function ChoiceInput({ id, data, value, onChange, onPick, ...rest }: Props) {
  return (
    <Select
      id={id}
      data={[...data]}
      value={value ?? null}
      onChange={(key) => {
        onChange(key);
        onPick?.(key);
      }}
      searchable={data.length > 6}
      clearable={!rest.required}
      defaultDropdownOpened={rest.openAtOnce}
      placeholder={rest.placeholder ?? messages.t('fields.choose')}
      nothingFoundMessage={messages.t('fields.nothingFound')}
      aria-label={rest.label}
      aria-describedby={rest.describedBy}
      error={rest.invalid}
      required={rest.required}
      autoFocus={rest.autoFocus}
      data-autofocus={rest.autoFocus || undefined}
      comboboxProps={{ shadow: 'none' }}
    />
  );
}
