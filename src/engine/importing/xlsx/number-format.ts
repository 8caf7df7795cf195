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

/** `code` is there for formats that the workbook defines itself. */
export function numberFormat(id: number, code: string | undefined): NumberFormat {
  if (code === undefined) return builtIn.get(id) ?? plain;
  // How zero and negative numbers look says nothing of what they are.
  const [positive = ''] = code.split(';');
  const money = /\[\$([^\]-]+)[^\]]*\]/.exec(positive)?.[1];
  const quoted = [...positive.matchAll(/"([^"]*)"|\\(.)/g)].map((found) => found[1] ?? found[2]!).join('');
  const signs = positive
    .replace(/\[(?!h+\]|m+\]|s+\])[^\]]*\]/gi, '')
    .replace(/"[^"]*"|\\.|_.|\*./g, '')
    .toLowerCase();
  if (/\[[hms]+\]/.test(signs)) return { kind: 'elapsed' };
  const general = /general|standard/.test(signs);
  const day =
    !general && /[dy]|(?<![hs:.\]]\s*)m{1,5}(?!\s*[:.]?\s*s)/.test(signs.replace(/am\/pm|a\/p/g, ''));
  const time = !general && /[hs]/.test(signs);
  if (day && time) return { kind: /[dy]/.test(signs) || /mmm/.test(signs) ? 'datetime' : 'time' };
  if (day) return { kind: 'date' };
  if (time) return { kind: 'time' };
  if (signs.includes('%')) return { kind: 'percent' };
  const sign = (money ?? /[$£€¥]/.exec(quoted + signs)?.[0])?.trim();
  return sign ? { kind: 'money', sign } : plain;
}
