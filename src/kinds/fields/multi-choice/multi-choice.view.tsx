import { MultiSelect } from '@mantine/core';
import { defineFieldView, type InputProps } from '../../../core/kinds/field-view.ts';
import { messages } from '../../../web/messages/messages.ts';
import { choiceLabel, choiceView, listValues, offered } from '../choice/choice.view.tsx';

function MultiChoiceInput({ id, value, onChange, field, env, ...rest }: InputProps<string[]>) {
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
      comboboxProps={{ shadow: 'none' }}
    />
  );
}

export const multiChoiceView = defineFieldView<string[]>({
  width: 180,
  text: (value, field, env) =>
    (value ?? []).map((key) => choiceLabel(listValues(field, env), key)).join(', '),
  Cell: ({ value, field, env }) =>
    value?.length ? value.map((key) => choiceLabel(listValues(field, env), key)).join(', ') : null,
  Input: MultiChoiceInput,
  // A condition names its values one by one; the builder repeats the argument where several are asked.
  Argument: choiceView.Input!,
  ArgumentWords: ({ value, field, env }) => choiceLabel(listValues(field, env), value),
});
