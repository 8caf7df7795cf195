/** Comparing in memory as PostgreSQL does: numbers by size, texts by their bytes (COLLATE "C"). */

const absent = (a: unknown, b: unknown): boolean =>
  a === null || a === undefined || b === null || b === undefined;

/** Negative, 0 or positive; undefined where one is missing or the two are not of one kind. */
export function compare(a: unknown, b: unknown): number | undefined {
  if (absent(a, b)) return undefined;
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  return undefined;
}

export const same = (a: unknown, b: unknown): boolean => compare(a, b) === 0;

/** UTF-8 bytes order as code points do; UTF-16 units do not. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const [left, right] = [[...a], [...b]];
  for (let index = 0; index < left.length && index < right.length; index++) {
    const difference = left[index]!.codePointAt(0)! - right[index]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
