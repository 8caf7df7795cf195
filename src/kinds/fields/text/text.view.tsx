/** Text, and the base of every type that is typed as text. */
import { TextInput } from '@mantine/core';
import type { HTMLInputTypeAttribute, HTMLAttributes } from 'react';
import { defineFieldView, type FieldView, type InputProps } from '../../../core/kinds/field-view.ts';

type Keyboard = {
  type?: HTMLInputTypeAttribute;
  inputMode?: HTMLAttributes<HTMLInputElement>['inputMode'];
  autoComplete?: string;
};

const typedText = ({ type = 'text', inputMode, autoComplete = 'off' }: Keyboard) =>
  function TextLikeInput({ id, value, onChange, ...rest }: InputProps<string>) {
    return (
      <TextInput
        id={id}
        type={type}
        inputMode={inputMode}
        autoComplete={autoComplete}
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
  };

/** A view that is typed as text; `changes` says where it differs. */
export const textLike = (
  keyboard: Keyboard = {},
  changes: Partial<FieldView<string>> = {},
): FieldView<string> =>
  defineFieldView<string>({
    width: 180,
    text: (value) => value ?? '',
    Cell: ({ value }) => value ?? null,
    Input: typedText(keyboard),
    write: (value) => (value?.trim() ? value.trim() : null),
    ...changes,
  });

export const textView = textLike();
