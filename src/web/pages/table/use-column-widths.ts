/** Column widths as they were last drawn on this device. */
import { useState, type PointerEvent } from 'react';
import type { PublicObject } from '../../../core/catalog/public-catalog.ts';
import { keepColumns, keptColumns } from './columns.ts';

const narrowest = 60;

export function useColumnWidths(object: PublicObject) {
  const [widths, setWidths] = useState<Readonly<Record<string, number>>>(
    () => keptColumns(object).widths ?? {},
  );
  const set = (key: string, width: number, keep = true) =>
    setWidths((before) => {
      const next = { ...before, [key]: Math.max(narrowest, Math.round(width)) };
      if (keep) keepColumns(object, { widths: next });
      return next;
    });
  return {
    of: (key: string, usual: number): number => widths[key] ?? usual,
    set,
    /** Follows the pointer until it is let go. */
    drag(event: PointerEvent<HTMLElement>, key: string, width: number) {
      event.preventDefault();
      const handle = event.currentTarget;
      const start = event.clientX;
      const towards = getComputedStyle(handle).direction === 'rtl' ? -1 : 1;
      handle.setPointerCapture(event.pointerId);
      handle.dataset['moving'] = '';
      const at = (moved: globalThis.PointerEvent) => width + (moved.clientX - start) * towards;
      const move = (moved: globalThis.PointerEvent) => set(key, at(moved), false);
      const end = (last: globalThis.PointerEvent) => {
        handle.removeEventListener('pointermove', move);
        delete handle.dataset['moving'];
        set(key, at(last));
      };
      handle.addEventListener('pointermove', move);
      handle.addEventListener('pointerup', end, { once: true });
      handle.addEventListener('pointercancel', end, { once: true });
    },
  };
}
