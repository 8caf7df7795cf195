/**
 * Rows of an object as a table: only those in sight are drawn, the head says how they are sorted, columns
 * are drawn wider or narrower. The keys j k x Enter Space work on the row in focus.
 */
import { Checkbox } from '@mantine/core';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useId, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { PublicField, PublicObject } from '../../../core/catalog/public-catalog.ts';
import type { ViewEnv } from '../../../core/kinds/field-view.ts';
import { viewOf } from '../../../kinds/fields/views.ts';
import type { CrmRecord } from '../../api/records.ts';
import { FieldValue } from '../../record/field-value.tsx';
import { recordName } from '../../record/record-name.ts';
import { useRowHeight } from '../../ui/use-row-height.ts';
import { nameColumn, nameWidth } from './columns.ts';
import classes from './record-table.module.css';
import { clickSort, type Sort } from './sorting.ts';
import { useColumnWidths } from './use-column-widths.ts';
import { useRowKeys } from './use-row-keys.ts';
import type { RecordPages, Seen } from './use-record-pages.ts';
import type { Selection } from './use-selection.ts';

const checkWidth = 44;

export type TableProps = {
  object: PublicObject;
  columns: readonly PublicField[];
  pages: RecordPages;
  sort: readonly Sort[];
  onSort(sort: readonly Sort[]): void;
  onSeen(seen: Seen): void;
  selection: Selection;
  /** Id of the record in the peek panel. */
  peek: string | undefined;
  onPeek(id: string | undefined): void;
  onOpen(id: string): void;
  onHover(id: string): void;
  env: ViewEnv;
};

