/** Text of several lines; the input grows with it. */
import { Textarea } from '@mantine/core';
import type { InputProps } from '../../../core/kinds/field-view.ts';

export function LongTextInput({ id, value, onChange, ...rest }: InputProps<string>) {
  return (
    <Textarea
      id={id}
      autosize
      minRows={3}
      maxRows={14}
      value={value ?? ''}
      onChange={(event) => onChange(event.currentTarget.value)}
      placeholder={rest.placeholder}
      aria-label={rest.label}
      aria-describedby={rest.describedBy}
      error={rest.invalid}
      required={rest.required}
      autoFocus={rest.autoFocus}
      data-autofocus={rest.autoFocus || undefined}
    />
  );
}
