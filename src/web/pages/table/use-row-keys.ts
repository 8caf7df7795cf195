/** The keyboard of a list: j k move, x select, Enter open, Space peek, Esc back. */
import { useState, type KeyboardEvent } from 'react';
import { useKeys } from '../../shell/keys.tsx';
import type { Selection } from './use-selection.ts';

type Options = {
  count: number;
  idAt(row: number): string | undefined;
  /** Scrolls the row into sight and takes the focus there, so that Enter and Space mean the row. */
  show(row: number): void;
  onOpen(id: string): void;
  onPeek(id: string | undefined): void;
  peek: string | undefined;
  selection: Selection;
};

export function useRowKeys({ count, idAt, show, onOpen, onPeek, peek, selection }: Options) {
  const [active, setActive] = useState<number>();
  const move = (step: number) => {
    if (count === 0) return;
    const next = Math.max(0, Math.min(count - 1, (active ?? (step > 0 ? -1 : count)) + step));
    setActive(next);
    show(next);
    const id = idAt(next);
    if (peek && id) onPeek(id);
  };
  const current = active === undefined ? undefined : idAt(active);
  useKeys({
    j: { say: 'keys.down', run: () => move(1) },
    k: { say: 'keys.up', run: () => move(-1) },
    x: { say: 'keys.select', run: () => current && selection.toggle(current, active!, false) },
    enter: { say: 'keys.open', run: () => current && onOpen(current), when: () => current !== undefined },
    space: {
      say: 'keys.peek',
      run: () => current && onPeek(peek === current ? undefined : current),
      when: () => current !== undefined,
    },
    escape: {
      say: 'keys.back',
      run: () => (peek ? onPeek(undefined) : selection.clear()),
      when: () => peek !== undefined || selection.size > 0,
    },
  });
  // With the list in focus the arrows move as well.
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    event.preventDefault();
    move(event.key === 'ArrowDown' ? 1 : -1);
  };
  return { active, setActive, onKeyDown };
}
