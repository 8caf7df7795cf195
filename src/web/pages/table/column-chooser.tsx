/** Which columns are shown and in which order. */
import { ActionIcon, Button, Checkbox, Popover } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconColumns3 } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { PublicObject } from '../../../core/catalog/public-catalog.ts';
import classes from './column-chooser.module.css';
import { columnFields } from './columns.ts';

type Props = {
  object: PublicObject;
  columns: readonly string[];
  /** What is shown where nothing has been chosen. */
  usual: readonly string[];
  onChange(columns: string[] | undefined): void;
};

export function ColumnChooser({ object, columns, usual, onChange }: Props) {
  const { t } = useTranslation();
  const fields = columnFields(object);
  const shown = columns.flatMap((key) => fields.find((field) => field.key === key) ?? []);
  const rest = fields.filter((field) => !columns.includes(field.key));
  const move = (key: string, step: number) => {
    const next = [...columns];
    const at = next.indexOf(key);
    const other = next[at + step];
    if (other === undefined) return;
    next[at + step] = key;
    next[at] = other;
    onChange(next);
  };
  return (
    <Popover position="bottom-end" withinPortal width={300} trapFocus>
      <Popover.Target>
        <Button
          variant="subtle"
          leftSection={<IconColumns3 size={16} stroke={1.6} />}
          className={classes.button}
        >
          <span className={classes.word}>{t('table.columns')}</span>
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={0}>
        <div className={classes.list}>
          {shown.map((field, index) => (
            <div key={field.key} className={classes.line}>
              <Checkbox
                size="xs"
                className="grow"
                label={field.label}
                checked
                onChange={() => onChange(columns.filter((key) => key !== field.key))}
              />
              <ActionIcon
                variant="subtle"
                aria-label={t('table.columnUp', { column: field.label })}
                disabled={index === 0}
                onClick={() => move(field.key, -1)}
              >
                <IconArrowUp size={14} stroke={1.6} />
              </ActionIcon>
              <ActionIcon
                variant="subtle"
                aria-label={t('table.columnDown', { column: field.label })}
                disabled={index === shown.length - 1}
                onClick={() => move(field.key, 1)}
              >
                <IconArrowDown size={14} stroke={1.6} />
              </ActionIcon>
            </div>
          ))}
          {rest.length > 0 && <div className={classes.rest}>{t('table.moreColumns')}</div>}
          {rest.map((field) => (
            <div key={field.key} className={classes.line}>
              <Checkbox
                size="xs"
                className="grow"
                label={field.label}
                checked={false}
                onChange={() => onChange([...columns, field.key])}
              />
            </div>
          ))}
        </div>
        <div className={classes.foot}>
          <Button
            variant="subtle"
            disabled={columns.join() === usual.join()}
            onClick={() => onChange(undefined)}
          >
            {t('table.resetColumns')}
          </Button>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
