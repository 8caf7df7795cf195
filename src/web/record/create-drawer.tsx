/** Makes a record: what it needs first, the rest on demand. A refusal stands at its field; nothing typed is lost. */
import { Button, Drawer, UnstyledButton } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PublicField, PublicObject } from '../../core/catalog/public-catalog.ts';
import { viewOf } from '../../kinds/fields/views.ts';
import { useCreateRecord } from '../api/changes.ts';
import { problemOf, type ProblemDocument } from '../api/request.ts';
import { toast } from '../ui/toast.tsx';
import classes from './create-drawer.module.css';
import { FormField } from './form-field.tsx';
import { recordName } from './record-name.ts';
import { issueWords, refusalWords } from './refusal-words.ts';
import { useViewEnv } from './view-env.ts';
import { writeValues } from './write-value.ts';

type Props = { object: PublicObject; given?: Record<string, unknown>; onClose(): void };

/** Shown at once: the name, what is required or given, then fields in their order up to this many. */
const atOnce = 7;

export function CreateDrawer({ object, given, onClose }: Props) {
  const { t } = useTranslation();
  const env = useViewEnv();
  const navigate = useNavigate();
  const create = useCreateRecord(object.key);
  const [values, setValues] = useState<Record<string, unknown>>(given ?? {});
  const [all, setAll] = useState(false);
  const [problem, setProblem] = useState<ProblemDocument>();

  const fields = object.fields.filter(
    (field) =>
      !field.system && field.may === 'edit' && Boolean(viewOf(field).Input) && field.role !== 'stage',
  );
  const first = (field: PublicField) =>
    object.name_fields.includes(field.key) || field.required || given?.[field.key] !== undefined;
  const ordered = [...fields.filter(first), ...fields.filter((field) => !first(field))];
  const refusedFields = new Set(problem?.errors.map((issue) => issue.path));
  const shown = ordered.filter((field, index) => all || index < atOnce || refusedFields.has(field.key));
  const elsewhere = problem?.errors.filter((issue) => !shown.some((field) => field.key === issue.path)) ?? [];

  const send = (again: boolean) =>
    create.mutate(
      { values: writeValues(fields, values), again },
      {
        onSuccess: (record) => {
          toast({ message: t('create.done', { name: recordName(record, object) || object.label.one }) });
          onClose();
          void navigate({ to: '/o/$object/$id', params: { object: object.key, id: record.id } });
        },
        onError: (error) => {
          const found = problemOf(error);
          setProblem({ ...found, detail: refusalWords(error) });
        },
      },
    );

  return (
    <Drawer
      opened
      onClose={onClose}
      size={480}
      title={t('create.title', { object: object.label.one.toLowerCase() })}
      closeButtonProps={{ 'aria-label': t('common.close') }}
      classNames={{ content: classes.content, body: classes.body }}
    >
      <form
        noValidate
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          send(false);
        }}
      >
        <div className={classes.fields}>
          <p className={classes.meaning}>{object.meaning}</p>
          {problem && (elsewhere.length > 0 || problem.errors.length === 0) && (
            <div className={classes.refused} role="alert">
              {elsewhere.length > 0 ? (
                elsewhere.map((issue) => <p key={issue.path + issue.code}>{issueWords(issue)}</p>)
              ) : (
                <p>{problem.detail}</p>
              )}
              {problem.candidates?.map((candidate) => (
                <a
                  key={candidate.id}
                  className="link"
                  href={env.address(object.key, candidate.id)}
                  target="_blank"
                  rel="noreferrer"
                >
                  {candidate.name ?? t('create.candidate')}
                </a>
              ))}
              {problem.candidates && (
                <Button variant="default" onClick={() => send(true)} loading={create.isPending}>
                  {t('create.again')}
                </Button>
              )}
            </div>
          )}
          {shown.map((field, index) => (
            <FormField
              key={field.key}
              id={`create-${field.key}`}
              field={field}
              value={values[field.key]}
              onChange={(value) => setValues((before) => ({ ...before, [field.key]: value }))}
              env={env}
              record={values}
              refused={
                problem?.errors
                  .filter((issue) => issue.path === field.key)
                  .map(issueWords)
                  .join(' ') || undefined
              }
              autoFocus={index === 0}
            />
          ))}
          {ordered.length > shown.length && (
            <UnstyledButton className={classes.more} onClick={() => setAll(true)}>
              <IconChevronRight size={14} stroke={1.6} />
              {t('record.moreFields', { count: ordered.length - shown.length })}
            </UnstyledButton>
          )}
        </div>
        <footer className="dialog-foot">
          <span className="grow" />
          <Button variant="subtle" onClick={onClose}>
            {t('common.leave')}
          </Button>
          <Button type="submit" loading={create.isPending}>
            {t('create.send', { object: object.label.one.toLowerCase() })}
          </Button>
        </footer>
      </form>
    </Drawer>
  );
}
