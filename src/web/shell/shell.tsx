/** The frame around every page: navigation, top bar, the keys that work everywhere. */
import { useLocalStorage } from '@mantine/hooks';
import { Outlet, useNavigate, useRouter } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState, type MouseEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { preloadInputs } from '../../kinds/fields/views.ts';
import { objectOf, useCatalog } from '../api/catalog.ts';
import { CreateProvider, useCreate } from './create.tsx';
import { KeyboardProvider, useKeys, type KeyMap as Keys } from './keys.tsx';
import { Navigation } from './navigation.tsx';
import { PhoneBar } from './phone-bar.tsx';
import classes from './shell.module.css';
import { goKeys } from './sides.ts';
import { TopBar } from './top-bar.tsx';
import { useWhere } from './use-where.ts';

const loadCommandBox = async () => ({ default: (await import('./command-box.tsx')).CommandBox });
const CommandBox = lazy(loadCommandBox);
const KeyMap = lazy(async () => ({ default: (await import('./key-map.tsx')).KeyMap }));

export function Shell() {
  return (
    <KeyboardProvider>
      <CreateProvider>
        <Frame />
      </CreateProvider>
    </KeyboardProvider>
  );
}

function Frame() {
  const { t } = useTranslation();
  const catalog = useCatalog();
  const router = useRouter();
  const navigate = useNavigate();
  const create = useCreate();
  const where = useWhere();
  const [narrow, setNarrow] = useLocalStorage({ key: 'groundwork:navigation-narrow', defaultValue: false });
  const [open, setOpen] = useState<'search' | 'keys'>();
  const here = where.object ? objectOf(catalog, where.object) : undefined;

  useEffect(() => {
    // What is typed right after Ctrl K must not get lost, and an edit must not wait.
    const later = window.setTimeout(() => {
      void loadCommandBox();
      preloadInputs();
    }, 1500);
    return () => window.clearTimeout(later);
  }, []);

  const go: Keys = {};
  for (const [key, letter] of goKeys(catalog)) {
    const object = objectOf(catalog, key);
    go[`g ${letter}`] = {
      say: 'keys.go',
      what: object?.label.many.toLowerCase(),
      run: () => void navigate({ to: '/o/$object', params: { object: key } }),
    };
  }
  useKeys({
    'mod+k': { say: 'keys.search', run: () => setOpen('search') },
    c: {
      say: 'keys.create',
      what: here?.label.one.toLowerCase(),
      run: () => here && create(here.key),
      when: () => Boolean(here?.may.create),
    },
    '?': { say: 'keys.map', run: () => setOpen('keys') },
    ...go,
  });

  /** Links drawn by field types are plain anchors; within the app they change the page without loading it anew. */
  const follow = (event: MouseEvent) => {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    const link = event.target instanceof Element ? event.target.closest('a[href^="/o/"]') : null;
    const href = link?.getAttribute('href');
    if (!link || !href || link.getAttribute('target') === '_blank') return;
    event.preventDefault();
    router.history.push(href);
  };
  return (
    <div className={classes.shell} onClick={follow}>
      <a href="#main" className={classes.skip}>
        {t('shell.skip')}
      </a>
      <Navigation narrow={narrow} onNarrow={setNarrow} onKeyMap={() => setOpen('keys')} />
      <div className={classes.work}>
        <TopBar onSearch={() => setOpen('search')} onCreate={create} />
        <main id="main" tabIndex={-1} className={classes.main}>
          <Outlet />
        </main>
        <PhoneBar onCreate={create} />
      </div>
      <Suspense>
        {open === 'search' && <CommandBox onClose={() => setOpen(undefined)} />}
        {open === 'keys' && <KeyMap onClose={() => setOpen(undefined)} />}
      </Suspense>
    </div>
  );
}
