/** What stands in place of a page: on its way, not there, broken. */
import { Button, Loader } from '@mantine/core';
import { useRouter, type ErrorComponentProps } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { refusalWords } from '../record/refusal-words.ts';
import { Empty } from '../ui/empty.tsx';
import classes from './states.module.css';

export const Waiting = () => (
  <div className={classes.fill}>
    <Loader size={20} />
  </div>
);

export function Missing() {
  const { t } = useTranslation();
  return (
    <div className={classes.fill}>
      <Empty title={t('errors.noPage')} text={t('errors.noPageText')}>
        <Button component="a" href="/" variant="default">
          {t('errors.toStart')}
        </Button>
      </Empty>
    </div>
  );
}

export function Broken({ error, reset }: ErrorComponentProps) {
  const { t } = useTranslation();
  const router = useRouter();
  return (
    <div className={classes.fill} role="alert">
      <Empty title={t('errors.broken')} text={refusalWords(error)}>
        <Button
          onClick={() => {
            reset();
            void router.invalidate();
          }}
        >
          {t('common.again')}
        </Button>
      </Empty>
    </div>
  );
}
