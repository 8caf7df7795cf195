/** The path of a record: stages passed, the one it is in, those ahead; a gap shows at its stage. */
import { useTranslation } from 'react-i18next';
import type { PublicObject, PublicStage } from '../../core/catalog/public-catalog.ts';
import { Menu } from '@mantine/core';
import type { PublicPipeline } from '../api/catalog.ts';
import type { CrmRecord } from '../api/records.ts';
import { daysSince } from '../ui/dates.ts';
import { Dial } from '../ui/dial.tsx';
import { StageDial } from './stage-dial.tsx';
import classes from './stage-path.module.css';

type Props = {
  object: PublicObject;
  pipeline: PublicPipeline;
  record: CrmRecord;
  now: Date;
  /** Asks to move to a stage; left out where the reader may not. */
  onMove?: (to: string) => void;
};

/** Item ids (`stage.item`) that are missing on the record. */
export const gapsOf = (record: CrmRecord): readonly string[] =>
  Array.isArray(record['gaps']) ? (record['gaps'] as string[]) : [];

export const stageOf = (
  object: PublicObject,
  pipeline: PublicPipeline,
  record: CrmRecord,
): PublicStage | undefined =>
  pipeline.stages.find(
    (stage) => object.stage_field !== undefined && stage.key === record[object.stage_field],
  );

/** The stage a record goes to by itself: the next open one, after the last open one the first good end. */
export function nextStage(
  pipeline: PublicPipeline,
  current: PublicStage | undefined,
): PublicStage | undefined {
  if (!current || current.outcome !== 'open') return undefined;
  return pipeline.stages[pipeline.stages.indexOf(current) + 1];
}

export function StagePath({ object, pipeline, record, now, onMove }: Props) {
  const { t } = useTranslation();
  const current = stageOf(object, pipeline, record);
  const at = current ? pipeline.stages.indexOf(current) : -1;
  const gaps = gapsOf(record);
  const entered = record['stage_entered_at'];
  // Ends other than the one it reached, or the first good one, stand apart in the menu.
  const path = pipeline.stages.filter(
    (stage) =>
      stage.outcome === 'open' ||
      stage === current ||
      (current?.outcome === 'open' && stage === firstEnd(pipeline)),
  );
  return (
    <nav className={classes.path} aria-label={t('record.path', { pipeline: pipeline.label })}>
      <ol className={classes.stages}>
        {path.map((stage) => {
          const index = pipeline.stages.indexOf(stage);
          const gap = gaps.some((id) => id.startsWith(`${stage.key}.`));
          const passed = index < at;
          const here = stage === current;
          return (
            <li
              key={stage.key}
              className={classes.step}
              data-here={here || undefined}
              data-passed={passed || undefined}
              aria-current={here ? 'step' : undefined}
            >
              <StageMenu stage={stage} here={here} onMove={onMove}>
                {gap && !here ? (
                  <Dial shape="missing" />
                ) : passed ? (
                  <Dial shape="passed" />
                ) : !here && stage.outcome !== 'open' ? (
                  <Dial shape="none" />
                ) : (
                  <StageDial pipeline={pipeline} stage={stage.key} />
                )}
                <span className={`cut ${classes.name}`}>{stage.label}</span>
                {gap && <span className="hidden-text">{t('record.hasGap')}</span>}
                {here && typeof entered === 'string' && stage.outcome === 'open' && (
                  <small>{t('record.days', { count: daysSince(entered, now) })}</small>
                )}
              </StageMenu>
            </li>
          );
        })}
      </ol>
    </nav>
  );
}

const firstEnd = (pipeline: PublicPipeline): PublicStage | undefined =>
  pipeline.stages.find((stage) => stage.outcome !== 'open');

type StageMenuProps = {
  stage: PublicStage;
  here: boolean;
  onMove?: (to: string) => void;
  children: React.ReactNode;
};

/** A stage says what it is for, and takes the record there. */
function StageMenu({ stage, here, onMove, children }: StageMenuProps) {
  const { t } = useTranslation();
  return (
    <Menu position="bottom-start" withinPortal width={300}>
      <Menu.Target>
        <button type="button" className={classes.stage}>
          {children}
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <div className={classes.about}>
          <p>{stage.goal}</p>
          <p className="second">{stage.action}</p>
        </div>
        {onMove && !here && (
          <>
            <Menu.Divider />
            <Menu.Item onClick={() => onMove(stage.key)}>
              {t('record.moveTo', { stage: stage.label })}
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
