import { Textarea } from '@mantine/core';
import type { InputProps } from '../../../core/kinds/field-view.ts';
import { textLike } from '../text/text.view.tsx';
import classes from './long-text.module.css';

function LongTextInput({ id, value, onChange, ...rest }: InputProps<string>) {
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
    />
  );
}

export const longTextView = textLike(
  {},
  {
    wide: true,
    width: 280,
    Cell: ({ value }) => (value ? <span className={classes.prose}>{value}</span> : null),
    Input: LongTextInput,
    Argument: textLike().Input!,
  },
);
