/** Gaps: what a stage passed asks for and is no longer there. They are asked for before the next move. */
import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { PublicPipeline } from '../../api/catalog.ts';
import type { CrmRecord } from '../../api/records.ts';
import { gapsOf } from '../../record/stage-path.tsx';
import { Dial } from '../../ui/dial.tsx';
import classes from './gap-band.module.css';

type Props = {
  pipeline: PublicPipeline;
  record: CrmRecord;
  /** Tries the next move, which asks for exactly what is missing. */
  onFill?: () => void;
};

export function GapBand({ pipeline, record, onFill }: Props) {
  const { t } = useTranslation();
  const gaps = gapsOf(record).flatMap((id) => {
    const stage = pipeline.stages.find((one) => id.startsWith(`${one.key}.`));
    return stage ? [{ id, stage, item: stage.items.find((one) => one.id === id) }] : [];
  });
  if (gaps.length === 0) return null;
  return (
    <section className={classes.band} aria-label={t('record.gapCount', { count: gaps.length })}>
      <div className={classes.lead}>
        <b>{t('record.gapCount', { count: gaps.length })}</b>
        <span className="second">{t('record.gapLead')}</span>
        {onFill && (
          <Button variant="default" size="xs" onClick={onFill}>
            {t('record.gapFill')}
          </Button>
        )}
      </div>
      <ul>
        {gaps.map(({ id, stage, item }) => (
          <li key={id}>
            <Dial shape="missing" />
            <span>
              <b>{t('record.gapAt', { stage: stage.label })}</b> {item?.say}{' '}
              <span className="second">{item?.why}</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
