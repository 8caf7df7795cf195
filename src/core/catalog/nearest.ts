/** "Did you mean …": the existing name closest to a mistyped one. */

/** Edits between two short words, given up above `most`. */
export function edits(a: string, b: string, most = Infinity): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let before = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      row[j] = Math.min(before[j]! + 1, row[j - 1]! + 1, before[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    before = row;
  }
  return before[b.length]!;
}

/** The nearest of `known`, or undefined when none resembles `name`. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  if (name.length > 60) return undefined;
  const wanted = name.toLowerCase();
  const most = Math.max(1, Math.floor(wanted.length / 3));
  let best: { key: string; distance: number } | undefined;
  for (const key of known) {
    const begins =
      wanted.length >= 3 && key.length >= 3 && (key.startsWith(wanted) || wanted.startsWith(key));
    const far = edits(wanted, key, most);
    const distance = far <= most ? far : begins ? most + 0.5 : Infinity;
    if (distance < (best?.distance ?? Infinity)) best = { key, distance };
  }
  return best?.key;
}

/** "Did you mean “stage”?" or `otherwise`. */
export function suggestion(name: string, known: Iterable<string>, otherwise: string): string {
  const found = nearest(name, known);
  return found ? `Did you mean “${found}”?` : otherwise;
}
