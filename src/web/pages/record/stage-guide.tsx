/** What the present stage is for, and what the next one asks. Whether it is met the server judges on the move. */
import { useTranslation } from 'react-i18next';
import type { PublicItem, PublicObject } from '../../../core/catalog/public-catalog.ts';
import type { PublicPipeline } from '../../api/catalog.ts';
import type { CrmRecord } from '../../api/records.ts';
import { nextStage, stageOf } from '../../record/stage-path.tsx';
import { Dial } from '../../ui/dial.tsx';
import classes from './stage-guide.module.css';

type Props = { object: PublicObject; pipeline: PublicPipeline; record: CrmRecord };

export function StageGuide({ object, pipeline, record }: Props) {
  const { t } = useTranslation();
  const stage = stageOf(object, pipeline, record);
  if (!stage) return null;
  const next = nextStage(pipeline, stage);
  const asked = next
    ? [
        ...stage.items.filter((item) => item.moment === 'leave'),
        ...next.items.filter((item) => item.moment === 'enter'),
      ]
    : [];
  return (
    <div className={classes.guide}>
      <section>
        <h2>{t('record.stageFor', { stage: stage.label })}</h2>
        <p>
          {stage.goal} <span className="second">{stage.action}</span>
        </p>
      </section>
      {next && asked.length > 0 && (
        <section>
          <h2>{t('record.askedFor', { stage: next.label })}</h2>
          <ul>
            {asked.map((item) => (
              <li key={item.id} className={classes.item} title={item.why}>
                <Dial shape={shapeOf(item, record)} />
                <span>{item.say}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {stage.guidance && (
        <section className={classes.guidance}>
          <h2>{t('record.guidance')}</h2>
          <p className="second">{stage.guidance}</p>
        </section>
      )}
    </div>
  );
}

const filled = (value: unknown): boolean => value !== null && value !== undefined && value !== '';

/** A hint only: an item that reads own fields is likely met when all are filled, and likely not when one is empty. */
function shapeOf(item: PublicItem, record: CrmRecord): 'passed' | 'missing' | 'none' {
  if (item.fields.length === 0) return 'none';
  return item.fields.every((key) => filled(record[key])) ? 'passed' : 'missing';
}
