/** An input that is loaded when it is first needed: reading a list must not wait for what edits it. */
import { Skeleton } from '@mantine/core';
import { lazy, Suspense, type ComponentType } from 'react';
import type { InputProps } from '../../core/kinds/field-view.ts';

export function lazyInput<P extends InputProps>(load: () => Promise<ComponentType<P>>) {
  const Loaded = lazy(async () => ({ default: await load() })) as unknown as ComponentType<P>;
  const Input = (props: P) => (
    <Suspense fallback={<Skeleton height={36} aria-hidden="true" />}>
      <Loaded {...props} />
    </Suspense>
  );
  return Object.assign(Input, { preload: load as () => Promise<unknown> });
}
