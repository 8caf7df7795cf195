/** What happened to a record, newest first: who changed what, from what to what. */
import { Skeleton } from '@mantine/core';
import { IconArchive, IconArrowRight, IconPencil, IconPlus, IconRotate } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { PublicObject } from '../../core/catalog/public-catalog.ts';
import type { ViewEnv } from '../../core/kinds/field-view.ts';
import { viewOf } from '../../kinds/fields/views.ts';
import { fieldOf } from '../api/catalog.ts';
import { historyQuery, type HistoryEntry } from '../api/records.ts';
import { exactInstant, instantWords, timeWords, today } from '../ui/dates.ts';
import classes from './history-list.module.css';

type Props = { object: PublicObject; id: string; env: ViewEnv };

export function HistoryList({ object, id, env }: Props) {
  const { t } = useTranslation();
  const history = useQuery(historyQuery(object.key, id));
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
  const entries = history.data?.data ?? [];
  if (entries.length === 0) return <p className="muted">{t('record.noHistory')}</p>;
  return (
    <ol>
      {entries.map((entry, index) => {
        const day = today(new Date(entry.at), env.timeZone);
        const before = entries[index - 1];
        const newDay = !before || today(new Date(before.at), env.timeZone) !== day;
        return (
          <li key={entry.id}>
            {newDay && <h3 className={classes.day}>{dayWords(entry.at, env)}</h3>}
            <Entry entry={entry} object={object} env={env} />
          </li>
        );
      })}
    </ol>
  );
}

const dayWords = (at: string, env: ViewEnv): string =>
  instantWords(at, { locale: env.locale, timeZone: env.timeZone, now: env.now() }).replace(
    / \d{1,2}[:.]\d{2}.*$/,
    '',
  );

const icons: Record<string, typeof IconPlus> = {
  created: IconPlus,
  changed: IconPencil,
  advanced: IconArrowRight,
  archived: IconArchive,
  restored: IconRotate,
};

type EntryProps = { entry: HistoryEntry; object: PublicObject; env: ViewEnv };

function Entry({ entry, object, env }: EntryProps) {
  const { t } = useTranslation();
  const Icon = icons[entry.kind] ?? IconPencil;
  const who = entry.actor?.name ?? t('record.somebody');
  const changes = entry.changes.filter((change) => {
    const field = fieldOf(object, change.field);
    return field !== undefined && !field.system;
  });
  return (
    <div className={classes.event}>
      <span className={classes.icon}>
        <Icon size={14} stroke={1.6} aria-hidden="true" />
      </span>
      <div className={classes.body}>
        <p>
          <b>{who}</b> <span className="second">{t(`record.did.${didWord(entry.kind)}`)}</span>
        </p>
        {changes.map((change) => {
          const field = fieldOf(object, change.field)!;
          const view = viewOf(field);
          return (
            <p key={change.field} className={classes.change}>
              {field.label}{' '}
              <span className="muted">
                {t('record.fromTo', {
                  from: view.text(change.old as never, field, env) || t('record.nothing'),
                  to: view.text(change.new as never, field, env) || t('record.nothing'),
                })}
              </span>
            </p>
          );
        })}
        {entry.reason && <p className={classes.reason}>{entry.reason}</p>}
      </div>
      <time className={classes.time} dateTime={entry.at} title={exactInstant(entry.at, env)}>
        {timeWords(entry.at, env)}
      </time>
    </div>
  );
}

const did = ['created', 'changed', 'advanced', 'archived', 'restored'] as const;
const didWord = (kind: string) => did.find((word) => word === kind) ?? 'changed';
