/** Which day it is for the workspace. */
import type { ParseEnv } from '../../core/kinds/field-type.ts';

/** Today in the workspace's time zone, YYYY-MM-DD. */
export const todayIn = (env: Pick<ParseEnv, 'now' | 'timeZone'>): string =>
  calendarOf(env.timeZone).format(env.now);

/** A formatter takes longer to make than a write to do. */
const calendars = new Map<string, Intl.DateTimeFormat>();

function calendarOf(timeZone: string): Intl.DateTimeFormat {
  let known = calendars.get(timeZone);
  if (!known) {
    known = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
    calendars.set(timeZone, known);
  }
  return known;
}
