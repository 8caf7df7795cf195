/**
 * A refusal as a conversation: one small form that holds exactly what is missing before a stage. It sends
 * everything at once and moves on; what was typed survives every further refusal.
 */
import { Button, Modal, Textarea } from '@mantine/core';
import { useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PublicField, PublicObject } from '../../core/catalog/public-catalog.ts';
import type { Issue } from '../../core/errors/problem.ts';
import type { ViewEnv } from '../../core/kinds/field-view.ts';
import { viewOf } from '../../kinds/fields/views.ts';
import type { PublicPipeline } from '../api/catalog.ts';
import type { AdvanceInput, CrmRecord } from '../api/records.ts';
import { wordsOf } from '../messages/messages.ts';
import { Avatar } from '../ui/avatar.tsx';
import { KeyHint } from '../ui/key-hint.tsx';
import { keyFacts } from './key-facts.ts';
import { canAnswer, missingItems, type Missing } from './missing-items.ts';
import classes from './move-dialog.module.css';
import { recordName } from './record-name.ts';
import { issueWords } from './refusal-words.ts';
import { stageOf } from './stage-path.tsx';
import { writeValue } from './write-value.ts';

type Props = {
  object: PublicObject;
  pipeline: PublicPipeline | undefined;
  record: CrmRecord;
  env: ViewEnv;
  to: string;
  errors: readonly Issue[];
  sending: boolean;
  onSend(input: AdvanceInput): void;
  onClose(): void;
};

/** Values by place: `set.amount`, `activity.result`; the same place keeps its value when asked again. */
type Values = Record<string, unknown>;

export function MoveDialog({ object, pipeline, record, env, to, errors, sending, onSend, onClose }: Props) {
  const { t } = useTranslation();
  const [values, setValues] = useState<Values>({});
  const [override, setOverride] = useState<string>();
  const form = useRef<HTMLFormElement>(null);
  const items = useMemo(() => missingItems(errors, env.catalog, object), [errors, env.catalog, object]);
  const stage = pipeline?.stages.find((other) => other.key === to)?.label ?? to;
  const current = pipeline && stageOf(object, pipeline, record);
  const answerable = items.some(canAnswer);
  const change = (place: string, value: unknown) => setValues((before) => ({ ...before, [place]: value }));

  const send = () =>
    onSend({
      ...answers(items, values),
      to,
      ...(override?.trim() ? { override_reason: override.trim() } : {}),
    });
  const may = object.may.override;
  return (
    <Modal
      opened
      onClose={onClose}
      size={540}
      yOffset="12vh"
      title={t('move.title', { count: items.length, number: numberWord(items.length), stage })}
      withCloseButton={false}
    >
      <p className={classes.about}>{about(object, record, env)}</p>
      <form
        noValidate
        ref={form}
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <div className={classes.items}>
          {items.map((missing, index) => (
            <Question
              key={missing.id}
              missing={missing}
              values={values}
              change={change}
              env={env}
              record={record}
              first={index === 0}
            />
          ))}
          {may && override !== undefined && (
            <div className={classes.item}>
              <label htmlFor="override" className={classes.label}>
                {t('move.overrideLabel')}
              </label>
              <Textarea
                id="override"
                autosize
                minRows={2}
                autoFocus
                value={override}
                onChange={(event) => setOverride(event.currentTarget.value)}
                aria-describedby="override-why"
              />
              <p id="override-why" className={classes.why}>
                {t('move.overrideWhy')}
              </p>
            </div>
          )}
        </div>
        <footer className="dialog-foot">
          {may && override === undefined && (
            <button type="button" className={classes.exception} onClick={() => setOverride('')}>
              {t('move.override')}
            </button>
          )}
          <span className="grow" />
          <Button variant="subtle" onClick={onClose} rightSection={<KeyHint keys="escape" />}>
            {current ? t('move.stay', { stage: current.label }) : t('common.leave')}
          </Button>
          {(answerable || override?.trim()) && (
            <Button type="submit" loading={sending} rightSection={<KeyHint keys="enter" />}>
              {t('move.send')}
            </Button>
          )}
        </footer>
      </form>
    </Modal>
  );
}

/** “Two”, “three”; larger numbers as figures. */
const numberWord = (count: number): string => wordsOf(`numbers.${count}`) ?? String(count);

