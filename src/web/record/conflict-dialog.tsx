/** Two people changed the same field: both values stand side by side, and one is chosen. */
import { Button, Modal } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { PublicField } from '../../core/catalog/public-catalog.ts';
import type { ViewEnv } from '../../core/kinds/field-view.ts';
import type { CrmRecord } from '../api/records.ts';
import classes from './conflict-dialog.module.css';
import { FieldValue } from './field-value.tsx';

type Props = {
  field: PublicField;
  env: ViewEnv;
  theirs: CrmRecord;
  mine: unknown;
  onTheirs(): void;
  onMine(): void;
};

export function ConflictDialog({ field, env, theirs, mine, onTheirs, onMine }: Props) {
  const { t } = useTranslation();
  return (
    <Modal
      opened
      onClose={onTheirs}
      title={t('conflict.title', { field: field.label })}
      size={480}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <div className={classes.conflict}>
        <p className="second">{t('conflict.explain')}</p>
        <dl className={classes.both}>
          <dt className="muted">{t('conflict.theirs')}</dt>
          <dd>
            <FieldValue field={field} record={theirs} env={env} />
          </dd>
          <dt className="muted">{t('conflict.mine')}</dt>
          <dd>
            <FieldValue field={field} record={{ ...theirs, [field.key]: mine }} env={env} />
          </dd>
        </dl>
      </div>
      <footer className="dialog-foot">
        <span className="grow" />
        <Button variant="subtle" onClick={onTheirs}>
          {t('conflict.keepTheirs')}
        </Button>
        <Button onClick={onMine}>{t('conflict.useMine')}</Button>
      </footer>
    </Modal>
  );
}
