/** A field in a form: its label, its input by type, and below it why it is asked or what is wrong. */
import { useTranslation } from 'react-i18next';
import type { PublicField } from '../../core/catalog/public-catalog.ts';
import type { ViewEnv } from '../../core/kinds/field-view.ts';
import { viewOf } from '../../kinds/fields/views.ts';
import classes from './form-field.module.css';

type Props = {
  id: string;
  field: PublicField;
  value: unknown;
  onChange(value: unknown): void;
  env: ViewEnv;
  record?: Record<string, unknown>;
  refused?: string;
  autoFocus?: boolean;
};

export function FormField({ id, field, value, onChange, env, record, refused, autoFocus }: Props) {
  const { t } = useTranslation();
  const Input = viewOf(field).Input;
  if (!Input) return null;
  return (
    <div className={classes.field}>
      <label htmlFor={id} className={classes.label}>
        {field.label}
        {field.required && <span className={classes.needed}>{t('common.needed')}</span>}
      </label>
      <Input
        id={id}
        value={value}
        onChange={onChange}
        field={field}
        env={env}
        record={record}
        describedBy={`${id}-hint`}
        invalid={Boolean(refused)}
        autoFocus={autoFocus}
      />
      <p
        id={`${id}-hint`}
        className={refused ? classes.refused : classes.hint}
        role={refused ? 'alert' : undefined}
      >
        {refused ?? field.meaning}
      </p>
    </div>
  );
}
