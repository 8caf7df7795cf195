/** All fields of a record by section: what is filled stands open, what is empty waits below. */
import { UnstyledButton } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PublicField, PublicObject } from '../../core/catalog/public-catalog.ts';
import type { ViewEnv } from '../../core/kinds/field-view.ts';
import type { CrmRecord } from '../api/records.ts';
import classes from './field-list.module.css';
import { FieldRow } from './field-row.tsx';

type Props = { object: PublicObject; record: CrmRecord; env: ViewEnv };

const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0);

/** Below this many fields hiding the empty ones saves nothing. */
const fewFields = 8;

export function FieldList({ object, record, env }: Props) {
  const { t } = useTranslation();
  const [all, setAll] = useState(false);
  // Where the record stands is drawn as its path; the record's own dates close the list.
  const own = object.fields.filter((field) => !field.system && field.role === undefined);
  const shown = own.filter(
    (field) => all || own.length <= fewFields || field.required || !isEmpty(record[field.key]),
  );
  const rest = own.length - shown.length;
  const system = object.fields.filter(
    (field) => field.system && dates.has(field.key) && !isEmpty(record[field.key]),
  );
  return (
    <div className={classes.list}>
      {[...sections(shown)].map(([name, fields]) => (
        <section key={name} className={classes.section}>
          <h2 className={classes.title}>{name || object.label.one}</h2>
          <dl>
            {fields.map((field) => (
              <FieldRow key={field.key} object={object} field={field} record={record} env={env} />
            ))}
          </dl>
        </section>
      ))}
      {(rest > 0 || all) && (
        <UnstyledButton className={classes.more} aria-expanded={all} onClick={() => setAll(!all)}>
          <IconChevronRight size={14} stroke={1.6} data-open={all || undefined} />
          {all ? t('record.fewerFields') : t('record.moreFields', { count: rest })}
        </UnstyledButton>
      )}
      {system.length > 0 && (
        <section className={classes.section}>
          <dl className={classes.system}>
            {system.map((field) => (
              <FieldRow key={field.key} object={object} field={field} record={record} env={env} />
            ))}
          </dl>
        </section>
      )}
    </div>
  );
}

const dates = new Set(['created_at', 'updated_at', 'created_by', 'archived_at']);

function sections(fields: readonly PublicField[]): Map<string, PublicField[]> {
  const found = new Map<string, PublicField[]>();
  for (const field of fields) {
    const name = field.section ?? '';
    found.set(name, [...(found.get(name) ?? []), field]);
  }
  return found;
}
