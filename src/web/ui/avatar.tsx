/** A person as two letters on one of five quiet tints, always the same for the same person. */
import classes from './avatar.module.css';

export const initials = (name: string): string => {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters
    .map((word) => [...(word ?? '')][0] ?? '')
    .join('')
    .toLocaleUpperCase();
};

const tint = (seed: string): number => {
  let sum = 0;
  for (const char of seed) sum = (sum * 31 + char.codePointAt(0)!) % 997;
  return (sum % 5) + 1;
};

export function Avatar({ name, seed, size = 20 }: { name: string; seed?: string; size?: 20 | 24 | 28 }) {
  return (
    <span
      className={classes.avatar}
      style={{
        width: size,
        height: size,
        fontSize: size * 0.42,
        background: `var(--p-${tint(seed ?? name)})`,
      }}
      aria-hidden="true"
    >
      {initials(name)}
    </span>
  );
}
