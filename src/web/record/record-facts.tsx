/** Under a record's name: whom it belongs to, the money at stake, whose it is. */
import type { PublicObject } from '../../core/catalog/public-catalog.ts';
import type { ViewEnv } from '../../core/kinds/field-view.ts';
import { fieldOf } from '../api/catalog.ts';
import type { CrmRecord } from '../api/records.ts';
import { FieldValue } from './field-value.tsx';
import { keyFacts } from './key-facts.ts';
import classes from './record-facts.module.css';

type Props = { object: PublicObject; record: CrmRecord; env: ViewEnv; children?: React.ReactNode };

export function RecordFacts({ object, record, env, children }: Props) {
  const owner = object.owner_field ? fieldOf(object, object.owner_field) : undefined;
  const facts = [...keyFacts(object), ...(owner ? [owner] : [])].filter((field) => record[field.key]);
  return (
    <div className={classes.facts}>
      {facts.map((field) => (
        <span
          key={field.key}
          title={field.label}
          data-lead={field.link_to && field !== owner ? true : undefined}
        >
          <FieldValue field={field} record={record} env={env} />
        </span>
      ))}
      {children}
    </div>
  );
}
