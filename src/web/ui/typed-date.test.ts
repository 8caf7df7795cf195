import { expect, test } from 'vitest';
import { typedDate } from './typed-date.ts';

// Thursday 12 March 2026.
const today = '2026-03-12';

test.each([
  ['today', '2026-03-12'],
  ['Tomorrow', '2026-03-13'],
  ['fri', '2026-03-13'],
  ['thu', '2026-03-19'],
  ['next monday', '2026-03-16'],
  ['fri 27 mar', '2026-03-27'],
  ['mon 23', '2026-03-23'],
  ['27 March', '2026-03-27'],
  ['March 27th, 2027', '2027-03-27'],
  ['in 3 days', '2026-03-15'],
  ['+2w', '2026-03-26'],
  ['2 days ago', '2026-03-10'],
  ['27.3.', '2026-03-27'],
  ['27.3.26', '2026-03-27'],
  ['1/4/2026', '2026-04-01'],
  ['2026-03-27', '2026-03-27'],
  ['1 jan', '2027-01-01'],
  ['5 mar', '2026-03-05'],
])('on Thursday 12 March “%s” is %s', (text, date) => expect(typedDate(text, today)).toBe(date));

test.each(['', 'soon', '31 feb', '31.2.2026', '2026-13-01', '40 mar', 'in 3 moons', 'fri mar'])(
  '“%s” is no date',
  (text) => expect(typedDate(text, today)).toBeUndefined(),
);

test('where the month stands first, 4/1 is the first of April', () => {
  expect(typedDate('4/1/2026', today, true)).toBe('2026-04-01');
});
