/** Making a record from anywhere: one drawer, opened by a page, the top bar or a key. */
import { createContext, lazy, Suspense, useContext, useMemo, useState, type ReactNode } from 'react';
import { objectOf, useCatalog } from '../api/catalog.ts';

const CreateDrawer = lazy(async () => ({
  default: (await import('../record/create-drawer.tsx')).CreateDrawer,
}));

type Create = (object: string, given?: Record<string, unknown>) => void;

const CreateContext = createContext<Create>(() => undefined);

/** Opens the form for a new record of the object, with what is known already. */
export const useCreate = (): Create => useContext(CreateContext);

export function CreateProvider({ children }: { children: ReactNode }) {
  const catalog = useCatalog();
  const [asked, setAsked] = useState<{ object: string; given?: Record<string, unknown> }>();
  const object = asked && objectOf(catalog, asked.object);
  const create = useMemo<Create>(() => (key, given) => setAsked({ object: key, given }), []);
  return (
    <CreateContext value={create}>
      {children}
      {object && (
        <Suspense>
          <CreateDrawer
            key={object.key}
            object={object}
            given={asked.given}
            onClose={() => setAsked(undefined)}
          />
        </Suspense>
      )}
    </CreateContext>
  );
}
