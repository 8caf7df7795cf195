/** The left side: the workspace, then the objects by side of the house; collapsible to icons. */
import { ActionIcon, Tooltip } from '@mantine/core';
import {
  IconKeyboard,
  IconLayoutSidebarLeftCollapse,
  IconLayoutSidebarLeftExpand,
} from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useCatalog } from '../api/catalog.ts';
import { Mark } from '../ui/mark.tsx';
import { ObjectIcon } from '../ui/object-icon.tsx';
import classes from './navigation.module.css';
import { sides } from './sides.ts';

type Props = { narrow: boolean; onNarrow(narrow: boolean): void; onKeyMap(): void };

export function Navigation({ narrow, onNarrow, onKeyMap }: Props) {
  const { t } = useTranslation();
  const catalog = useCatalog();
  return (
    <nav className={classes.side} data-narrow={narrow || undefined} aria-label={t('shell.navigation')}>
      <div className={classes.workspace}>
        <Mark />
        {!narrow && <span className="cut grow">{catalog.workspace.name}</span>}
        <ActionIcon
          variant="subtle"
          className={classes.collapse}
          aria-label={narrow ? t('shell.expand') : t('shell.collapse')}
          aria-expanded={!narrow}
          onClick={() => onNarrow(!narrow)}
        >
          {narrow ? (
            <IconLayoutSidebarLeftExpand size={16} stroke={1.6} />
          ) : (
            <IconLayoutSidebarLeftCollapse size={16} stroke={1.6} />
          )}
        </ActionIcon>
      </div>
      <div className={classes.scroll}>
        {sides(catalog).map(({ side, objects }) => (
          <section key={side} aria-labelledby={`side-${side}`}>
            <h2 id={`side-${side}`} className={classes.heading}>
              <span className={narrow ? 'hidden-text' : undefined}>{t(`sides.${side}`)}</span>
            </h2>
            <ul>
              {objects.map((object) => (
                <li key={object.key}>
                  <Tooltip label={object.label.many} position="right" disabled={!narrow}>
                    <Link
                      to="/o/$object"
                      params={{ object: object.key }}
                      className={classes.item}
                      activeProps={{ 'data-here': true }}
                      activeOptions={{ includeSearch: false }}
                      aria-label={narrow ? object.label.many : undefined}
                    >
                      <ObjectIcon name={object.icon} />
                      {!narrow && <span className="cut">{object.label.many}</span>}
                    </Link>
                  </Tooltip>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
      <Tooltip label={t('keys.map')} position="right" disabled={!narrow}>
        <button
          type="button"
          className={classes.item}
          onClick={onKeyMap}
          aria-label={narrow ? t('keys.map') : undefined}
        >
          <IconKeyboard size={16} stroke={1.6} aria-hidden="true" />
          {!narrow && (
            <>
              <span className="cut grow">{t('keys.map')}</span>
              <span className={classes.count}>?</span>
            </>
          )}
        </button>
      </Tooltip>
    </nav>
  );
}
