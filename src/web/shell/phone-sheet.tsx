/** All objects by side of the house, in a sheet at the thumb. */
import { Drawer } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useCatalog } from '../api/catalog.ts';
import { ObjectIcon } from '../ui/object-icon.tsx';
import classes from './phone-sheet.module.css';
import { sides } from './sides.ts';

export function PhoneSheet({ onClose }: { onClose(): void }) {
  const { t } = useTranslation();
  const catalog = useCatalog();
  return (
    <Drawer
      opened
      onClose={onClose}
      position="bottom"
      size="auto"
      title={catalog.workspace.name}
      closeButtonProps={{ 'aria-label': t('common.close') }}
      classNames={{ content: classes.sheet }}
    >
      <div className={classes.all}>
        {sides(catalog).map(({ side, objects: own }) => (
          <section key={side}>
            <h2>{t(`sides.${side}`)}</h2>
            <ul>
              {own.map((object) => (
                <li key={object.key}>
                  <Link
                    to="/o/$object"
                    params={{ object: object.key }}
                    className={classes.line}
                    onClick={onClose}
                  >
                    <ObjectIcon name={object.icon} size={18} />
                    {object.label.many}
                  </Link>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </Drawer>
  );
}