/** “Line monitoring · Brightwater Foods · €64,000”: the record in the words people know it by. */
function about(object: PublicObject, record: CrmRecord, env: ViewEnv): string {
  const facts = keyFacts(object)
    .map((field) => viewOf(field).text(record[field.key], field, env))
    .filter(Boolean);
  return [recordName(record, object), ...facts].join(' · ');
}

type QuestionProps = {
  missing: Missing;
  values: Values;
  change(place: string, value: unknown): void;
  env: ViewEnv;
  record: CrmRecord;
  first: boolean;
};

/** One thing that is missing: the fields that would mend it, why it is asked, who decided it. */
function Question({ missing, values, change, env, record, first }: QuestionProps) {
  const { t } = useTranslation();
  const { issue, set, companion, reason } = missing;
  const hint = `${missing.id}-why`;
  const asked: { place: string; field: PublicField; value: unknown }[] = [
    ...set.map(({ field, proposed }) => ({
      place: `set.${field.key}`,
      field,
      value: values[`set.${field.key}`] ?? proposed ?? record[field.key] ?? null,
    })),
    ...(companion?.ask ?? []).map((field) => ({
      place: `${companion!.part}.${field.key}`,
      field,
      value: values[`${companion!.part}.${field.key}`] ?? null,
    })),
  ];
  const alone = asked.length === 1 && !companion;
  return (
    <div className={classes.item} role="group" aria-labelledby={alone ? undefined : `${missing.id}-what`}>
      {!alone && (
        <p id={`${missing.id}-what`} className={classes.label}>
          {issue.message}
        </p>
      )}
      {asked.map(({ place, field, value }, index) => {
        const view = viewOf(field);
        const Input = view.Input;
        if (!Input) return null;
        return (
          <div key={place} className={classes.ask}>
            {(alone || asked.length > 1) && (
              <label htmlFor={`${missing.id}-${place}`} className={alone ? classes.label : classes.small}>
                {field.label}
              </label>
            )}
            <Input
              id={`${missing.id}-${place}`}
              value={value}
              onChange={(next: unknown) => change(place, next)}
              field={field}
              env={env}
              record={record}
              describedBy={hint}
              label={alone || asked.length > 1 ? undefined : field.label}
              autoFocus={first && index === 0}
            />
          </div>
        );
      })}
      {reason && (
        <Textarea
          aria-label={t('move.reason')}
          autosize
          minRows={2}
          autoFocus={first}
          value={String(values['reason'] ?? '')}
          onChange={(event) => change('reason', event.currentTarget.value)}
          aria-describedby={hint}
        />
      )}
      <p id={hint} className={classes.why}>
        {canAnswer(missing) ? (issue.why ?? issue.fix.say) : issueWords(issue)}
      </p>
      {issue.owner && (
        <p className={classes.who}>
          <Avatar name={ownerWords(issue.owner)} />
          {t('move.decidedBy', { owner: ownerWords(issue.owner) })}
        </p>
      )}
    </div>
  );
}

/** A role key in words; an e-mail address as it is. */
const ownerWords = (owner: string): string =>
  owner.includes('@') ? owner : owner.charAt(0).toUpperCase() + owner.slice(1).replaceAll('_', ' ');

/** What the form holds, as `advance` takes it. */
function answers(items: readonly Missing[], values: Values): Omit<AdvanceInput, 'to'> {
  const out: { set?: Record<string, unknown>; reason?: string; files?: unknown[] } & Record<string, unknown> =
    {};
  for (const { set, companion } of items) {
    for (const { field, proposed } of set) {
      const written = writeValue(field, values[`set.${field.key}`] ?? proposed);
      if (written !== null) out.set = { ...out.set, [field.key]: written };
    }
    if (!companion) continue;
    const body: Record<string, unknown> = { ...companion.given };
    for (const field of companion.ask) {
      const written = writeValue(field, values[`${companion.part}.${field.key}`]);
      if (written !== null) body[field.key] = written;
    }
    if (companion.part === 'file') {
      const kept = companion.ask.map((field) => values[`file.${field.key}`]).find(isKeptFile);
      // A document is called like its file until somebody calls it otherwise.
      for (const key of kept ? companion.object.name_fields : []) body[key] ??= kept!.name;
      out.files = [...(out.files ?? []), body];
    } else out[companion.part] = body;
  }
  const reason = values['reason'];
  if (typeof reason === 'string' && reason.trim()) out.reason = reason.trim();
  return out;
}

const isKeptFile = (value: unknown): value is { id: string; name: string } =>
  typeof value === 'object' && value !== null && 'name' in value;
