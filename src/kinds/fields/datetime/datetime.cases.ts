import type { FieldCase } from '../../../core/kinds/field-type.ts';

const moment = '2026-03-09T13:30:00.000Z';
const berlin = { timeZone: 'Europe/Berlin' };

export const cases: readonly FieldCase[] = [
  { name: 'an instant', input: moment, gives: moment },
  { name: 'without milliseconds', input: '2026-03-09T13:30:00Z', gives: moment },
  { name: 'with an offset', input: '2026-03-09T14:30:00+01:00', gives: moment },
  { name: 'finer than a millisecond', input: '2026-03-09T13:30:00.000999Z', gives: moment },
  {
    name: 'local time of the workspace',
    env: berlin,
    input: '2026-03-09T14:30',
    gives: moment,
    typed: '2026-03-09T14:30',
  },
  {
    name: 'summer time is the zone’s',
    env: berlin,
    input: '2026-07-01 14:30',
    gives: '2026-07-01T12:30:00.000Z',
    typed: '2026-07-01 14:30',
  },
  {
    name: 'a day alone begins at midnight',
    env: berlin,
    input: '2026-03-09',
    gives: '2026-03-08T23:00:00.000Z',
    typed: '2026-03-09',
  },
  { name: 'empty is no value', input: ' ', gives: null },
  { name: 'a day that does not exist', input: '2026-02-30T00:00:00Z', refuses: 'no_such_day' },
  { name: 'hour 24', input: '2026-03-09T24:00:00Z', refuses: 'not_a_date' },
  { name: 'a leap second', input: '2026-06-30T23:59:60Z', refuses: 'not_a_date' },
  { name: 'before the calendar', input: '0001-01-01T00:00:00+14:00', refuses: 'no_such_day' },
  { name: 'after the calendar', input: '9999-12-31T23:59:59-01:00', refuses: 'no_such_day' },
  { name: 'seconds since 1970', input: 1773063000, refuses: 'wrong_type' },
  { name: 'a word', input: 'now', refuses: 'not_a_date' },
  { name: 'infinity', input: 'infinity', refuses: 'not_a_date' },
  {
    name: 'file: American',
    text: true,
    env: { ...berlin, dateOrder: 'mdy' },
    input: '03/09/2026 2:30 PM',
    gives: moment,
    typed: '03/09/2026 2:30 PM',
  },
  {
    name: 'file: German',
    text: true,
    env: berlin,
    input: '09.03.2026 um 14:30 Uhr',
    gives: moment,
    typed: '09.03.2026 um 14:30 Uhr',
  },
  {
    name: 'file: a mail header',
    text: true,
    input: 'Mon, 09 Mar 2026 14:30:00 +0100',
    gives: moment,
    typed: 'Mon, 09 Mar 2026 14:30:00 +0100',
  },
  {
    name: 'file: midnight at twelve',
    text: true,
    input: '2026-03-09 12:05 am',
    gives: '2026-03-09T00:05:00.000Z',
    typed: '2026-03-09 12:05 am',
  },
  { name: 'file: hour 13 pm', text: true, input: '2026-03-09 13:00 pm', refuses: 'not_a_date' },
  { name: 'file: rubbish behind', text: true, input: '2026-03-09 14:30 sharp', refuses: 'not_a_date' },
];
