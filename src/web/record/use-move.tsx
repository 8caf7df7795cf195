/** Moving a record to a stage: tried as it stands; what is missing is asked once, in one form. */
import { lazy, Suspense, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { PublicObject } from '../../core/catalog/public-catalog.ts';
import type { Issue } from '../../core/errors/problem.ts';
import type { ViewEnv } from '../../core/kinds/field-view.ts';
import type { PublicPipeline } from '../api/catalog.ts';
import { useAdvance } from '../api/changes.ts';
import type { AdvanceInput, CrmRecord } from '../api/records.ts';
import { problemOf } from '../api/request.ts';
import { toast } from '../ui/toast.tsx';
import { refusalWords } from './refusal-words.ts';

const MoveDialog = lazy(async () => ({ default: (await import('./move-dialog.tsx')).MoveDialog }));

type Asked = { to: string; errors: readonly Issue[] };

/** `move` tries the move; `dialog` must be drawn; `moving` while it is under way. */
export function useMove(
  object: PublicObject,
  pipeline: PublicPipeline | undefined,
  record: CrmRecord | undefined,
  env: ViewEnv,
): { move(to: string): void; moving: boolean; dialog: ReactNode } {
  const { t } = useTranslation();
  const advance = useAdvance(object.key);
  const [asked, setAsked] = useState<Asked>();

  const send = (input: AdvanceInput) => {
    if (!record) return;
    advance.mutate(
      { ...input, id: record.id },
      {
        onSuccess: () => {
          setAsked(undefined);
          const stage = pipeline?.stages.find((other) => other.key === input.to);
          toast({ message: t('move.done', { stage: stage?.label ?? input.to }) });
        },
        onError: (error) => {
          const problem = problemOf(error);
          if (problem.status === 422 && problem.errors.length > 0)
            setAsked({ to: input.to, errors: problem.errors });
          else toast({ message: refusalWords(error), tone: 'refused' });
        },
      },
    );
  };

  return {
    move: (to) => send({ to }),
    moving: advance.isPending,
    dialog:
      asked && record ? (
        <Suspense>
          <MoveDialog
            object={object}
            pipeline={pipeline}
            record={record}
            env={env}
            to={asked.to}
            errors={asked.errors}
            sending={advance.isPending}
            onSend={send}
            onClose={() => setAsked(undefined)}
          />
        </Suspense>
      ) : null,
  };
}
