/** What can be done with the chosen rows; archiving can be taken back at once. */
import { Button, CloseButton } from '@mantine/core';
import { IconArchive } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { PublicObject } from '../../../core/catalog/public-catalog.ts';
import { useArchiveWithUndo } from '../../record/use-archive.ts';
import classes from './selection-bar.module.css';
import type { Selection } from './use-selection.ts';

export function SelectionBar({ object, selection }: { object: PublicObject; selection: Selection }) {
  const { t } = useTranslation();
  const { archive, archiving } = useArchiveWithUndo(object);
  if (selection.size === 0) return null;
  return (
    <div className={classes.bar} role="toolbar" aria-label={t('table.selected', { count: selection.size })}>
      <span aria-live="polite">{t('table.selected', { count: selection.size })}</span>
      {object.may.archive && (
        <Button
          variant="subtle"
          color="dark"
          loading={archiving}
          leftSection={<IconArchive size={16} stroke={1.6} />}
          onClick={() => archive(selection.ids, selection.clear)}
        >
          {t('table.archive')}
        </Button>
      )}
      <CloseButton aria-label={t('table.clearSelection')} onClick={selection.clear} iconSize={14} />
    </div>
  );
}
