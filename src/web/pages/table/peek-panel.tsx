/** A record beside the list, without leaving it. */
import { Button, CloseButton, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { PublicObject } from '../../../core/catalog/public-catalog.ts';
import type { ViewEnv } from '../../../core/kinds/field-view.ts';
import { fieldOf, pipelineOf } from '../../api/catalog.ts';
import { recordQuery } from '../../api/records.ts';
import { FieldList } from '../../record/field-list.tsx';
import { FieldValue } from '../../record/field-value.tsx';
import { RecordFacts } from '../../record/record-facts.tsx';
import { recordName } from '../../record/record-name.ts';
import { refusalWords } from '../../record/refusal-words.ts';
import { gapsOf, nextStage, stageOf } from '../../record/stage-path.tsx';
import { useMove } from '../../record/use-move.tsx';
import { daysSince } from '../../ui/dates.ts';
import { KeyHint } from '../../ui/key-hint.tsx';
import classes from './peek-panel.module.css';

type Props = { object: PublicObject; id: string; env: ViewEnv; onClose(): void };

export function PeekPanel({ object, id, env, onClose }: Props) {
  const { t } = useTranslation();
  const query = useQuery(recordQuery(object.key, id));
  const record = query.data;
  const pipeline = pipelineOf(env.catalog, object, record);
  const stageField = object.stage_field ? fieldOf(object, object.stage_field) : undefined;
  const { move, moving, dialog } = useMove(object, pipeline, record, env);
  const stage = record && pipeline ? stageOf(object, pipeline, record) : undefined;
  const next = pipeline && nextStage(pipeline, stage);
  const entered = record?.['stage_entered_at'];
  const name = record
    ? recordName(record, object) || t('record.unnamed', { object: object.label.one.toLowerCase() })
    : '';
  return (
    <aside className={classes.panel} aria-label={t('table.peek')}>
      <header className={classes.head}>
        {record && stageField && stage && (
          <>
            <span className="tag" data-tone="stage">
              <FieldValue field={stageField} record={record} env={env} />
            </span>
            {typeof entered === 'string' && (
              <span className="muted small">
                {t('record.days', { count: daysSince(entered, env.now()) })}
              </span>
            )}
          </>
        )}
        <span className="grow" />
        <Link to="/o/$object/$id" params={{ object: object.key, id }} className={classes.open}>
          {t('table.open')} <KeyHint keys="enter" />
        </Link>
        <CloseButton aria-label={t('common.close')} onClick={onClose} iconSize={16} />
      </header>
      <div className={classes.body}>
        {query.isPending && (
          <div className={classes.pad} aria-hidden="true">
            <Skeleton height={18} width="70%" />
            {[60, 45, 70, 50, 65].map((width) => (
              <Skeleton key={width} height={12} width={`${width}%`} mt={20} />
            ))}
          </div>
        )}
        {query.isError && (
          <p className={classes.pad} role="alert">
            {refusalWords(query.error)}
          </p>
        )}
        {record && (
          <>
            <div className={classes.title}>
              <h2>{name}</h2>
              <RecordFacts object={object} record={record} env={env} />
              {gapsOf(record).length > 0 && (
                <p className="due small">{t('record.gapCount', { count: gapsOf(record).length })}</p>
              )}
              {next && object.may.edit && (
                <Button className={classes.move} onClick={() => move(next.key)} loading={moving}>
                  {t('record.moveTo', { stage: next.label })}
                </Button>
              )}
            </div>
            <div className={classes.fields}>
              <FieldList object={object} record={record} env={env} />
            </div>
          </>
        )}
      </div>
      {dialog}
    </aside>
  );
}
