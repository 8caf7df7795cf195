/** Records that link here, the first few, with the way to all of them. */
import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { PublicObject } from '../../core/catalog/public-catalog.ts';
import type { ViewEnv } from '../../core/kinds/field-view.ts';
import { viewOf } from '../../kinds/fields/views.ts';
import { objectOf } from '../api/catalog.ts';
import { countQuery, pageQuery, type Condition } from '../api/records.ts';
import { recordName } from './record-name.ts';
import classes from './related-list.module.css';

type Props = { object: PublicObject; id: string; env: ViewEnv };

const few = 5;

export function RelatedLists({ object, id, env }: Props) {
  const lists = object.reverse.flatMap((link) => {
    const from = objectOf(env.catalog, link.object);
    return from?.may.read ? [{ ...link, from }] : [];
  });
  return lists.map((link) => (
    <Related
      key={link.name}
      from={link.from}
      where={{ [link.field]: id }}
      env={env}
      twice={link.name !== link.object}
      field={link.field}
    />
  ));
}

type RelatedProps = { from: PublicObject; where: Condition; env: ViewEnv; twice: boolean; field: string };

function Related({ from, where, env, twice, field }: RelatedProps) {
  const { t } = useTranslation();
  // One more fact beside the name: where it stands, else when it is due.
  const fact =
    from.fields.find((other) => other.role === 'stage') ??
    from.fields.find((other) => !other.system && other.traits.includes('temporal') && other.sortable);
  const fields = [
    'id',
    ...from.name_fields,
    ...(fact ? [fact.key] : []),
    ...(from.pipeline_field ? [from.pipeline_field] : []),
  ];
  const list = useQuery(pageQuery(from.key, { where, limit: few, sort: '-created_at', fields }, null));
  const count = useQuery(countQuery(from.key, { where }));
  const total = count.data ?? 0;
  if (list.isSuccess && list.data.data.length === 0) return null;
  const label = twice
    ? `${from.label.many}: ${from.fields.find((other) => other.key === field)?.label}`
    : from.label.many;
  return (
    <section className={classes.section}>
      <h2 className={classes.title}>
        {label} <span className="muted">{count.isSuccess ? total : ''}</span>
      </h2>
      {list.isPending ? (
        <Skeleton height={14} width="70%" my={10} aria-hidden="true" />
      ) : (
        <ul>
          {list.data?.data.map((record) => (
            <li key={record.id} className={classes.line}>
              <Link
                to="/o/$object/$id"
                params={{ object: from.key, id: record.id }}
                className={`value-link cut ${classes.name}`}
              >
                {recordName(record, from) || t('record.unnamed', { object: from.label.one.toLowerCase() })}
              </Link>
              {fact && (
                <span className={classes.fact}>
                  {(() => {
                    const View = viewOf(fact);
                    return <View.Cell value={record[fact.key]} field={fact} env={env} record={record} />;
                  })()}
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
      {total > few && (
        <Link
          to="/o/$object"
          params={{ object: from.key }}
          search={{ where }}
          className={`link ${classes.all}`}
        >
          {t('record.allRelated', { count: total })}
        </Link>
      )}
    </section>
  );
}
