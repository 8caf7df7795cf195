/** Search and commands in one box: records of all objects by name, and where one can go or what one can make. */
import { Loader, Modal } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconArrowRight, IconPlus, IconSearch } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useId, useState, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { objectOf, useCatalog } from '../api/catalog.ts';
import { searchQuery } from '../api/records.ts';
import { ObjectIcon } from '../ui/object-icon.tsx';
import classes from './command-box.module.css';
import { useCreate } from './create.tsx';
import { sides } from './sides.ts';

type Choice = { key: string; group: string; icon: ReactNode; words: string; detail?: string; run(): void };

export function CommandBox({ onClose }: { onClose(): void }) {
  const { t } = useTranslation();
  const id = useId();
  const catalog = useCatalog();
  const navigate = useNavigate();
  const create = useCreate();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const [asked] = useDebouncedValue(text.trim(), 120);
  const found = useQuery({ ...searchQuery(asked), placeholderData: asked ? keepPreviousData : undefined });

  const word = text.trim().toLowerCase();
  const objects = sides(catalog).flatMap(({ objects }) => objects);
  const records: Choice[] = (asked ? (found.data?.data ?? []) : []).flatMap((record) => {
    const object = objectOf(catalog, record.object);
    if (!object) return [];
    return {
      key: `${record.object}/${record.id}`,
      group: t('search.records'),
      icon: <ObjectIcon name={object.icon} />,
      words: record.name,
      detail: object.label.one,
      run: () => void navigate({ to: '/o/$object/$id', params: { object: record.object, id: record.id } }),
    };
  });
  const commands: Choice[] = [
    ...objects.map((object) => ({
      key: `go ${object.key}`,
      group: t('search.go'),
      icon: <IconArrowRight size={16} stroke={1.6} />,
      words: t('search.goTo', { objects: object.label.many.toLowerCase() }),
      run: () => void navigate({ to: '/o/$object', params: { object: object.key } }),
    })),
    ...objects
      .filter((object) => object.may.create)
      .map((object) => ({
        key: `new ${object.key}`,
        group: t('search.make'),
        icon: <IconPlus size={16} stroke={1.6} />,
        words: t('create.title', { object: object.label.one.toLowerCase() }),
        run: () => create(object.key),
      })),
  ].filter((choice) => !word || choice.words.toLowerCase().includes(word));
  const choices = [...records, ...(word ? commands.slice(0, 6) : commands)];
  const active = Math.min(at, choices.length - 1);

  const run = (choice: Choice | undefined) => {
    if (!choice) return;
    onClose();
    choice.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      const next = (active + step + choices.length) % Math.max(1, choices.length);
      setAt(next);
      document.getElementById(`${id}-${next}`)?.scrollIntoView({ block: 'nearest' });
    }
    if (event.key === 'Enter') {
      event.preventDefault();
      run(choices[active]);
    }
  };
  return (
    <Modal
      opened
      onClose={onClose}
      withCloseButton={false}
      size={560}
      yOffset="12vh"
      attributes={{ content: { 'aria-label': t('shell.search') } }}
      classNames={{ content: classes.content }}
    >
      <div className={classes.ask}>
        <IconSearch size={16} stroke={1.6} aria-hidden="true" />
        <input
          className={classes.input}
          data-autofocus
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
          placeholder={t('shell.search')}
          aria-label={t('shell.search')}
          role="combobox"
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-activedescendant={choices.length > 0 ? `${id}-${active}` : undefined}
          autoComplete="off"
          spellCheck={false}
        />
        {found.isFetching && <Loader size={14} />}
      </div>
      <ul id={`${id}-list`} role="listbox" className={classes.list} aria-label={t('search.results')}>
        {choices.map((choice, index) => (
          <li key={choice.key} role="presentation">
            {choices[index - 1]?.group !== choice.group && (
              <div className={classes.group} aria-hidden="true">
                {choice.group}
              </div>
            )}
            <div
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === active}
              className={classes.choice}
              onMouseMove={() => setAt(index)}
              onClick={() => run(choice)}
            >
              {choice.icon}
              <span className="cut grow">{choice.words}</span>
              {choice.detail && <span className="muted small cut">{choice.detail}</span>}
            </div>
          </li>
        ))}
      </ul>
      {choices.length === 0 && !found.isFetching && (
        <p className={classes.none} role="status">
          {t('search.nothing', { text: text.trim() })}
        </p>
      )}
    </Modal>
  );
}
