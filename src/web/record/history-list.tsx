/** What happened to a record, newest first: who changed what, from what to what. */
import { Button, Skeleton } from '@mantine/core';
import {
  IconAlertTriangle,
  IconArchive,
  IconArrowRight,
  IconPencil,
  IconPlus,
  IconRotate,
} from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { PublicField, PublicObject } from '../../core/catalog/public-catalog.ts';
import type { ViewEnv } from '../../core/kinds/field-view.ts';
import { viewOf } from '../../kinds/fields/views.ts';
import { fieldOf } from '../api/catalog.ts';
import { historyQuery, type HistoryLine } from '../api/records.ts';
import { dayWords, exactInstant, timeWords, today } from '../ui/dates.ts';
import classes from './history-list.module.css';
import { refusalWords } from './refusal-words.ts';

type Props = { object: PublicObject; id: string; env: ViewEnv };

export function HistoryList({ object, id, env }: Props) {
  const { t } = useTranslation();
  const history = useInfiniteQuery(historyQuery(object.key, id));
  if (history.isPending) {
    return (
      <div aria-hidden="true">
        {[0, 1, 2].map((line) => (
          <div key={line} className={classes.event}>
            <Skeleton circle height={26} />
            <Skeleton height={14} mt={6} width={`${70 - line * 15}%`} />
          </div>
        ))}
      </div>
    );
  }
  if (history.isError) return <p role="alert">{refusalWords(history.error)}</p>;
  const lines = history.data.pages.flatMap((page) => page.data);
  if (lines.length === 0) return <p className="muted">{t('record.noHistory')}</p>;
  const dayOf = (line: HistoryLine | undefined) => line && today(new Date(line.at), env.timeZone);
  return (
    <>
      <ol>
        {lines.map((line, index) => (
          <li key={`${line.version} ${line.type}`}>
            {dayOf(line) !== dayOf(lines[index - 1]) && (
              <h3 className={classes.day}>
                {dayWords(line.at, { locale: env.locale, timeZone: env.timeZone, now: env.now() })}
              </h3>
            )}
            <Line line={line} object={object} env={env} />
          </li>
        ))}
      </ol>
      {history.hasNextPage && (
        <Button
          variant="subtle"
          loading={history.isFetchingNextPage}
          onClick={() => void history.fetchNextPage()}
        >
          {t('record.earlier')}
        </Button>
      )}
    </>
  );
}

const icons: Record<string, typeof IconPlus> = {
  created: IconPlus,
  moved: IconArrowRight,
  archived: IconArchive,
  restored: IconRotate,
  gaps: IconAlertTriangle,
};

const acts = ['created', 'changed', 'moved', 'archived', 'restored', 'gaps'] as const;
const doors = ['import', 'cli', 'worker'] as const;

function Line({ line, object, env }: { line: HistoryLine; object: PublicObject; env: ViewEnv }) {
  const { t } = useTranslation();
  const Icon = icons[line.type] ?? IconPencil;
  const act = acts.find((one) => one === line.type) ?? 'changed';
  const door = doors.find((one) => one === line.channel);
  const changes = Object.entries(line.changes).flatMap(([key, change]) => {
    const field = fieldOf(object, key);
    return field && !field.system ? [{ field, ...change }] : [];
  });
  const reason = line.note?.['reason'] ?? line.note?.['override_reason'];
  return (
    <div className={classes.event}>
      <span className={classes.icon}>
        <Icon size={14} stroke={1.6} aria-hidden="true" />
      </span>
      <div className={classes.body}>
        <p>
          <b>{line.actor_name || t('record.somebody')}</b>{' '}
          <span className="second">{t(`record.did.${act}`)}</span>
          {door && <span className="muted"> {t(`record.by.${door}`)}</span>}
        </p>
        {changes.map(({ field, from, to }) => (
          <p key={field.key} className={classes.change}>
            {field.label}{' '}
            <span className="muted">
              {t('record.from')} <Value value={from} field={field} env={env} /> {t('record.to')}{' '}
              <Value value={to} field={field} env={env} />
            </span>
          </p>
        ))}
        {typeof reason === 'string' && <p className={classes.reason}>{reason}</p>}
      </div>
      <time className={classes.time} dateTime={line.at} title={exactInstant(line.at, env)}>
        {timeWords(line.at, env)}
      </time>
    </div>
  );
}

/** A canonical value in words; a link is kept as its id and looked up. */
function Value({ value, field, env }: { value: unknown; field: PublicField; env: ViewEnv }) {
  const { t } = useTranslation();
  if (value === null || value === undefined || value === '') return t('record.nothing');
  const view = viewOf(field);
  if (field.link_to && typeof value === 'string' && view.ArgumentWords) {
    return <view.ArgumentWords value={value} field={field} env={env} />;
  }
  return view.text(value, field, env) || t('record.nothing');
}
