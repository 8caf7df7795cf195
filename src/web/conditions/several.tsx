/** Several values of one test: ticked off a known handful, or added one by one. */
import { Checkbox, CloseButton } from '@mantine/core';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PublicField } from '../../core/catalog/public-catalog.ts';
import type { ViewEnv } from '../../core/kinds/field-view.ts';
import { viewOf } from '../../kinds/fields/views.ts';
import { ArgumentWords } from './argument-words.tsx';
import classes from './several.module.css';

type Props = {
  id: string;
  field: PublicField;
  env: ViewEnv;
  value: readonly unknown[];
  onChange(value: unknown[]): void;
};

export function Several(props: Props) {
  const choices = viewOf(props.field).choices?.(props.field, props.env);
  return choices ? <Ticked {...props} choices={choices} /> : <Added {...props} />;
}

type TickedProps = Props & { choices: readonly { key: string; label: string; active: boolean }[] };

function Ticked({ field, value, onChange, choices }: TickedProps) {
  const { t } = useTranslation();
  const shown = choices.filter((choice) => choice.active || value.includes(choice.key));
  return (
    <div className={classes.ticks} role="group" aria-label={t('conditions.valuesOf', { field: field.label })}>
      {shown.map(({ key, label }, index) => (
        <Checkbox
          key={key}
          size="xs"
          className={classes.tick}
          label={label}
          checked={value.includes(key)}
          data-autofocus={index === 0 || undefined}
          onChange={(event) =>
            onChange(event.currentTarget.checked ? [...value, key] : value.filter((one) => one !== key))
          }
        />
      ))}
    </div>
  );
}

function Added({ id, field, env, value, onChange }: Props) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState<unknown>(null);
  const [round, setRound] = useState(0);
  const place = useRef<HTMLDivElement>(null);
  const view = viewOf(field);
  const Value = view.Argument ?? view.Input;
  if (!Value) return null;
  const add = (one: unknown) => {
    if (one === null || one === undefined || one === '' || value.includes(one)) return;
    onChange([...value, one]);
    setDraft(null);
    setRound(round + 1);
    // The next Enter applies; who wants another value clicks once more.
    const form = place.current?.closest('form');
    setTimeout(() => form?.querySelector<HTMLElement>('button[type=submit]')?.focus());
  };
  return (
    <div ref={place} className={classes.several}>
      {value.map((one) => (
        <span key={String(one)} className={classes.value}>
          <span className="cut">
            <ArgumentWords value={one} field={field} env={env} />
          </span>
          <CloseButton
            size={24}
            iconSize={12}
            aria-label={t('conditions.removeValue')}
            onClick={() => onChange(value.filter((other) => other !== one))}
          />
        </span>
      ))}
      <div
        className={classes.next}
        onBlur={() => add(draft)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || draft === null || draft === '') return;
          event.preventDefault();
          add(draft);
        }}
      >
        <Value
          key={round}
          id={id}
          label={t('conditions.addValue')}
          value={draft}
          onChange={(one: unknown) => setDraft(one)}
          onPick={add}
          field={field}
          env={env}
          autoFocus={round === 0}
        />
      </div>
    </div>
  );
}
