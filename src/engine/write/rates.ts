/**
 * Exchange rates as the write path reads them: records of the object that serves as such. `rate` says how many
 * units of the reporting currency one unit of `currency` is worth; it holds from its day until the next one begins.
 */
import { ident, sql, type Queryable } from '../../core/sql/sql.ts';
import type { Run } from './run.ts';

export type Dated = { currency: string; day: string };

/** What one unit of the currency was worth on the day (YYYY-MM-DD), as exact text; null where no rate is known. */
export type Rates = (currency: string, day: string) => string | null;

/** The rates in force on those days, in one query within the write's transaction; none where nothing foreign is asked. */
export async function ratesOf(run: Run, on: Queryable, wanted: readonly Dated[]): Promise<Rates> {
  const own = run.context.workspace.currency;
  const serving = run.context.catalog.serving.exchange_rate;
  const asked = new Map(
    wanted.filter(({ currency }) => currency !== own).map((one) => [`${one.currency} ${one.day}`, one]),
  );
  const known = new Map<string, string>();
  if (asked.size > 0 && serving !== undefined) {
    const pairs = [...asked.values()];
    const found = await run.query(
      on,
      sql`SELECT w.currency, w.day::text AS day, r.rate::text AS rate
          FROM unnest(${pairs.map((one) => one.currency)}::text[], ${pairs.map((one) => one.day)}::date[]) AS w(currency, day)
          CROSS JOIN LATERAL (SELECT x.rate FROM ${ident('crm', serving)} x
            WHERE x.currency = w.currency AND x.valid_from <= w.day AND x.archived_at IS NULL
            ORDER BY x.valid_from DESC, x.id DESC LIMIT 1) r`,
    );
    for (const { currency, day, rate } of found)
      if (rate !== null) known.set(`${currency} ${day}`, rate as string);
  }
  return (currency, day) => (currency === own ? '1' : (known.get(`${currency} ${day}`) ?? null));
}
