import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fold } from './fold.ts';

test.each([
  ['Müller', 'muller'],
  ['STRASSE', 'strasse'],
  ['Straße', 'strasse'],
  ['Łódź', 'lodz'],
  ['Øresund Ærø', 'oresund aero'],
  ['Đorđe', 'dorde'],
  ['İstanbul ISPARTA ısı', 'istanbul isparta isi'],
  ['ﬁn  Ｗｉｄｅ', 'fin wide'],
  ['O’Brien – Sons', "o'brien - sons"],
  ['  a \t\n b\u00a0c ', 'a b c'],
  ['zero\u200bwidth', 'zerowidth'],
  ['ΟΔΥΣΣΕΥΣ', 'οδυσσευσ'],
  ['Ёлка', 'елка'],
  ['서울', '서울'],
  ['がか', 'がか'],
  ['हिन्दी', 'हिन्दी'],
])('%s is found as %s', (text, folded) => expect(fold(text)).toBe(folded));

test('text that is not empty never folds to nothing', () => {
  expect(fold('¨')).toBe('¨');
  expect(fold('\u200b')).not.toBe('');
});

test('folding twice is folding once, and the result is safe for the database', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((n) => String.fromCharCode(n)) }),
  );
  fc.assert(
    fc.property(text, (value) => {
      const once = fold(value);
      expect(fold(once)).toBe(once);
      expect(once).not.toContain('\0');
      expect(once.isWellFormed()).toBe(true);
    }),
    { numRuns: 3000 },
  );
});

test('every single character folds to a fixed point', () => {
  const moving: string[] = [];
  for (let code = 0; code <= 0x1ffff; code++) {
    const once = fold(`a${String.fromCodePoint(code)}b`);
    if (fold(once) !== once) moving.push(code.toString(16));
  }
  expect(moving).toEqual([]);
});
