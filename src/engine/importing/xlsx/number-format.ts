/**
 * What a number of a workbook means is said by its format alone: a date, a time, a share, money.
 * ECMA-376 part 1, 18.8.30 (the numbers of built-in formats) and 18.8.31 (the language of the others).
 */

export type NumberFormat =
  | { kind: 'plain' }
  | { kind: 'percent' }
  | { kind: 'money'; sign: string }
  | { kind: 'date' | 'datetime' | 'time' | 'elapsed' };

const plain: NumberFormat = { kind: 'plain' };

const builtIn = new Map<number, NumberFormat>([
  ...[9, 10].map((id): [number, NumberFormat] => [id, { kind: 'percent' }]),
  ...[14, 15, 16, 17, 27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58].map(
    (id): [number, NumberFormat] => [id, { kind: 'date' }],
  ),
  ...[18, 19, 20, 21, 32, 33, 34, 35, 45, 47, 55, 56].map((id): [number, NumberFormat] => [
    id,
    { kind: 'time' },
  ]),
  [22, { kind: 'datetime' }],
  [46, { kind: 'elapsed' }],
]);

/** Spreadsheet programs allow 255 characters; a longer format is none of theirs. */
const longest = 255;

/** `code` is there for formats that the workbook defines itself. Its time is that of the code's length. */
export function numberFormat(id: number, code: string | undefined): NumberFormat {
  if (code === undefined) return builtIn.get(id) ?? plain;
  if (code.length > longest) return plain;
  const { money, quoted, signs } = partsOf(code);
  if (/\[[hms]+\]/.test(signs)) return { kind: 'elapsed' };
  const general = /general|standard/.test(signs);
  const day =
    !general &&
    /[dy]|(?<![hs:.\]])m{1,5}(?![:.]?s)/.test(signs.replaceAll('am/pm', '').replaceAll('a/p', ''));
  const time = !general && /[hs]/.test(signs);
  if (day && time) return { kind: /[dy]/.test(signs) || signs.includes('mmm') ? 'datetime' : 'time' };
  if (day) return { kind: 'date' };
  if (time) return { kind: 'time' };
  if (signs.includes('%')) return { kind: 'percent' };
  const sign = (money ?? /[$£€¥]/.exec(quoted + signs)?.[0])?.trim();
  return sign ? { kind: 'money', sign } : plain;
}

/** What a code begins to hold when it is a stretch of time: the only brackets that are no condition or colour. */
const elapsed = /^(h+|m+|s+)$/;

/**
 * The section for positive numbers, character by character, as a stranger's code makes regular expressions look
 * back without end: its money, its text, and its signs in small letters without blanks.
 */
function partsOf(code: string): { money?: string; quoted: string; signs: string } {
  let money: string | undefined;
  let quoted = '';
  let signs = '';
  for (let at = 0; at < code.length; at++) {
    const char = code[at]!;
    // How zero and negative numbers look says nothing of what they are.
    if (char === ';') break;
    if (char === '"' || char === '[') {
      const end = code.indexOf(char === '"' ? '"' : ']', at + 1);
      if (end < 0) continue;
      const inside = code.slice(at + 1, end);
      if (char === '"') quoted += inside;
      else if (elapsed.test(inside.toLowerCase())) signs += `[${inside.toLowerCase()}]`;
      else if (inside.startsWith('$')) money ??= inside.slice(1).split('-')[0] || undefined;
      at = end;
    } else if (char === '\\') quoted += code[++at] ?? '';
    else if (char === '_' || char === '*') at += 1;
    else if (char.trim() !== '') signs += char.toLowerCase();
  }
  return { ...(money === undefined ? {} : { money }), quoted, signs };
}
