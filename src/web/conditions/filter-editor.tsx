/** One test of a filter: field, operator, argument; the argument's input is the field type's own. */
import { Button, Select, TextInput, type ComboboxItem } from '@mantine/core';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PublicField, PublicObject } from '../../core/catalog/public-catalog.ts';
import type { ViewEnv } from '../../core/kinds/field-view.ts';
import { viewOf } from '../../kinds/fields/views.ts';
import { fieldOf } from '../api/catalog.ts';
import classes from './filter-editor.module.css';
import type { Test } from './filter-parts.ts';
import { operatorWords } from './operator-words.ts';
import { Several } from './several.tsx';

type Props = { object: PublicObject; env: ViewEnv; test?: Test; onApply(test: Test): void };

/** What people ask most often stands first, where the field takes it. */
const usual = ['contains', 'in', 'has_any', 'gte', 'eq'];

export function FilterEditor({ object, env, test, onApply }: Props) {
  const { t } = useTranslation();
  const id = useId();
  const [path, setPath] = useState(test?.path ?? null);
  const [operator, setOperator] = useState(test?.operator ?? null);
  const [argument, setArgument] = useState<unknown>(test?.argument ?? null);
  const field = path === null ? undefined : fieldOf(object, path);
  const fields = object.fields.filter((one) => one.operators.length > 0);
  const shapeOf = (key: string) => env.catalog.operators.find((one) => one.key === key)?.argument;

  const chooseField = (key: string | null) => {
    const chosen = key === null ? undefined : fieldOf(object, key);
    setPath(key);
    setArgument(null);
    setOperator(
      chosen ? (usual.find((one) => chosen.operators.includes(one)) ?? chosen.operators[0] ?? null) : null,
    );
  };
  // An operator that asks yes or no is two choices in words: “is empty”, “is filled”.
  const choices = (field?.operators ?? (operator ? [operator] : [])).flatMap((key) =>
    shapeOf(key) === 'flag'
      ? [true, false].map((flag) => ({ value: `${key} ${flag}`, label: operatorWords(key, field, flag) }))
      : [{ value: key, label: operatorWords(key, field) }],
  );
  const shape = operator ? shapeOf(operator) : undefined;
  const chosen = shape === 'flag' ? `${operator} ${argument !== false}` : operator;
  const complete = shape === 'flag' ? operator : operator && isFilled(argument, shape);

  return (
    <form
      className={classes.editor}
      onSubmit={(event) => {
        event.preventDefault();
        event.stopPropagation();
        if (path && operator && complete)
          onApply({ path, operator, argument: shape === 'flag' ? argument !== false : argument });
      }}
    >
      <Select
        aria-label={t('conditions.field')}
        placeholder={t('conditions.chooseField')}
        data={fields.map((one) => ({ value: one.key, label: one.label }))}
        value={path}
        onChange={chooseField}
        searchable
        filter={({ options, search }) => byName(options as ComboboxItem[], search)}
        defaultDropdownOpened={!test}
        autoFocus={!test}
        data-autofocus={test ? undefined : true}
        comboboxProps={{ withinPortal: false, shadow: 'none' }}
        nothingFoundMessage={t('fields.nothingFound')}
      />
      {path && (
        <Select
          aria-label={t('conditions.operator')}
          data={choices}
          value={chosen}
          allowDeselect={false}
          onChange={(value) => {
            const [key, flag] = (value ?? '').split(' ');
            const changed = shapeOf(key ?? '') !== shape;
            setOperator(key ?? null);
            if (flag) setArgument(flag === 'true');
            else if (changed) setArgument(null);
          }}
          comboboxProps={{ withinPortal: false, shadow: 'none' }}
        />
      )}
      {field && operator && shape && shape !== 'flag' && (
        <Argument
          id={id}
          key={`${path} ${shape}`}
          shape={shape}
          words={env.catalog.operators.find((one) => one.key === operator)?.words}
          field={field}
          env={env}
          value={argument}
          onChange={setArgument}
        />
      )}
      <Button type="submit" disabled={!complete} fullWidth>
        {t('conditions.apply')}
      </Button>
    </form>
  );
}

/** Names that begin with the words stand before those that hold them. */
function byName(options: readonly ComboboxItem[], search: string): ComboboxItem[] {
  const word = search.trim().toLowerCase();
  const at = (option: ComboboxItem) => option.label.toLowerCase().indexOf(word);
  return options.filter((option) => at(option) >= 0).sort((a, b) => Math.sign(at(a)) - Math.sign(at(b)));
}

const isFilled = (argument: unknown, shape: string | undefined): boolean => {
  if (shape === 'values') return Array.isArray(argument) && argument.length > 0;
  if (shape === 'range')
    return (
      Array.isArray(argument) &&
      argument.length === 2 &&
      argument.every((one) => one !== null && one !== undefined && one !== '')
    );
  return argument !== null && argument !== undefined && argument !== '';
};

type ArgumentProps = {
  id: string;
  shape: string;
  words?: readonly string[];
  field: PublicField;
  env: ViewEnv;
  value: unknown;
  onChange(value: unknown): void;
};

function Argument({ id, shape, words, field, env, value, onChange }: ArgumentProps) {
  const { t } = useTranslation();
  const view = viewOf(field);
  const Value = view.Argument ?? view.Input;
  if (shape === 'word') {
    return (
      <Select
        aria-label={t('conditions.value')}
        data={(words ?? []).map((word) => ({ value: word, label: word.replaceAll('_', ' ') }))}
        value={typeof value === 'string' ? value : null}
        onChange={onChange}
        comboboxProps={{ withinPortal: false, shadow: 'none' }}
        data-autofocus
      />
    );
  }
  if (shape === 'text' || shape === 'duration' || !Value) {
    return (
      <TextInput
        aria-label={t('conditions.value')}
        placeholder={shape === 'duration' ? t('conditions.spanPlaceholder') : undefined}
        value={typeof value === 'string' ? value : ''}
        onChange={(event) => onChange(event.currentTarget.value)}
        autoFocus
      />
    );
  }
  if (shape === 'range') {
    const [from, to] = Array.isArray(value) ? value : [null, null];
    return (
      <>
        <Value
          id={`${id}-from`}
          label={t('conditions.from')}
          value={from}
          onChange={(one: unknown) => onChange([one, to])}
          field={field}
          env={env}
          autoFocus
        />
        <Value
          id={`${id}-to`}
          label={t('conditions.until')}
          value={to}
          onChange={(one: unknown) => onChange([from, one])}
          field={field}
          env={env}
        />
      </>
    );
  }
  if (shape === 'values')
    return (
      <Several
        id={id}
        field={field}
        env={env}
        value={Array.isArray(value) ? value : []}
        onChange={onChange}
      />
    );
  return (
    <Value
      id={id}
      label={t('conditions.value')}
      value={value}
      onChange={onChange}
      field={field}
      env={env}
      autoFocus
    />
  );
}
