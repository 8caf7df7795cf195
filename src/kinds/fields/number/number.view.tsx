/** Numbers, and the base of what is a number with a sign beside it. */
import { TextInput } from '@mantine/core';
import { useState } from 'react';
import type { PublicField } from '../../../core/catalog/public-catalog.ts';
import { defineFieldView, type FieldView, type InputProps } from '../../../core/kinds/field-view.ts';

export const numberWords = (value: unknown, field: PublicField, locale: string | undefined): string => {
  const decimals = field.settings['decimals'];
  const number = Number(value);
  if (value === null || value === undefined || value === '') return '';
  if (!Number.isFinite(number)) return String(value);
  return new Intl.NumberFormat(locale, {
    maximumFractionDigits: typeof decimals === 'number' ? decimals : 6,
    // 1912 may be a year; five figures and more are read in groups.
    useGrouping: 'min2',
  }).format(number);
};

/** What was typed as a number where it is one, else as typed: the server says what it takes. */
export const typedNumber = (text: string): number | string | null => {
  const plain = text.replace(/[\s\u00a0'’]/g, '');
  if (plain === '') return null;
  const point = /^-?\d+,\d+$/.test(plain) ? plain.replace(',', '.') : plain.replace(/,(?=\d{3}(\D|$))/g, '');
  const number = Number(point);
  return Number.isFinite(number) ? number : text;
};

/** Keeps what was typed (“1.”, “-”) while handing on the number it says. */
export function NumberField({
  id,
  value,
  onChange,
  unit,
  ...rest
}: InputProps<number | string> & { unit?: string }) {
  const [text, setText] = useState(value === null || value === undefined ? '' : String(value));
  return (
    <TextInput
      id={id}
      inputMode="decimal"
      autoComplete="off"
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        onChange(typedNumber(event.currentTarget.value));
      }}
      rightSection={unit ? <span aria-hidden="true">{unit}</span> : undefined}
      rightSectionWidth={unit ? 20 + unit.length * 9 : undefined}
      rightSectionPointerEvents="none"
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

export const numberLike = (changes: Partial<FieldView<number | string>> = {}): FieldView<number | string> => {
  const text = changes.text ?? ((value, field, env) => numberWords(value, field, env.locale));
  return defineFieldView<number | string>({
    align: 'end',
    width: 110,
    text,
    Cell: ({ value, field, env }) => text(value, field, env) || null,
    Input: NumberField,
    ...changes,
  });
};

const unitOf = (field: PublicField): string | undefined => {
  const unit = field.settings['unit'];
  return typeof unit === 'string' ? unit : undefined;
};

export const numberView = numberLike({
  text: (value, field, env) => {
    const words = numberWords(value, field, env.locale);
    const unit = unitOf(field);
    return words && unit ? `${words}\u00a0${unit}` : words;
  },
  Input: (props) => <NumberField {...props} unit={unitOf(props.field)} />,
});
