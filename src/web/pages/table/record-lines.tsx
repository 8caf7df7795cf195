/** The list on a phone: two lines a record, everything under the thumb. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { PublicField } from '../../../core/catalog/public-catalog.ts';
import { viewOf } from '../../../kinds/fields/views.ts';
import { FieldValue } from '../../record/field-value.tsx';
import { recordName } from '../../record/record-name.ts';
import classes from './record-lines.module.css';
import type { TableProps } from './record-table.tsx';

const lineHeight = 60;

export function RecordLines({ object, columns, pages, onSeen, env }: TableProps) {
  const { t } = useTranslation();
  const scroll = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: pages.count,
    getScrollElement: () => scroll.current,
    estimateSize: () => lineHeight,
    overscan: 8,
  });
  const items = rows.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => onSeen({ first, last }), [first, last, onSeen]);

  // Figures stand at the end of the first line, the rest on the second.
  const figure = columns.find((field) => viewOf(field).align === 'end' && field.traits.includes('numeric'));
  const stage = columns.find((field) => field.role === 'stage');
  const facts = columns.filter((field) => field !== figure && field !== stage).slice(0, 3);
  const fact = (field: PublicField | undefined, record: Record<string, unknown>) =>
    field ? viewOf(field).text(record[field.key], field, env) : '';
  return (
    <div
      ref={scroll}
      className={classes.scroll}
      data-stale={pages.stale || undefined}
      data-table-scroll
      data-scroll-restoration-id="list"
      tabIndex={-1}
    >
      <ul style={{ height: rows.getTotalSize(), position: 'relative' }}>
        {items.map((item) => {
          const record = pages.at(item.index);
          return (
            <li
              key={record?.id ?? item.index}
              className={classes.item}
              style={{ transform: `translateY(${item.start}px)`, height: lineHeight }}
            >
              {record ? (
                <a href={env.address(object.key, record.id)} className={classes.link}>
                  <span className={classes.line}>
                    <span className={`cut ${classes.name}`}>
                      {recordName(record, object) ||
                        t('record.unnamed', { object: object.label.one.toLowerCase() })}
                    </span>
                    <span>{fact(figure, record)}</span>
                  </span>
                  <span className={`${classes.line} second small`}>
                    {stage && <FieldValue field={stage} record={record} env={env} />}
                    <span className="cut grow">
                      {facts
                        .map((field) => fact(field, record))
                        .filter(Boolean)
                        .join(' · ')}
                    </span>
                  </span>
                </a>
              ) : (
                <span className={classes.wait} aria-hidden="true">
                  <i style={{ width: '55%' }} />
                  <i style={{ width: '35%' }} />
                </span>
              )}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
