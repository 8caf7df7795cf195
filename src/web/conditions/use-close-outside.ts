/**
 * Closes what floats on a click elsewhere. A list that an input inside has opened stands in a portal of its
 * own and still belongs to it.
 */
import { useEffect, useRef } from 'react';

export function useCloseOutside(open: boolean, close: () => void): void {
  const act = useRef(close);
  act.current = close;
  useEffect(() => {
    if (!open) return undefined;
    const onDown = (event: Event) => {
      const { target } = event;
      // What was clicked may be gone by now: a chip that removed itself.
      if (!(target instanceof Element) || !target.isConnected) return;
      if (target.closest('[data-filter-part], [role=dialog], [role=listbox], [data-portal]')) return;
      act.current();
    };
    document.addEventListener('mousedown', onDown);
    document.addEventListener('touchstart', onDown);
    return () => {
      document.removeEventListener('mousedown', onDown);
      document.removeEventListener('touchstart', onDown);
    };
  }, [open]);
}
