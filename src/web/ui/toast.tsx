/** Short answers to what was done, with the way back where there is one. */
import { notifications } from '@mantine/notifications';
import { messages } from '../messages/messages.ts';
import classes from './toast.module.css';

type Toast = {
  message: string;
  tone?: 'done' | 'refused';
  /** Takes back what was done. */
  undo?: () => void;
};

export function toast({ message, tone = 'done', undo }: Toast): void {
  const id = notifications.show({
    withCloseButton: true,
    closeButtonProps: { 'aria-label': messages.t('common.close') },
    // Who may take something back gets the time to see it.
    autoClose: undo || tone === 'refused' ? 10_000 : 4_000,
    message: (
      <span className={classes.line} data-tone={tone}>
        <span className="grow">{message}</span>
        {undo && (
          <button
            type="button"
            className={classes.undo}
            onClick={() => {
              notifications.hide(id);
              undo();
            }}
          >
            {messages.t('common.undo')}
          </button>
        )}
      </span>
    ),
  });
}
