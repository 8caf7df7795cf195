/** Numbers as people and files write them → plain decimal text (`-1234.5`), which nothing rounds. */

import { Big } from 'big.js';

const group = String.raw`[\s'’.,]`;

const longest = 400;

/** JSON and API spelling: digits, a point, at most a short exponent. */
export const isPlainDecimal = (text: string): boolean =>
  text.length <= longest && /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?$/.test(text);

/** The number that plain decimal text says; big.js itself takes no plus. */
export const exactly = (plain: string): Big => new Big(plain.replace(/^\+/, ''));

/**
 * Thousands marks, decimal comma, `(500)`, `500-` and the typographic minus are understood. `decimal` says
 * which mark ends the whole number; without it the point does, and a comma where it cannot mean thousands.
 * Undefined when it is no number, or two readings are possible.
 */
export function readDecimal(input: string, decimal?: '.' | ','): string | undefined {
  if (input.length > longest) return undefined;
  const { text, minuses } = unsigned(input.trim().replace(/[−–]/g, '-'));
  if (minuses > 1) return undefined;
  const plain = /[eE]/.test(text) && isPlainDecimal(text) ? text : unsignedDecimal(text, decimal);
  return plain === undefined ? undefined : (minuses === 1 ? '-' : '') + plain;
}

/** Takes off `(…)`, a sign before, a minus behind. */
function unsigned(text: string): { text: string; minuses: number } {
  const bracketed = /^\((.*)\)$/s.exec(text);
  const inner = bracketed ? bracketed[1]!.trim() : text;
  const signed = /^([+-]?)\s*(.*?)\s*(-?)$/s.exec(inner)!;
  const minuses = [bracketed !== null, signed[1] === '-', signed[3] === '-'].filter(Boolean).length;
  return { text: signed[2]!, minuses };
}

function unsignedDecimal(text: string, decimal: '.' | ',' | undefined): string | undefined {
  if (!/^[\d\s'’.,]+$/.test(text) || !/\d/.test(text)) return undefined;
  const mark = decimal ?? guessMark(text);
  const at = text.lastIndexOf(mark);
  const whole = at < 0 ? text : text.slice(0, at);
  const part = at < 0 ? '' : text.slice(at + 1);
  const digits = ungrouped(whole, mark);
  if (digits === undefined || !/^\d*$/.test(part)) return undefined;
  return (digits === '' ? '0' : digits) + (part === '' ? '' : `.${part}`);
}

/** The last mark ends the whole number where two sorts stand; one comma alone does unless it parts thousands. */
function guessMark(text: string): '.' | ',' {
  const point = text.lastIndexOf('.');
  const comma = text.lastIndexOf(',');
  if (point >= 0 && comma >= 0) return point > comma ? '.' : ',';
  if (comma >= 0)
    return /^[1-9]\d{0,2}(,\d{2})*,\d{3}$/.test(text) || comma !== text.indexOf(',') ? '.' : ',';
  return /^[1-9]\d{0,2}(\.\d{3}){2,}$/.test(text) ? ',' : '.';
}

/** Digits without their thousands marks; undefined when the marks stand in the wrong places. */
function ungrouped(whole: string, mark: '.' | ','): string | undefined {
  if (/^\d*$/.test(whole)) return whole;
  if (whole.includes(mark)) return undefined;
  const marks = new Set(whole.match(new RegExp(group, 'g')));
  if (marks.size > 1 && ![...marks].every((one) => /\s/.test(one))) return undefined;
  // Groups of three, or the Indian way: 12,34,567.
  if (!new RegExp(`^\\d{1,3}(${group}\\d{3})+$|^\\d{1,2}(${group}\\d{2})*${group}\\d{3}$`).test(whole))
    return undefined;
  return whole.replace(new RegExp(group, 'g'), '');
}