export function RecordTable(props: TableProps) {
  const { object, columns, pages, sort, onSort, onSeen, selection, peek, onOpen, onPeek, onHover, env } =
    props;
  const { t } = useTranslation();
  const id = useId();
  const rowHeight = useRowHeight();
  const scroll = useRef<HTMLDivElement>(null);
  const widths = useColumnWidths(object);
  const widthOf = (key: string, field?: PublicField) =>
    widths.of(key, field ? viewOf(field).width : nameWidth);
  const total = columns.reduce(
    (sum, field) => sum + widthOf(field.key, field),
    checkWidth + widthOf(nameColumn),
  );

  const rows = useVirtualizer({
    count: pages.count,
    getScrollElement: () => scroll.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });
  const items = rows.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => onSeen({ first, last }), [first, last, onSeen]);
  useEffect(() => rows.measure(), [rowHeight, rows]);

  const { active, setActive, onKeyDown } = useRowKeys({
    count: pages.count,
    idAt: (row) => pages.at(row)?.id,
    show: (row) => {
      rows.scrollToIndex(row);
      scroll.current?.focus({ preventScroll: true });
    },
    onOpen,
    onPeek,
    peek,
    selection,
  });
  const shownIds = items.flatMap((item) => pages.at(item.index)?.id ?? []);
  const allShown = shownIds.length > 0 && shownIds.every((one) => selection.has(one));

  const head = (
    key: string,
    sortKey: string,
    label: string,
    width: number,
    end: boolean,
    sortable: boolean,
  ) => {
    const sorted = sort.find((one) => one.key === sortKey);
    return (
      <th
        key={key}
        className={key === nameColumn ? classes.name : undefined}
        data-end={end || undefined}
        aria-sort={sorted ? (sorted.down ? 'descending' : 'ascending') : undefined}
        scope="col"
      >
        {sortable ? (
          <button
            type="button"
            className={classes.sort}
            data-sorted={sorted ? true : undefined}
            onClick={(event) => onSort(clickSort(sort, sortKey, event.shiftKey))}
          >
            {sorted && end && <SortArrow down={sorted.down} />}
            <span className="cut">{label}</span>
            {sorted && !end && <SortArrow down={sorted.down} />}
          </button>
        ) : (
          <span className={classes.plain}>{label}</span>
        )}
        <span
          className={classes.resize}
          role="separator"
          aria-orientation="vertical"
          aria-label={t('table.resize', { column: label })}
          aria-valuenow={width}
          tabIndex={0}
          onPointerDown={(event) => widths.drag(event, key, width)}
          onKeyDown={(event) => {
            const step = event.key === 'ArrowRight' ? 16 : event.key === 'ArrowLeft' ? -16 : 0;
            if (step === 0) return;
            event.stopPropagation();
            widths.set(key, width + step);
          }}
        />
      </th>
    );
  };

  const before = items[0]?.start ?? 0;
  const after = rows.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    <div
      ref={scroll}
      className={classes.scroll}
      tabIndex={0}
      role="group"
      aria-label={object.label.many}
      aria-activedescendant={active === undefined ? undefined : `${id}-${active}`}
      onKeyDown={onKeyDown}
      data-stale={pages.stale || undefined}
      data-row={active === undefined ? undefined : true}
      data-table-scroll
      data-scroll-restoration-id="list"
    >
      <table
        className={classes.table}
        style={{ minWidth: total }}
        aria-rowcount={pages.count + 1}
        aria-busy={pages.stale}
      >
        <colgroup>
          <col style={{ width: checkWidth }} />
          <col style={{ width: widthOf(nameColumn) }} />
          {columns.map((field) => (
            <col key={field.key} style={{ width: widthOf(field.key, field) }} />
          ))}
          <col />
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            <th className={classes.check}>
              <Checkbox
                size="xs"
                aria-label={t('table.selectShown')}
                checked={allShown}
                indeterminate={!allShown && selection.size > 0}
                onChange={() => (allShown ? selection.clear() : selection.add(shownIds))}
              />
            </th>
            {head(
              nameColumn,
              object.name_fields[0] ?? 'id',
              object.label.one,
              widthOf(nameColumn),
              false,
              true,
            )}
            {columns.map((field) =>
              head(
                field.key,
                field.key,
                field.label,
                widthOf(field.key, field),
                viewOf(field).align === 'end',
                field.sortable,
              ),
            )}
            <th aria-hidden="true" />
          </tr>
        </thead>
        <tbody>
          {before > 0 && (
            <tr aria-hidden="true">
              <td style={{ height: before }} colSpan={columns.length + 3} className={classes.space} />
            </tr>
          )}
          {items.map((item) => {
            const record = pages.at(item.index);
            return record ? (
              <Row
                key={record.id}
                domId={`${id}-${item.index}`}
                index={item.index}
                record={record}
                object={object}
                columns={columns}
                env={env}
                selected={selection.has(record.id)}
                active={active === item.index}
                peeked={peek === record.id}
                onCheck={(range) => selection.toggle(record.id, item.index, range)}
                onClick={() => {
                  setActive(item.index);
                  onPeek(peek === record.id ? undefined : record.id);
                }}
                onOpen={() => onOpen(record.id)}
                onHover={() => onHover(record.id)}
              />
            ) : (
              <tr key={`wait-${item.index}`} aria-hidden="true" className={classes.wait}>
                <td />
                <td className={classes.name}>
                  <i style={{ width: `${48 + ((item.index * 37) % 40)}%` }} />
                </td>
                {columns.map((field) => (
                  <td key={field.key} data-end={viewOf(field).align === 'end' || undefined}>
                    <i style={{ width: '60%' }} />
                  </td>
                ))}
                <td />
              </tr>
            );
          })}
          {after > 0 && (
            <tr aria-hidden="true">
              <td style={{ height: after }} colSpan={columns.length + 3} className={classes.space} />
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}

const SortArrow = ({ down }: { down: boolean }) =>
  down ? (
    <IconArrowDown size={14} stroke={1.6} aria-hidden="true" />
  ) : (
    <IconArrowUp size={14} stroke={1.6} aria-hidden="true" />
  );

type RowProps = {
  domId: string;
  index: number;
  record: CrmRecord;
  object: PublicObject;
  columns: readonly PublicField[];
  env: ViewEnv;
  selected: boolean;
  active: boolean;
  peeked: boolean;
  onCheck(range: boolean): void;
  onClick(): void;
  onOpen(): void;
  onHover(): void;
};

function Row(props: RowProps) {
  const { record, object, columns, env, selected, active, peeked, onCheck, onClick, onOpen, onHover } = props;
  const { t } = useTranslation();
  const name = recordName(record, object) || t('record.unnamed', { object: object.label.one.toLowerCase() });
  return (
    <tr
      id={props.domId}
      aria-rowindex={props.index + 2}
      aria-selected={selected}
      data-active={active || undefined}
      data-peeked={peeked || undefined}
      onMouseEnter={onHover}
      onClick={(event) => {
        if (event.target instanceof Element && event.target.closest('a, button, input, label')) return;
        onClick();
      }}
      onDoubleClick={onOpen}
    >
      <td className={classes.check}>
        <Checkbox
          size="xs"
          aria-label={t('table.select', { name })}
          checked={selected}
          onChange={() => undefined}
          onClick={(event) => onCheck(event.shiftKey)}
        />
      </td>
      <td className={classes.name} title={name}>
        <a href={env.address(object.key, record.id)} className={classes.open}>
          {name}
        </a>
      </td>
      {columns.map((field) => (
        <td key={field.key} data-end={viewOf(field).align === 'end' || undefined}>
          <FieldValue field={field} record={record} env={env} />
        </td>
      ))}
      <td aria-hidden="true" />
    </tr>
  );
}
