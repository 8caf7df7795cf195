/** Chooses a record of another object by typing part of its name. */
import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { InputProps } from '../../core/kinds/field-view.ts';
import type { LinkValue } from '../api/records.ts';

type Props = InputProps<LinkValue> & {
  object: string;
  /** Further choices that stand above the records, such as “Me”. */
  extra?: readonly LinkValue[];
};

export function RecordPicker({ object, extra = [], id, value, onChange, onPick, env, ...rest }: Props) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const [asked] = useDebouncedValue(text, 150);
  const term = asked === value?.name ? '' : asked;
  const found = useQuery({
    queryKey: ['pick', object, term],
    queryFn: () => env.search(object, term),
    placeholderData: keepPreviousData,
  });
  const names = new Map<string, string>();
  const word = term.trim().toLowerCase();
  for (const choice of extra) {
    if (choice.name.toLowerCase().includes(word)) names.set(choice.id, choice.name);
  }
  if (value) names.set(value.id, value.name);
  for (const record of found.data ?? []) names.set(record.id, record.name);
  return (
    <Select
      id={id}
      data={[...names].map(([key, name]) => ({ value: key, label: name }))}
      // The server has searched already, by folded text; filtering again here would lose what it found.
      filter={({ options }) => options}
      value={value?.id ?? null}
      onChange={(key) => {
        const chosen = key ? { id: key, name: names.get(key) ?? '' } : null;
        onChange(chosen);
        onPick?.(chosen);
      }}
      searchable
      searchValue={text}
      onSearchChange={setText}
      clearable={!rest.required}
      nothingFoundMessage={found.isFetching ? t('fields.searching') : t('fields.nothingFound')}
      placeholder={rest.placeholder ?? t('fields.typeName')}
      aria-label={rest.label}
      aria-describedby={rest.describedBy}
      error={rest.invalid}
      required={rest.required}
      autoFocus={rest.autoFocus}
      data-autofocus={rest.autoFocus || undefined}
      defaultDropdownOpened={rest.openAtOnce}
      comboboxProps={{ shadow: 'none', transitionProps: { duration: 80 } }}
    />
  );
}
