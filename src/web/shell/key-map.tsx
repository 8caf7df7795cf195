/** The map of all keys that are taken at this moment. */
import { Modal } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { keyWords } from '../ui/key-hint.tsx';
import classes from './key-map.module.css';
import { useAllKeys } from './keys.tsx';

export function KeyMap({ onClose }: { onClose(): void }) {
  const { t } = useTranslation();
  const acts = Object.entries(useAllKeys()()).filter(([, act]) => act.say !== undefined);
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('keys.map')}
      size={480}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <dl className={classes.map}>
        {acts.map(([keys, act]) => (
          <div key={keys} className={classes.line}>
            <dt>{t(act.say!, { what: act.what })}</dt>
            <dd>
              {keyWords(keys)
                .split(' ')
                .map((key) => (
                  <kbd key={key} className="key">
                    {key}
                  </kbd>
                ))}
            </dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
