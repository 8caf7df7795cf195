/** The dates of sample data, which move with the day of loading: `today-3wd 15:20`, `today+12d`, `now-3h`. */
import { DateTime } from 'luxon';

const pattern = /^(?:today(?:([+-]\d+)(d|wd))?(?: (\d\d):(\d\d))?|now([+-]\d+)(min|h))$/;

export type SampleClock = { now: Date; timeZone: string };

/** The moment meant, and whether it is a day alone; undefined for a text that is no such date. */
export function sampleMoment(text: string, clock: SampleClock): { at: DateTime; day: boolean } | undefined {
  const found = pattern.exec(text);
  if (!found) return undefined;
  const now = DateTime.fromJSDate(clock.now, { zone: clock.timeZone });
  const [, count, unit, hour, minute, span, small] = found;
  if (span !== undefined) {
    return { at: now.plus(small === 'h' ? { hours: Number(span) } : { minutes: Number(span) }), day: false };
  }
  const today = now.startOf('day');
  const by = Number(count ?? 0);
  const at = unit === 'wd' ? workingDays(today, by) : today.plus({ days: by });
  return hour === undefined
    ? { at, day: true }
    : { at: at.set({ hour: Number(hour), minute: Number(minute) }), day: false };
}

/** A value as the API takes it; what is no sample date stands as it is. */
export function sampleValue(value: unknown, clock: SampleClock): unknown {
  const moment = typeof value === 'string' ? sampleMoment(value, clock) : undefined;
  if (!moment) return value;
  return moment.day ? moment.at.toISODate() : moment.at.toUTC().toISO();
}

/** Monday to Friday, the day itself not counted; from a weekend too. */
function workingDays(from: DateTime, count: number): DateTime {
  const step = Math.sign(count);
  let at = from;
  for (let left = Math.abs(count); left > 0;) {
    at = at.plus({ days: step });
    if (at.weekday <= 5) left -= 1;
  }
  return at;
}
