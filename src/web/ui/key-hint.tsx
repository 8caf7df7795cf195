/** The key that does the same, shown on the control it belongs to. */
const named: Record<string, string> = { enter: '↵', escape: 'Esc', space: 'Space' };

const apple = typeof navigator !== 'undefined' && /mac|iphone|ipad/i.test(navigator.platform);

/** `mod+k`, `c`, `g d`, `enter` as people know them. */
export const keyWords = (keys: string): string =>
  keys
    .split(' ')
    .map((key) =>
      key
        .split('+')
        .map((part) => (part === 'mod' ? (apple ? '⌘' : 'Ctrl') : (named[part] ?? part.toUpperCase())))
        .join(' '),
    )
    .join(' ');

export const KeyHint = ({ keys }: { keys: string }) => (
  <kbd className="key" aria-hidden="true">
    {keyWords(keys)}
  </kbd>
);
