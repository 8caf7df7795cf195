/** On a phone the navigation stands at the thumb: three objects, search, and a sheet with all the rest. */
import { IconMenu2, IconPlus } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { objectOf, useCatalog } from '../api/catalog.ts';
import { ObjectIcon } from '../ui/object-icon.tsx';
import classes from './phone-bar.module.css';
import { sides } from './sides.ts';
import { useWhere } from './use-where.ts';

const PhoneSheet = lazy(async () => ({ default: (await import('./phone-sheet.tsx')).PhoneSheet }));

export function PhoneBar({ onCreate }: { onCreate(object: string): void }) {
  const { t } = useTranslation();
  const catalog = useCatalog();
  const where = useWhere();
  const [sheet, setSheet] = useState(false);
  const objects = sides(catalog).flatMap(({ objects }) => objects);
  const first = objects.filter((one) => one.side !== 'setup').slice(0, 2);
  const here = where.object ? objectOf(catalog, where.object) : undefined;
  const makes = here?.may.create ? here : objects.find((one) => one.may.create && one.side !== 'setup');
  return (
    <nav className={classes.bar} aria-label={t('shell.navigation')}>
      {first.map((object) => (
        <Link
          key={object.key}
          to="/o/$object"
          params={{ object: object.key }}
          className={classes.item}
          activeProps={{ 'data-here': true }}
          activeOptions={{ includeSearch: false }}
        >
          <ObjectIcon name={object.icon} size={20} />
          <span className="cut">{object.label.many}</span>
        </Link>
      ))}
      {makes && (
        <button type="button" className={classes.item} onClick={() => onCreate(makes.key)}>
          <IconPlus size={20} stroke={1.6} aria-hidden="true" />
          <span className="cut">{t('create.title', { object: makes.label.one.toLowerCase() })}</span>
        </button>
      )}
      <button type="button" className={classes.item} aria-expanded={sheet} onClick={() => setSheet(true)}>
        <IconMenu2 size={20} stroke={1.6} aria-hidden="true" />
        <span>{t('shell.more')}</span>
      </button>
      <Suspense>{sheet && <PhoneSheet onClose={() => setSheet(false)} />}</Suspense>
    </nav>
  );
}
