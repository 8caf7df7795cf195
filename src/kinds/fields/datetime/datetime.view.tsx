import { TextInput } from '@mantine/core';
import { defineFieldView, type InputProps } from '../../../core/kinds/field-view.ts';
import { exactInstant, instantWords } from '../../../web/ui/dates.ts';

/** An instant as the browser's own date-time input writes it: the reader's zone, no zone in the text. */
const local = (iso: string): string => {
  const instant = new Date(iso);
  if (Number.isNaN(instant.getTime())) return '';
  return new Date(instant.getTime() - instant.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};

function DateTimeInput({ id, value, onChange, ...rest }: InputProps<string>) {
  return (
    <TextInput
      id={id}
      type="datetime-local"
      value={value ? local(value) : ''}
      onChange={(event) => {
        const typed = event.currentTarget.value;
        onChange(typed ? new Date(typed).toISOString() : null);
      }}
      aria-label={rest.label}
      aria-describedby={rest.describedBy}
      error={rest.invalid}
      required={rest.required}
      autoFocus={rest.autoFocus}
      data-autofocus={rest.autoFocus || undefined}
    />
  );
}

export const datetimeView = defineFieldView<string>({
  align: 'end',
  width: 130,
  text: (value, _field, env) =>
    value ? instantWords(value, { locale: env.locale, timeZone: env.timeZone, now: env.now() }) : '',
  Cell: ({ value, env }) =>
    value ? (
      <time dateTime={value} title={exactInstant(value, env)}>
        {instantWords(value, { locale: env.locale, timeZone: env.timeZone, now: env.now() })}
      </time>
    ) : null,
  Input: DateTimeInput,
});
