/** A date that is typed (“fri 27 mar”) and echoed in full, with the browser's own calendar behind the icon. */
import { ActionIcon, TextInput } from '@mantine/core';
import { IconCalendar } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { InputProps } from '../../core/kinds/field-view.ts';
import classes from './date-input.module.css';
import { exactDate, today } from './dates.ts';
import { typedDate } from './typed-date.ts';

const monthStandsFirst = (locale: string | undefined): boolean => {
  const parts = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'numeric' }).formatToParts(
    new Date(),
  );
  return parts.find((part) => part.type === 'day' || part.type === 'month')?.type === 'month';
};

export function DateInput({
  id,
  value,
  onChange,
  env,
  label,
  describedBy,
  invalid,
  required,
  autoFocus,
}: InputProps<string>) {
  const { t } = useTranslation();
  const [text, setText] = useState(value ?? '');
  const [known, setKnown] = useState(value ?? null);
  const native = useRef<HTMLInputElement>(null);
  const now = today(env.now(), env.timeZone);
  if ((value ?? null) !== known) {
    setKnown(value ?? null);
    if (value) setText(value);
  }
  const read = text.trim() === '' ? null : (typedDate(text, now, monthStandsFirst(env.locale)) ?? undefined);
  const change = (next: string) => {
    setText(next);
    // Text that says no date yet is still handed on: the server then says what it takes.
    const date = next.trim() === '' ? null : (typedDate(next, now, monthStandsFirst(env.locale)) ?? next);
    setKnown(date);
    onChange(date);
  };
  return (
    <div className={classes.wrap}>
      <TextInput
        id={id}
        value={text}
        onChange={(event) => change(event.currentTarget.value)}
        placeholder={t('fields.datePlaceholder')}
        aria-label={label}
        aria-describedby={`${describedBy ?? ''} ${id}-echo`.trim()}
        error={invalid}
        withErrorStyles={invalid}
        required={required}
        autoFocus={autoFocus}
        data-autofocus={autoFocus || undefined}
        autoComplete="off"
        leftSection={
          <ActionIcon
            variant="subtle"
            tabIndex={-1}
            aria-label={t('fields.openCalendar')}
            onClick={() => native.current?.showPicker()}
          >
            <IconCalendar size={16} stroke={1.6} />
          </ActionIcon>
        }
        rightSectionWidth={0}
      />
      <span className={classes.echo} id={`${id}-echo`} aria-live="polite">
        {read ? exactDate(read, env.locale) : read === undefined ? t('fields.dateUnread') : ''}
      </span>
      <input
        ref={native}
        type="date"
        className={classes.native}
        tabIndex={-1}
        aria-hidden="true"
        value={read ?? ''}
        onChange={(event) => change(event.currentTarget.value)}
      />
    </div>
  );
}
