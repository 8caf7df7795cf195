/** Dates for people: near ones by name, far ones with their year, the exact one for the hover. */

type When = { locale: string | undefined; timeZone: string | undefined; now: Date };

const day = 86_400_000;

/** Midnight UTC of the calendar day that an instant has in the reader's zone: days can then be counted. */
function dayNumber(instant: Date, timeZone: string | undefined): number {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).format(instant);
  return Date.parse(`${parts}T00:00:00Z`) / day;
}

/** Today as YYYY-MM-DD in the reader's zone. */
export const today = (now: Date, timeZone: string | undefined): string =>
  new Date(dayNumber(now, timeZone) * day).toISOString().slice(0, 10);

function named(
  days: number,
  instant: Date,
  zone: string | undefined,
  locale: string | undefined,
  thisYear: boolean,
): string {
  if (Math.abs(days) <= 1) {
    const word = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(days, 'day');
    return word.charAt(0).toLocaleUpperCase(locale) + word.slice(1);
  }
  const near = Math.abs(days) <= 30;
  return new Intl.DateTimeFormat(locale, {
    timeZone: zone,
    weekday: near ? 'short' : undefined,
    day: 'numeric',
    month: 'short',
    year: thisYear ? undefined : 'numeric',
  })
    .format(instant)
    .replace(',', '');
}

/** A calendar date (YYYY-MM-DD): “Tomorrow”, “Mon 16 Mar”, “16 Mar 2025”. */
export function dateWords(date: string, when: When): string {
  const instant = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(instant.getTime())) return date;
  const now = today(when.now, when.timeZone);
  const days = instant.getTime() / day - Date.parse(`${now}T00:00:00Z`) / day;
  return named(days, instant, 'UTC', when.locale, date.slice(0, 4) === now.slice(0, 4));
}

/** The day of an instant: “Today”, “Mon 16 Mar”. */
export function dayWords(iso: string, when: When): string {
  const instant = new Date(iso);
  const days = dayNumber(instant, when.timeZone) - dayNumber(when.now, when.timeZone);
  const here = today(instant, when.timeZone);
  return named(
    days,
    instant,
    when.timeZone,
    when.locale,
    here.slice(0, 4) === today(when.now, when.timeZone).slice(0, 4),
  );
}

/** An instant: as a date, and on a near day with its time. */
export function instantWords(iso: string, when: When): string {
  const instant = new Date(iso);
  if (Number.isNaN(instant.getTime())) return iso;
  const days = dayNumber(instant, when.timeZone) - dayNumber(when.now, when.timeZone);
  const words = dayWords(iso, when);
  return Math.abs(days) <= 1 ? `${words} ${timeWords(iso, when)}` : words;
}

export const timeWords = (iso: string, { locale, timeZone }: Pick<When, 'locale' | 'timeZone'>): string =>
  new Intl.DateTimeFormat(locale, { timeZone, hour: '2-digit', minute: '2-digit' }).format(new Date(iso));

/** The whole date in words, for a hover and for the echo of what was typed. */
export function exactDate(date: string, locale: string | undefined): string {
  const instant = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(instant.getTime())) return date;
  return new Intl.DateTimeFormat(locale, { timeZone: 'UTC', dateStyle: 'full' }).format(instant);
}

export function exactInstant(iso: string, { locale, timeZone }: Pick<When, 'locale' | 'timeZone'>): string {
  const instant = new Date(iso);
  if (Number.isNaN(instant.getTime())) return iso;
  return new Intl.DateTimeFormat(locale, { timeZone, dateStyle: 'full', timeStyle: 'short' }).format(instant);
}

/** Whole days from an instant until now, for “13 d”. */
export const daysSince = (iso: string, now: Date): number =>
  Math.max(0, Math.floor((now.getTime() - Date.parse(iso)) / day));
