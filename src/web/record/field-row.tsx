/** One field on a record: its value, and in its place the input. Shown at once, reopened when refused. */
import { ActionIcon, Button, Tooltip } from '@mantine/core';
import { IconPencil } from '@tabler/icons-react';
import { lazy, Suspense, useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PublicField, PublicObject } from '../../core/catalog/public-catalog.ts';
import type { ViewEnv } from '../../core/kinds/field-view.ts';
import { viewOf } from '../../kinds/fields/views.ts';
import { useChangeField } from '../api/changes.ts';
import type { CrmRecord } from '../api/records.ts';
import classes from './field-row.module.css';
import { FieldValue } from './field-value.tsx';
import { refusalFor } from './refusal-words.ts';
import { writeValue } from './write-value.ts';

const ConflictDialog = lazy(async () => ({
  default: (await import('./conflict-dialog.tsx')).ConflictDialog,
}));

type Props = { object: PublicObject; field: PublicField; record: CrmRecord; env: ViewEnv };

export function FieldRow({ object, field, record, env }: Props) {
  const { t } = useTranslation();
  const id = useId();
  const view = viewOf(field);
  const [draft, setDraft] = useState<{ base: CrmRecord; value: unknown }>();
  const [refused, setRefused] = useState<string>();
  const [conflict, setConflict] = useState<{ theirs: CrmRecord; mine: unknown }>();
  const change = useChangeField(object.key);
  const pencil = useRef<HTMLButtonElement>(null);
  const may =
    Boolean(object.may.edit) && !record['archived_at'] && field.may === 'edit' && Boolean(view.Input);
  const empty = record[field.key] === null || record[field.key] === undefined || record[field.key] === '';

  const open = () => may && setDraft({ base: record, value: record[field.key] ?? null });
  const close = () => {
    setDraft(undefined);
    setRefused(undefined);
    pencil.current?.focus();
  };
  const save = (value: unknown, base: CrmRecord) => {
    const written = writeValue(field, value);
    if (JSON.stringify(written) === JSON.stringify(writeValue(field, base[field.key]))) return close();
    close();
    change.mutate(
      { base, key: field.key, value: written === null ? null : value, written },
      {
        onError: (error) => {
          setRefused(refusalFor(error, field.key));
          setDraft({ base, value });
        },
        onSuccess: (outcome) => {
          if ('theirs' in outcome) setConflict({ theirs: outcome.theirs, mine: value });
        },
      },
    );
  };

  const Input = view.Input;
  return (
    <div className={classes.row} data-wide={view.wide || undefined} data-open={draft ? true : undefined}>
      <dt id={`${id}-label`} className={classes.label}>
        <Tooltip label={field.meaning} multiline maw={320} position="bottom-start" withinPortal>
          <span className="cut">{field.label}</span>
        </Tooltip>
      </dt>
      {draft && Input ? (
        <dd className={classes.editing}>
          <form
            noValidate
            onSubmit={(event) => {
              event.preventDefault();
              save(draft.value, draft.base);
            }}
            onKeyDown={(event) => {
              if (event.key !== 'Escape') return;
              event.stopPropagation();
              close();
            }}
            onBlur={(event) => {
              const next = event.relatedTarget;
              if (refused || (next instanceof Node && event.currentTarget.contains(next))) return;
              save(draft.value, draft.base);
            }}
          >
            <Input
              id={`${id}-input`}
              value={draft.value}
              onChange={(value: unknown) => setDraft({ base: draft.base, value })}
              onPick={(value: unknown) => save(value, draft.base)}
              field={field}
              env={env}
              record={record}
              label={field.label}
              describedBy={`${id}-hint`}
              invalid={Boolean(refused)}
              autoFocus
              openAtOnce
            />
            <p
              id={`${id}-hint`}
              className={refused ? classes.refused : 'hidden-text'}
              role={refused ? 'alert' : undefined}
            >
              {refused ?? field.meaning}
            </p>
            {view.wide && (
              <div className={classes.acts}>
                <Button type="submit" variant="default">
                  {t('common.save')}
                </Button>
                <Button variant="subtle" onClick={close}>
                  {t('common.leave')}
                </Button>
              </div>
            )}
          </form>
        </dd>
      ) : (
        <dd
          className={classes.value}
          data-may={may || undefined}
          onClick={(event) => {
            if (event.target instanceof Element && event.target.closest('a, button')) return;
            if (window.getSelection()?.toString()) return;
            open();
          }}
        >
          <span className={view.wide ? classes.prose : 'cut'}>
            {empty ? (
              <span className="muted">{may ? t('record.add') : '–'}</span>
            ) : (
              <FieldValue field={field} record={record} env={env} />
            )}
          </span>
          {may && (
            <ActionIcon
              ref={pencil}
              variant="subtle"
              className={classes.pencil}
              onClick={open}
              aria-label={t('record.editField', { field: field.label })}
            >
              <IconPencil size={14} stroke={1.6} />
            </ActionIcon>
          )}
        </dd>
      )}
      {conflict && (
        <Suspense>
          <ConflictDialog
            field={field}
            env={env}
            {...conflict}
            onTheirs={() => setConflict(undefined)}
            onMine={() => {
              setConflict(undefined);
              save(conflict.mine, conflict.theirs);
            }}
          />
        </Suspense>
      )}
    </div>
  );
}
