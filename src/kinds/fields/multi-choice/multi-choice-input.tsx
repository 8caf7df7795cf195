/** Chooses several values of a reference list. */
import { MultiSelect } from '@mantine/core';
import type { InputProps } from '../../../core/kinds/field-view.ts';
import { messages } from '../../../web/messages/messages.ts';
import { listValues, offered } from '../choice/choice.view.tsx';

export function MultiChoiceInput({ id, value, onChange, field, env, ...rest }: InputProps<string[]>) {
  return (
    <MultiSelect
      id={id}
      data={offered(listValues(field, env), value ?? [])}
      value={[...(value ?? [])]}
      onChange={(keys) => onChange(keys.length > 0 ? keys : null)}
      searchable
      placeholder={value?.length ? undefined : messages.t('fields.choose')}
      nothingFoundMessage={messages.t('fields.nothingFound')}
      aria-label={rest.label}
      aria-describedby={rest.describedBy}
      error={rest.invalid}
      autoFocus={rest.autoFocus}
      data-autofocus={rest.autoFocus || undefined}
      comboboxProps={{ shadow: 'none' }}
    />
  );
}
