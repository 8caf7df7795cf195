/**
 * The keyboard: pages say which keys they take while they are shown, one listener answers them. Keys are
 * written `c`, `?`, `mod+k`, or two after each other: `g d`. While somebody types, only mod keys count.
 */
import { createContext, useContext, useEffect, useMemo, useRef, type ReactNode } from 'react';
import type en from '../messages/en.json';

export type KeyWords = `keys.${keyof (typeof en)['keys'] & string}`;

export type KeyAct = {
  /** What it does, for the map. */
  say?: KeyWords;
  /** Fills `{{what}}` of that sentence. */
  what?: string;
  run(): void;
  /** Leaves the key to others where it does not apply. */
  when?(): boolean;
};

export type KeyMap = Record<string, KeyAct>;

type Keyboard = { add(map: { current: KeyMap }): () => void; all(): KeyMap };

const KeyboardContext = createContext<Keyboard>({ add: () => () => undefined, all: () => ({}) });

/** The second key of `g d` must follow within this time, ms. */
const patience = 1200;

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName)) &&
  !(target instanceof HTMLInputElement && /^(checkbox|radio|button)$/.test(target.type));

/** What sits on a control that answers the key itself. */
const answered = (target: EventTarget | null): boolean =>
  target instanceof Element &&
  target.closest('button, a, [role=menu], [role=dialog], [role=separator]') !== null;

const named: Record<string, string> = { ' ': 'space', Escape: 'escape', Enter: 'enter' };

export function KeyboardProvider({ children }: { children: ReactNode }) {
  const maps = useRef<{ current: KeyMap }[]>([]);
  const keyboard = useMemo<Keyboard>(
    () => ({
      add(map) {
        maps.current = [...maps.current, map];
        return () => {
          maps.current = maps.current.filter((other) => other !== map);
        };
      },
      all: () => Object.assign({}, ...maps.current.map((map) => map.current)) as KeyMap,
    }),
    [],
  );

  useEffect(() => {
    let before: { key: string; at: number } | undefined;
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.altKey || event.isComposing) return;
      const mod = event.metaKey || event.ctrlKey;
      const key = named[event.key] ?? event.key.toLowerCase();
      if (!mod && typing(event.target)) return;
      if ((key === 'enter' || key === 'space') && answered(event.target)) return;
      // A dialog or menu on top owns the keyboard; only mod keys reach past it.
      if (!mod && document.querySelector('[role=dialog], [role=menu]')) return;
      const tried = mod
        ? [`mod+${key}`]
        : [...(before && event.timeStamp - before.at < patience ? [`${before.key} ${key}`] : []), key];
      before = mod ? undefined : { key, at: event.timeStamp };
      for (const name of tried) {
        for (const map of [...maps.current].reverse()) {
          const act = map.current[name];
          if (!act || (act.when && !act.when())) continue;
          event.preventDefault();
          before = undefined;
          act.run();
          return;
        }
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);

  return <KeyboardContext value={keyboard}>{children}</KeyboardContext>;
}

/** Takes keys while the component is shown. */
export function useKeys(map: KeyMap): void {
  const { add } = useContext(KeyboardContext);
  const current = useRef(map);
  current.current = map;
  useEffect(() => add(current), [add]);
}

/** All keys that are taken at this moment. */
export const useAllKeys = (): (() => KeyMap) => useContext(KeyboardContext).all;
