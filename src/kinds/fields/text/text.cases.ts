import type { FieldCase } from '../../../core/kinds/field-type.ts';

export const cases: readonly FieldCase[] = [
  { name: 'text stays as written', input: 'Müller & Söhne', gives: 'Müller & Söhne' },
  { name: 'outer white space goes', input: '  Acme \u00a0', gives: 'Acme' },
  { name: 'line ends become one kind', input: 'a\r\nb\rc', gives: 'a\nb\nc' },
  { name: 'white space alone is no value', input: ' \n\t', gives: null },
  { name: 'null is no value', input: null, gives: null },
  { name: 'a number is not text', input: 5, refuses: 'wrong_type' },
  { name: 'an object is not text', input: { __proto__: 'x', a: 1 }, refuses: 'wrong_type' },
  { name: 'NUL is refused', input: 'a\0b', refuses: 'bad_characters' },
  { name: 'a control character is refused', input: 'a\u0007b', refuses: 'bad_characters' },
  { name: 'half a surrogate pair is refused', input: 'a\ud83d', refuses: 'bad_characters' },
  { name: 'length is counted in characters', settings: { maxLength: 2 }, input: '😀😀', gives: '😀😀' },
  { name: 'too long is refused', settings: { maxLength: 2 }, input: '😀😀😀', refuses: 'too_long' },
];
