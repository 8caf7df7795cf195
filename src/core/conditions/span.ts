/**
 * Spans such as `14d` or `2mo`, and points in time reckoned from now in the workspace's zone: hours and
 * minutes are exact, days and longer follow the calendar there, in SQL and in memory alike.
 */
import { DateTime, type DurationLikeObject } from 'luxon';
import { raw, sql, type Sql } from '../sql/sql.ts';

export const spanUnits = ['min', 'h', 'd', 'w', 'mo', 'y'] as const;
type Unit = (typeof spanUnits)[number];
export type Span = { amount: number; unit: Unit };

/** `sign` is -1 for the past. `today` is the start of the day, `now` the instant. */
export type Moment = { base: 'now' | 'today'; sign: 1 | -1; span?: Span };

const words: Record<
  Unit,
  { luxon: keyof DurationLikeObject; sql: string; one: string; most: number; exact: boolean }
> = {
  min: { luxon: 'minutes', sql: 'mins', one: 'minute', most: 99_999, exact: true },
  h: { luxon: 'hours', sql: 'hours', one: 'hour', most: 99_999, exact: true },
  d: { luxon: 'days', sql: 'days', one: 'day', most: 99_999, exact: false },
  w: { luxon: 'weeks', sql: 'weeks', one: 'week', most: 10_000, exact: false },
  mo: { luxon: 'months', sql: 'mons', one: 'month', most: 2_400, exact: false },
  y: { luxon: 'years', sql: 'years', one: 'year', most: 200, exact: false },
};

/** Reads `14d`; undefined when it is no span, or so long that the calendar ends before it. */
export function parseSpan(text: unknown): Span | undefined {
  const found = typeof text === 'string' ? /^(\d{1,5})(min|h|d|w|mo|y)$/.exec(text) : null;
  if (!found) return undefined;
  const span = { amount: Number(found[1]), unit: found[2] as Unit };
  return span.amount <= words[span.unit].most ? span : undefined;
}

/** "14 days". */
export const spanWords = ({ amount, unit }: Span): string =>
  `${amount} ${words[unit].one}${amount === 1 ? '' : 's'}`;

/** "now", "today", "14 days ago", "3 days from today". */
export function momentWords({ base, sign, span }: Moment): string {
  if (!span || span.amount === 0) return base;
  const length = spanWords(span);
  if (base === 'now') return sign < 0 ? `${length} ago` : `${length} from now`;
  return sign < 0 ? `${length} before today` : `${length} after today`;
}

/** The span as an interval parameter. */
export const spanToSql = ({ amount, unit }: Span): Sql => sql`${`${amount} ${words[unit].sql}`}::interval`;

/** The moment as SQL: a date for a date operand, else a timestamptz. `now` is the instant of judging. */
export function momentToSql(moment: Moment, now: Sql, timeZone: string, asDate: boolean): Sql {
  const { base, span } = moment;
  const zone = sql`${timeZone}::text`;
  const shift = span ? sql`${raw(moment.sign < 0 ? ' - ' : ' + ')}${spanToSql(span)}` : raw('');
  const here = sql`(${now} AT TIME ZONE ${zone})`;
  const start = sql`date_trunc('day', ${here})`;
  if (!span || words[span.unit].exact) {
    const from = base === 'now' ? now : sql`(${start} AT TIME ZONE ${zone})`;
    const instant = span ? sql`(${from}${shift})` : from;
    return asDate ? sql`(${instant} AT TIME ZONE ${zone})::date` : instant;
  }
  const local = sql`(${base === 'today' ? start : here}${shift})`;
  return asDate ? sql`${local}::date` : sql`(${local} AT TIME ZONE ${zone})`;
}

/** The same in memory: `2026-05-04` for a date operand, else ISO in UTC with milliseconds. */
export function momentAt(moment: Moment, now: Date, timeZone: string, asDate: boolean): string {
  let at = DateTime.fromJSDate(now, { zone: timeZone });
  if (moment.base === 'today') at = at.startOf('day');
  if (moment.span) at = at.plus({ [words[moment.span.unit].luxon]: moment.sign * moment.span.amount });
  return asDate ? at.toISODate()! : at.toUTC().toISO({ precision: 'milliseconds' })!;
}
