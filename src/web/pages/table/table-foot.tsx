/** Below a list: how many it holds, and what they are worth. Of all that is filtered, not only of what is loaded. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { PublicField, PublicObject } from '../../../core/catalog/public-catalog.ts';
import type { ViewEnv } from '../../../core/kinds/field-view.ts';
import { viewOf } from '../../../kinds/fields/views.ts';
import { countQuery, summaryQuery, type ListParams } from '../../api/records.ts';
import { keyFacts } from '../../record/key-facts.ts';
import { timeWords } from '../../ui/dates.ts';
import classes from './table-foot.module.css';

type Props = { object: PublicObject; filter: Pick<ListParams, 'where' | 'q'>; env: ViewEnv };

export function TableFoot({ object, filter, env }: Props) {
  const { t } = useTranslation();
  const money = keyFacts(object).find((field) => field.traits.includes('numeric'));
  const count = useQuery({ ...countQuery(object.key, filter), placeholderData: keepPreviousData });
  const figures = useQuery({
    ...summaryQuery(
      object.key,
      filter,
      money ? (['avg', 'sum'] as const).map((fn) => ({ fn, field: money.key })) : [],
    ),
    placeholderData: keepPreviousData,
  });
  const total = count.data;
  return (
    <footer className={classes.foot}>
      <span aria-live="polite">
        {typeof total === 'number' && (
          <>
            <b>{new Intl.NumberFormat(env.locale).format(total)}</b>{' '}
            {(total === 1 ? object.label.one : object.label.many).toLowerCase()}
          </>
        )}
      </span>
      <span className="grow" />
      {money && Boolean(total) && (
        <>
          <Figure
            label={t('table.average')}
            value={figures.data?.[`avg_${money.key}`]}
            field={money}
            env={env}
            wide
          />
          <Figure label={t('table.sum')} value={figures.data?.[`sum_${money.key}`]} field={money} env={env} />
        </>
      )}
      <span className="grow" />
      {count.dataUpdatedAt > 0 && (
        <span className={classes.wide}>
          {t('table.asOf', { time: timeWords(new Date(count.dataUpdatedAt).toISOString(), env) })}
        </span>
      )}
    </footer>
  );
}

type FigureProps = { label: string; value: unknown; field: PublicField; env: ViewEnv; wide?: boolean };

/** A figure in the reporting currency, to the whole unit. */
function Figure({ label, value, field, env, wide }: FigureProps) {
  if (value === null || value === undefined) return null;
  const view = viewOf(field);
  const whole = Math.round(Number(value));
  return (
    <span className={`figures ${classes.figure} ${wide ? classes.wide : ''}`} title={field.label}>
      {label}{' '}
      <b>
        {view.ArgumentWords ? (
          <view.ArgumentWords value={whole} field={field} env={env} />
        ) : (
          view.text(whole, field, env)
        )}
      </b>
    </span>
  );
}
