/** Takes a file by dropping or choosing; it is sent at once and named by its id from then on. */
import { Loader } from '@mantine/core';
import { IconPaperclip, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { InputProps } from '../../core/kinds/field-view.ts';
import { problemOf } from '../api/request.ts';
import classes from './file-drop.module.css';

export type KeptFile = { id: string; name: string };

export function FileDrop({ id, value, onChange, env, label, describedBy, autoFocus }: InputProps<KeptFile>) {
  const { t } = useTranslation();
  const [state, setState] = useState<'idle' | 'over' | 'sending'>('idle');
  const [refused, setRefused] = useState<string>();
  const send = async (file: File | undefined) => {
    if (!file) return;
    setState('sending');
    setRefused(undefined);
    try {
      const kept = await env.upload(file);
      onChange({ id: kept.id, name: kept.name ?? file.name });
    } catch (error) {
      setRefused(problemOf(error).detail || t('errors.unreachable'));
    } finally {
      setState('idle');
    }
  };
  if (value) {
    return (
      <div className={classes.kept}>
        <IconPaperclip size={16} stroke={1.6} />
        <span className="cut grow">{value.name}</span>
        <button
          type="button"
          className={classes.remove}
          aria-label={t('fields.removeFile')}
          onClick={() => onChange(null)}
        >
          <IconX size={14} stroke={1.6} />
        </button>
      </div>
    );
  }
  return (
    <>
      <label
        className={classes.drop}
        data-over={state === 'over' || undefined}
        onDragOver={(event) => {
          event.preventDefault();
          setState('over');
        }}
        onDragLeave={() => setState('idle')}
        onDrop={(event) => {
          event.preventDefault();
          void send(event.dataTransfer.files[0]);
        }}
      >
        {state === 'sending' ? <Loader size={16} /> : <IconPaperclip size={16} stroke={1.6} />}
        <span>
          {state === 'sending' ? (
            t('fields.sendingFile')
          ) : (
            <>
              {t('fields.dropFile')} <span className="link">{t('fields.chooseFile')}</span>
            </>
          )}
        </span>
        <input
          id={id}
          type="file"
          className="hidden-text"
          aria-label={label}
          aria-describedby={describedBy}
          autoFocus={autoFocus}
          data-autofocus={autoFocus || undefined}
          onChange={(event) => void send(event.currentTarget.files?.[0])}
        />
      </label>
      {refused && (
        <p className="risk small" role="alert">
          {refused}
        </p>
      )}
    </>
  );
}
