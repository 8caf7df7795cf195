/** Gaps: what a stage passed asks for and is no longer there. They are asked for before the next move. */
import { useTranslation } from 'react-i18next';
import type { PublicPipeline } from '../../api/catalog.ts';
import type { CrmRecord } from '../../api/records.ts';
import { gapsOf } from '../../record/stage-path.tsx';
import { Dial } from '../../ui/dial.tsx';
import classes from './gap-band.module.css';

export function GapBand({ pipeline, record }: { pipeline: PublicPipeline; record: CrmRecord }) {
  const { t } = useTranslation();
  const gaps = gapsOf(record).flatMap((id) => {
    const stage = pipeline.stages.find((one) => id.startsWith(`${one.key}.`));
    return stage ? [{ id, stage, item: stage.items.find((one) => one.id === id) }] : [];
  });
  if (gaps.length === 0) return null;
  return (
    <ul className={classes.band}>
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
  );
}
