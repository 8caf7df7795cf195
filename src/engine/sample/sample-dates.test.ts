import { expect, test } from 'vitest';
import { sampleMoment, sampleValue } from './sample-dates.ts';

const on = (iso: string, timeZone = 'UTC') => ({ now: new Date(iso), timeZone });

test.each([
  ['today', '2026-03-11'],
  ['today-12d', '2026-02-27'],
  ['today+3wd', '2026-03-16'],
  ['today-3wd', '2026-03-06'],
  ['today-2wd 15:20', '2026-03-09T15:20:00.000Z'],
  ['today 08:00', '2026-03-11T08:00:00.000Z'],
  ['now+48min', '2026-03-11T12:48:00.000Z'],
  ['now-3h', '2026-03-11T09:00:00.000Z'],
  ['1979-05-14', '1979-05-14'],
  ['today is fine', 'today is fine'],
])('on a Wednesday at noon %s is %s', (text, value) =>
  expect(sampleValue(text, on('2026-03-11T12:00:00Z'))).toBe(value),
);

test('a working day counts from a weekend too', () => {
  const sunday = on('2026-03-15T12:00:00Z');
  expect(sampleValue('today+1wd', sunday)).toBe('2026-03-16');
  expect(sampleValue('today-1wd', sunday)).toBe('2026-03-13');
});

test('the day and the time of day are those of the workspace’s zone', () => {
  const late = on('2026-03-11T22:30:00Z', 'Asia/Tokyo');
  expect(sampleValue('today', late)).toBe('2026-03-12');
  expect(sampleMoment('today 09:00', late)!.at.toUTC().toISO()).toBe('2026-03-12T00:00:00.000Z');
});
