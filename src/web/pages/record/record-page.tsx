/** A record: who it is, where it stands and what comes next, its fields, its history, what belongs to it. */
import { ActionIcon, Button, Menu, Skeleton } from '@mantine/core';
import { IconArchive, IconCopy, IconDots, IconPrinter, IconRotate } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { PublicObject } from '../../../core/catalog/public-catalog.ts';
import { objectOf, pipelineOf, useCatalog } from '../../api/catalog.ts';
import { useArchive } from '../../api/changes.ts';
import { recordQuery } from '../../api/records.ts';
import { problemOf } from '../../api/request.ts';
import { FieldList } from '../../record/field-list.tsx';
import { HistoryList } from '../../record/history-list.tsx';
import { RecordFacts } from '../../record/record-facts.tsx';
import { recordName } from '../../record/record-name.ts';
import { refusalWords } from '../../record/refusal-words.ts';
import { RelatedLists } from '../../record/related-list.tsx';
import { nextStage, stageOf, StagePath } from '../../record/stage-path.tsx';
import { useArchiveWithUndo } from '../../record/use-archive.ts';
import { useMove } from '../../record/use-move.tsx';
import { useViewEnv } from '../../record/view-env.ts';
import { useKeys } from '../../shell/keys.tsx';
import { Empty } from '../../ui/empty.tsx';
import { KeyHint } from '../../ui/key-hint.tsx';
import { toast } from '../../ui/toast.tsx';
import { useTitle } from '../../ui/use-title.ts';
import { GapBand } from './gap-band.tsx';
import classes from './record-page.module.css';
import { StageGuide } from './stage-guide.tsx';

const route = getRouteApi('/shell/o/$object/$id');

export function RecordPage() {
  const { t } = useTranslation();
  const { object: key, id } = route.useParams();
  const object = objectOf(useCatalog(), key);
  if (!object) return <Empty title={t('table.noObject')} text={t('table.noObjectText')} />;
  return <Record key={id} object={object} id={id} />;
}

function Record({ object, id }: { object: PublicObject; id: string }) {
  const { t } = useTranslation();
  const navigate = route.useNavigate();
  const env = useViewEnv();
  const query = useQuery(recordQuery(object.key, id));
  const record = query.data;
  const pipeline = object.stage_field ? pipelineOf(env.catalog, object, record) : undefined;
  const stage = record && pipeline ? stageOf(object, pipeline, record) : undefined;
  const next = pipeline && nextStage(pipeline, stage);
  const archived = Boolean(record?.['archived_at']);
  const mayMove = Boolean(object.may.edit) && !archived;
  const { move, moving, dialog } = useMove(object, pipeline, record, env);
  const { archive } = useArchiveWithUndo(object);
  const { restore } = useArchive(object.key);
  const unnamed = t('record.unnamed', { object: object.label.one.toLowerCase() });
  const name = record ? recordName(record, object) || unnamed : undefined;
  useTitle(name);

  const back = () => void navigate({ to: '/o/$object', params: { object: object.key } });
  useKeys({
    escape: { say: 'keys.back', run: () => (window.history.length > 1 ? window.history.back() : back()) },
    m: {
      say: 'keys.move',
      what: next?.label,
      run: () => next && move(next.key),
      when: () => Boolean(next) && mayMove,
    },
  });

  if (query.isError && !record) {
    const missing = problemOf(query.error).status === 404;
    return (
      <Empty
        title={missing ? t('record.none', { object: object.label.one.toLowerCase() }) : t('errors.broken')}
        text={refusalWords(query.error)}
      >
        <Button variant="default" onClick={missing ? back : () => void query.refetch()}>
          {missing ? t('record.toList', { objects: object.label.many.toLowerCase() }) : t('common.again')}
        </Button>
      </Empty>
    );
  }
  return (
    <article className={classes.page}>
      <header className={classes.head}>
        <div className={classes.title}>
          <div className="grow">
            <h1>{name ?? <Skeleton height={22} width={260} my={2} aria-hidden="true" />}</h1>
            {record ? (
              <RecordFacts object={object} record={record} env={env}>
                {archived && <span className="tag">{t('record.archived')}</span>}
              </RecordFacts>
            ) : (
              <Skeleton height={12} width={180} mt={8} aria-hidden="true" />
            )}
          </div>
          <div className={classes.acts}>
            {record && (
              <Menu position="bottom-end" withinPortal>
                <Menu.Target>
                  <ActionIcon variant="default" aria-label={t('record.more')}>
                    <IconDots size={16} stroke={1.6} />
                  </ActionIcon>
                </Menu.Target>
                <Menu.Dropdown>
                  <Menu.Item
                    leftSection={<IconCopy size={16} stroke={1.6} />}
                    onClick={() =>
                      void navigator.clipboard
                        .writeText(window.location.href)
                        .then(() => toast({ message: t('record.copied') }))
                    }
                  >
                    {t('record.copyLink')}
                  </Menu.Item>
                  <Menu.Item
                    leftSection={<IconPrinter size={16} stroke={1.6} />}
                    onClick={() => window.print()}
                  >
                    {t('record.print')}
                  </Menu.Item>
                  {object.may.archive && !archived && (
                    <Menu.Item
                      leftSection={<IconArchive size={16} stroke={1.6} />}
                      onClick={() => archive([id], back)}
                    >
                      {t('table.archive')}
                    </Menu.Item>
                  )}
                </Menu.Dropdown>
              </Menu>
            )}
            {archived && object.may.archive && (
              <Button
                leftSection={<IconRotate size={16} stroke={1.6} />}
                loading={restore.isPending}
                onClick={() =>
                  restore.mutate([id], {
                    onSuccess: ({ refused }) =>
                      refused[0] && toast({ message: refusalWords(refused[0].error), tone: 'refused' }),
                  })
                }
              >
                {t('record.bringBack')}
              </Button>
            )}
            {next && mayMove && (
              <Button
                className={classes.move}
                onClick={() => move(next.key)}
                loading={moving}
                rightSection={<KeyHint keys="m" />}
              >
                {t('record.moveTo', { stage: next.label })}
              </Button>
            )}
          </div>
        </div>
        {record && pipeline && (
          <>
            <StagePath
              object={object}
              pipeline={pipeline}
              record={record}
              now={env.now()}
              onMove={mayMove ? move : undefined}
            />
            <StageGuide object={object} pipeline={pipeline} record={record} />
            <GapBand
              pipeline={pipeline}
              record={record}
              onFill={next && mayMove ? () => move(next.key) : undefined}
            />
          </>
        )}
      </header>
      <div className={classes.body}>
        <div className={classes.fields}>
          {record ? <FieldList object={object} record={record} env={env} /> : <Skeletons />}
        </div>
        <div className={classes.middle}>
          <h2 className={classes.heading}>{t('record.history')}</h2>
          <HistoryList object={object} id={id} env={env} />
        </div>
        <div className={classes.related}>{record && <RelatedLists object={object} id={id} env={env} />}</div>
      </div>
      {dialog}
    </article>
  );
}

const Skeletons = () => (
  <div className={classes.wait} aria-hidden="true">
    {[62, 48, 70, 55, 40, 66, 52].map((width) => (
      <Skeleton key={width} height={12} width={`${width}%`} />
    ))}
  </div>
);
