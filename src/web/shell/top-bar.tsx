/** The top: where I am, search, create, me. */
import { ActionIcon, Button, Menu } from '@mantine/core';
import { IconChevronLeft, IconChevronRight, IconPlus, IconSearch } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { PublicObject } from '../../core/catalog/public-catalog.ts';
import { objectOf, useCatalog } from '../api/catalog.ts';
import { KeyHint } from '../ui/key-hint.tsx';
import { ObjectIcon } from '../ui/object-icon.tsx';
import { MeMenu } from './me-menu.tsx';
import classes from './top-bar.module.css';
import { useWhere } from './use-where.ts';

type Props = { onSearch(): void; onCreate(object: string): void };

export function TopBar({ onSearch, onCreate }: Props) {
  const { t } = useTranslation();
  const catalog = useCatalog();
  const where = useWhere();
  const here = where.object ? objectOf(catalog, where.object) : undefined;
  const makes = here?.may.create ? here : undefined;
  return (
    <header className={classes.top}>
      <nav aria-label={t('shell.where')} className={classes.crumbs}>
        <ol>
          {here && (
            <li className={classes.side}>
              {t(`sides.${here.side}`)}
              <Next />
            </li>
          )}
          {here && (
            <li>
              {where.id ? (
                <Link to="/o/$object" params={{ object: here.key }} className={classes.crumb}>
                  <IconChevronLeft size={18} stroke={1.6} aria-hidden="true" className={classes.back} />
                  {here.label.many}
                </Link>
              ) : (
                <b aria-current="page">{here.label.many}</b>
              )}
            </li>
          )}
          {where.id && (
            <li className={classes.here}>
              <Next />
              <b aria-current="page" className="cut">
                {where.name ?? '…'}
              </b>
            </li>
          )}
        </ol>
      </nav>
      <button type="button" className={classes.find} onClick={onSearch}>
        <IconSearch size={14} stroke={1.6} aria-hidden="true" />
        <span className="cut">{t('shell.search')}</span>
        <KeyHint keys="mod+k" />
      </button>
      <ActionIcon
        variant="subtle"
        className={classes.findIcon}
        aria-label={t('shell.search')}
        onClick={onSearch}
      >
        <IconSearch size={18} stroke={1.6} />
      </ActionIcon>
      {makes ? (
        <Button
          variant="default"
          className={classes.create}
          leftSection={<IconPlus size={14} stroke={1.6} />}
          rightSection={<KeyHint keys="c" />}
          onClick={() => onCreate(makes.key)}
        >
          {t('create.title', { object: makes.label.one.toLowerCase() })}
        </Button>
      ) : (
        <CreateMenu
          objects={catalog.objects.filter((object) => object.may.create && object.side !== 'setup')}
          onCreate={onCreate}
        />
      )}
      <MeMenu />
    </header>
  );
}

const Next = () => <IconChevronRight size={14} stroke={1.6} aria-hidden="true" className={classes.next} />;

/** Where the page is about no object that one may create, all of them are offered. */
function CreateMenu({ objects, onCreate }: { objects: PublicObject[]; onCreate(object: string): void }) {
  const { t } = useTranslation();
  if (objects.length === 0) return null;
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <Button
          variant="default"
          className={classes.create}
          leftSection={<IconPlus size={14} stroke={1.6} />}
        >
          {t('create.any')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {objects.map((object) => (
          <Menu.Item
            key={object.key}
            leftSection={<ObjectIcon name={object.icon} />}
            onClick={() => onCreate(object.key)}
          >
            {object.label.one}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
