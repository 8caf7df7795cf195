/** Archives records and offers the way back in the same breath. */
import { useTranslation } from 'react-i18next';
import type { PublicObject } from '../../core/catalog/public-catalog.ts';
import { useArchive } from '../api/changes.ts';
import { toast } from '../ui/toast.tsx';
import { refusalWords } from './refusal-words.ts';

export function useArchiveWithUndo(object: PublicObject) {
  const { t } = useTranslation();
  const { archive, restore } = useArchive(object.key);
  const what = (count: number) =>
    `${count} ${(count === 1 ? object.label.one : object.label.many).toLocaleLowerCase()}`;
  const bringBack = (ids: readonly string[]) =>
    restore.mutate(ids, {
      onSuccess: ({ refused }) => {
        if (refused[0]) toast({ message: refusalWords(refused[0].error), tone: 'refused' });
      },
    });
  return {
    archiving: archive.isPending,
    /** `then` runs once something has been archived. */
    archive: (ids: readonly string[], then?: () => void) =>
      archive.mutate(ids, {
        onSuccess: ({ done, refused }) => {
          if (done.length > 0) {
            toast({ message: t('table.archived', { what: what(done.length) }), undo: () => bringBack(done) });
            then?.();
          }
          if (refused[0]) {
            const words = refusalWords(refused[0].error);
            toast({
              message: ids.length > 1 ? t('table.notArchived', { what: what(refused.length), words }) : words,
              tone: 'refused',
            });
          }
        },
      }),
  };
}
