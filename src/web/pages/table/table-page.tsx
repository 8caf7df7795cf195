/** One object as a list: searched, filtered, sorted and opened, all of it in the address. */
import { Button, TextInput } from '@mantine/core';
import { useDebouncedCallback, useMediaQuery } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { objectOf, useCatalog } from '../../api/catalog.ts';
import { recordQuery, type ListParams } from '../../api/records.ts';
import { problemOf } from '../../api/request.ts';
import { FilterBar } from '../../conditions/filter-bar.tsx';
import { refusalFor } from '../../record/refusal-words.ts';
import { useViewEnv } from '../../record/view-env.ts';
import { useCreate } from '../../shell/create.tsx';
import { useKeys } from '../../shell/keys.tsx';
import type { TableSearch } from '../../search.ts';
import { Empty } from '../../ui/empty.tsx';
import { useTitle } from '../../ui/use-title.ts';
import { ColumnChooser } from './column-chooser.tsx';
import { chosenFields, defaultColumns, keepColumns, keptColumns, readFields } from './columns.ts';
import { RecordLines } from './record-lines.tsx';
import { RecordTable, type TableProps } from './record-table.tsx';
import { SelectionBar } from './selection-bar.tsx';
import { readSort, writeSort } from './sorting.ts';
import { TableFoot } from './table-foot.tsx';
import classes from './table-page.module.css';
import { useRecordPages, type Seen } from './use-record-pages.ts';
import { useSelection } from './use-selection.ts';

const PeekPanel = lazy(async () => ({ default: (await import('./peek-panel.tsx')).PeekPanel }));

const route = getRouteApi('/shell/o/$object');

export function TablePage() {
  const { t } = useTranslation();
  const { object: key } = route.useParams();
  const object = objectOf(useCatalog(), key);
  if (!object) return <Empty title={t('table.noObject')} text={t('table.noObjectText')} />;
  return <ObjectTable key={key} object={object} />;
}

