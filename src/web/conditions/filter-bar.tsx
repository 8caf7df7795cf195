/** The filter of a list as a sentence: “Deals where owner is me and stage is one of …”, each part changeable. */
import { Button, CloseButton, Popover } from '@mantine/core';
import { IconFilter, IconPlus } from '@tabler/icons-react';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PublicCatalog, PublicField, PublicObject } from '../../core/catalog/public-catalog.ts';
import type { ViewEnv } from '../../core/kinds/field-view.ts';
import { fieldOf, objectOf } from '../api/catalog.ts';
import type { Condition } from '../api/records.ts';
import { ArgumentWords } from './argument-words.tsx';
import classes from './filter-bar.module.css';
import { filterCondition, filterParts, type FilterPart } from './filter-parts.ts';
import { operatorWords } from './operator-words.ts';
import { useCloseOutside } from './use-close-outside.ts';

const FilterEditor = lazy(async () => ({ default: (await import('./filter-editor.tsx')).FilterEditor }));

type Props = {
  object: PublicObject;
  where: Condition | undefined;
  onChange(where: Condition | undefined): void;
  env: ViewEnv;
};

export function FilterBar({ object, where, onChange, env }: Props) {
  const { t } = useTranslation();
  const parts = filterParts(where);
  const [open, setOpen] = useState<number>();
  useCloseOutside(open !== undefined, () => setOpen(undefined));
  const replace = (index: number, part: FilterPart | undefined) => {
    const next = [...parts];
    if (part) next[index] = part;
    else next.splice(index, 1);
    setOpen(undefined);
    onChange(filterCondition(next));
  };
  return (
    <div className={classes.bar} role="group" aria-label={t('conditions.label')}>
      {parts.length > 0 && <span>{t('conditions.where', { objects: object.label.many })} </span>}
      {parts.map((part, index) => (
        <span key={index} className={classes.part}>
          {index > 0 && <span className={classes.and}> {t('conditions.and')} </span>}
          <span className={classes.chip} data-filter-part>
            {'test' in part ? (
              <Popover
                opened={open === index}
                onChange={(opened) => setOpen(opened ? index : undefined)}
                position="bottom-start"
                trapFocus
                closeOnClickOutside={false}
                withinPortal
                width={340}
              >
                <Popover.Target>
                  <button
                    type="button"
                    className={classes.words}
                    onClick={() => setOpen(open === index ? undefined : index)}
                  >
                    <PartWords part={part} object={object} env={env} />
                  </button>
                </Popover.Target>
                <Popover.Dropdown p={0}>
                  <Suspense>
                    <FilterEditor
                      object={object}
                      env={env}
                      test={part.test}
                      onApply={(test) => replace(index, { test })}
                    />
                  </Suspense>
                </Popover.Dropdown>
              </Popover>
            ) : (
              <span className={classes.words}>
                <PartWords part={part} object={object} env={env} />
              </span>
            )}
            <CloseButton
              className={classes.remove}
              iconSize={14}
              aria-label={t('conditions.remove')}
              onClick={() => replace(index, undefined)}
            />
          </span>
        </span>
      ))}
      <Popover
        opened={open === -1}
        onChange={(opened) => setOpen(opened ? -1 : undefined)}
        position="bottom-start"
        trapFocus
        closeOnClickOutside={false}
        withinPortal
        width={340}
      >
        <Popover.Target>
          <Button
            variant="subtle"
            leftSection={
              parts.length > 0 ? <IconPlus size={14} stroke={1.6} /> : <IconFilter size={14} stroke={1.6} />
            }
            onClick={() => setOpen(open === -1 ? undefined : -1)}
            data-filter-part
          >
            {parts.length > 0 ? t('conditions.addAnd') : t('conditions.add')}
          </Button>
        </Popover.Target>
        <Popover.Dropdown p={0}>
          <Suspense>
            <FilterEditor object={object} env={env} onApply={(test) => replace(parts.length, { test })} />
          </Suspense>
        </Popover.Dropdown>
      </Popover>
    </div>
  );
}

/** The field at the end of a path over links, and the labels on the way. */
function alongPath(
  catalog: PublicCatalog,
  object: PublicObject,
  path: string,
): { field?: PublicField; label: string } {
  const labels: string[] = [];
  let here: PublicObject | undefined = object;
  let field: PublicField | undefined;
  for (const key of path.split('.')) {
    field = here && fieldOf(here, key);
    labels.push(field?.label ?? key);
    here = field?.link_to ? objectOf(catalog, field.link_to) : undefined;
  }
  const label = labels.join(' ');
  return { field, label: label.charAt(0).toLowerCase() + label.slice(1) };
}

type PartProps = { part: FilterPart; object: PublicObject; env: ViewEnv };

function PartWords({ part, object, env }: PartProps) {
  const { t } = useTranslation();
  if ('whole' in part) return <WholeWords condition={part.whole} object={object} env={env} />;
  const { path, operator, argument } = part.test;
  const { field, label } = alongPath(env.catalog, object, path);
  const shape = env.catalog.operators.find((one) => one.key === operator)?.argument;
  const flag = typeof argument === 'boolean' && !field?.traits.includes('boolean');
  return (
    <>
      <b>{label}</b> {operatorWords(operator, field, argument)}{' '}
      {!flag && (
        <b>
          {shape === 'range' && Array.isArray(argument) ? (
            <>
              <ArgumentWords value={argument[0]} field={field} env={env} /> {t('conditions.to')}{' '}
              <ArgumentWords value={argument[1]} field={field} env={env} />
            </>
          ) : (
            <ArgumentWords
              value={argument}
              field={field}
              env={env}
              plain={shape === 'text' || shape === 'duration' || shape === 'word'}
            />
          )}
        </b>
      )}
    </>
  );
}

/** Alternatives and negations in words; related records by their name. */
function WholeWords({
  condition,
  object,
  env,
}: {
  condition: Condition;
  object: PublicObject;
  env: ViewEnv;
}) {
  const { t } = useTranslation();
  const [key, value] = Object.entries(condition)[0] ?? ['', undefined];
  if (key === 'any' && Array.isArray(value)) {
    return value.map((one: Condition, index) => (
      <span key={index}>
        {index > 0 && ` ${t('conditions.or')} `}
        {filterParts(one).map((part, at) => (
          <span key={at}>
            {at > 0 && ` ${t('conditions.and')} `}
            <PartWords part={part} object={object} env={env} />
          </span>
        ))}
      </span>
    ));
  }
  if (key === 'not' && typeof value === 'object' && value !== null) {
    return (
      <>
        {t('conditions.not')}{' '}
        {filterParts(value as Condition).map((part, index) => (
          <PartWords key={index} part={part} object={object} env={env} />
        ))}
      </>
    );
  }
  const link = object.reverse.find((one) => one.name === key);
  const from = link && objectOf(env.catalog, link.object);
  return (
    <>
      <b>{from?.label.many.toLowerCase() ?? key}</b> {t('conditions.related')}
    </>
  );
}