function ObjectTable({ object }: { object: NonNullable<ReturnType<typeof objectOf>> }) {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const env = useViewEnv();
  const client = useQueryClient();
  const create = useCreate();
  const phone = useMediaQuery('(max-width: 640px)', false, { getInitialValueInEffect: false });
  const [seen, setSeen] = useState<Seen>({ first: 0, last: 40 });
  const onSeen = useCallback((next: Seen) => setSeen(next), []);
  useTitle(object.label.many);

  /** What changes the rows begins at the first one; what only changes how they look stays where one is. */
  const change = (next: Partial<TableSearch>, replace = false) =>
    void navigate({
      search: (before: TableSearch) => ({ ...before, ...next }),
      replace,
      resetScroll: 'where' in next || 'q' in next || 'sort' in next,
    });
  const usual = useMemo(() => defaultColumns(object, env.catalog.pipelines), [object, env]);
  // A list of keys as text, so that the same choice stays the same.
  const chosen = search.columns ?? (keptColumns(object).columns ?? usual).join(',');
  const keys = useMemo(() => chosen.split(',').filter(Boolean), [chosen]);
  const columns = useMemo(() => chosenFields(object, keys), [object, keys]);
  const sort = useMemo(() => readSort(search.sort), [search.sort]);
  const params: ListParams = {
    where: search.where,
    q: search.q,
    sort: search.sort,
    fields: readFields(object, columns),
  };
  const pages = useRecordPages(object.key, params, seen);
  const at = useRef(pages.at);
  at.current = pages.at;
  const selection = useSelection(useCallback((row: number) => at.current(row)?.id, []));
  const filtered = search.where !== undefined || search.q !== undefined;

  const open = (id: string) => void navigate({ to: '/o/$object/$id', params: { object: object.key, id } });
  const props: TableProps = {
    object,
    columns,
    pages,
    sort,
    onSort: (next) => change({ sort: writeSort(next) }),
    onSeen,
    selection,
    peek: search.peek,
    onPeek: (id) => change({ peek: id }, search.peek !== undefined && id !== undefined),
    onOpen: open,
    onHover: (id) => void client.query(recordQuery(object.key, id)).catch(() => undefined),
    env,
  };
  const refused = pages.error !== undefined && pages.error !== null;
  const empty = !pages.pending && !refused && pages.count === 0;
  return (
    <div className={classes.page}>
      <header className={classes.head}>
        <h1>{object.label.many}</h1>
        <span className="grow" />
        <QuickSearch
          value={search.q}
          onChange={(q) => change({ q, peek: undefined }, true)}
          object={object.label.many}
        />
        <ColumnChooser
          object={object}
          columns={keys}
          usual={usual}
          onChange={(next) => {
            keepColumns(object, { columns: next });
            change({ columns: next?.join(',') }, true);
          }}
        />
      </header>
      <div className={classes.filter}>
        <FilterBar
          object={object}
          where={search.where}
          onChange={(where) => change({ where, peek: undefined })}
          env={env}
        />
      </div>
      <div className={classes.work}>
        <div className={classes.list}>
          {refused ? (
            <Empty title={t('table.refused')} text={refusalFor(pages.error, '')}>
              {filtered && problemOf(pages.error).status < 500 && problemOf(pages.error).status > 0 ? (
                <Button
                  variant="default"
                  onClick={() => change({ where: undefined, q: undefined, sort: undefined })}
                >
                  {t('table.clearFilter')}
                </Button>
              ) : (
                <Button variant="default" onClick={pages.retry}>
                  {t('common.again')}
                </Button>
              )}
            </Empty>
          ) : empty ? (
            filtered ? (
              <Empty
                title={t('table.nothingMatches', { objects: object.label.many.toLowerCase() })}
                text={t('table.nothingMatchesText')}
              >
                <Button variant="default" onClick={() => change({ where: undefined, q: undefined })}>
                  {t('table.clearFilter')}
                </Button>
              </Empty>
            ) : (
              <Empty
                title={t('table.empty', { objects: object.label.many.toLowerCase() })}
                text={object.meaning}
              >
                {object.may.create && (
                  <Button onClick={() => create(object.key)}>
                    {t('create.first', { object: object.label.one.toLowerCase() })}
                  </Button>
                )}
              </Empty>
            )
          ) : phone ? (
            <RecordLines {...props} pages={pages.pending ? { ...pages, count: waiting } : pages} />
          ) : (
            <RecordTable {...props} pages={pages.pending ? { ...pages, count: waiting } : pages} />
          )}
          <TableFoot object={object} filter={{ where: search.where, q: search.q }} env={env} />
          <SelectionBar object={object} selection={selection} />
        </div>
        {search.peek && !phone && (
          <Suspense>
            <PeekPanel
              key={search.peek}
              object={object}
              id={search.peek}
              env={env}
              onClose={() => change({ peek: undefined })}
            />
          </Suspense>
        )}
      </div>
    </div>
  );
}

/** Rows drawn as a skeleton until the first page is there. */
const waiting = 16;

type QuickSearchProps = {
  value: string | undefined;
  onChange(value: string | undefined): void;
  object: string;
};

/** Text search over the list; typing is answered shortly after the last key. */
function QuickSearch({ value, onChange, object }: QuickSearchProps) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(value ?? '');
  const send = useDebouncedCallback((next: string) => onChange(next.trim() || undefined), 200);
  const sent = useRef(value);
  useEffect(() => {
    // The address changed by other means (back, a link): follow it.
    if (value !== sent.current) setText(value ?? '');
    sent.current = value;
  }, [value]);
  useKeys({ '/': { say: 'keys.find', run: () => input.current?.focus() } });
  return (
    <TextInput
      ref={input}
      className={classes.find}
      type="search"
      value={text}
      onChange={(event) => {
        const next = event.currentTarget.value;
        setText(next);
        sent.current = next.trim() || undefined;
        send(next);
      }}
      onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
      placeholder={t('table.find', { objects: object.toLowerCase() })}
      aria-label={t('table.find', { objects: object.toLowerCase() })}
      leftSection={<IconSearch size={14} stroke={1.6} />}
    />
  );
}
