/**
 * Lines, such as the positions of a deal. Whenever a record has lines, its amount is their sum: written in the
 * line's own transaction as a change of that record, under its rights and checkpoints, with its history. Without
 * lines the amount is anybody's to write; the last one that goes leaves it as it stands.
 */
import type { LinesModel } from '../../core/catalog/catalog.ts';
import { forbidden, invalid, issue, refusal, type Issue, type Problem } from '../../core/errors/problem.ts';
import { ident, join, sql, type Queryable } from '../../core/sql/sql.ts';
import { parseEnvOf } from '../access/access.ts';
import { groupBy } from './links.ts';
import { todayIn } from './today.ts';
import { ratesOf } from './rates.ts';
import { linkedIds } from './rollups.ts';
import { oldValue, type Row } from './row.ts';
import type { Run } from './run.ts';

/** Prices that new lines leave out, from the record that they name: in the currency of what they are lines of. */
export async function fillPrices(
  run: Run,
  on: Queryable,
  rows: readonly Row[],
): Promise<Map<number, Problem>> {
  const refused = new Map<number, Problem>();
  for (const [key, group] of groupBy(rows.filter(priceless(run)), (row) => row.object.key)) {
    const model = run.context.catalog.lines.get(key)!;
    const { field, link, from } = model.price!;
    if (run.access.field(from.object, from.key) === 'hidden') continue;
    const prices = await moneyOf(
      run,
      on,
      from,
      group.map((row) => row.values.get(link.key)),
    );
    const amounts = await moneyOf(
      run,
      on,
      model.into,
      group.map((row) => row.values.get(model.of.key)),
    );
    const worth = from.type.worth!;
    const day = todayIn({ now: run.now, timeZone: run.context.workspace.timeZone });
    const currencies = [...prices.values(), ...amounts.values()].map((value) => worth.currency(value));
    const rates = await ratesOf(
      run,
      on,
      currencies.map((currency) => ({ currency, day })),
    );
    const env = { ...parseEnvOf(run.context), rate: (currency: string) => rates(currency, day) };
    for (const row of group) {
      const price = prices.get(row.values.get(link.key));
      if (price === undefined) continue;
      const amount = amounts.get(row.values.get(model.of.key));
      const currency = worth.currency(amount ?? price);
      const same = worth.currency(price) === currency;
      const priced = same ? { ok: true as const, value: price } : worth.into(price, currency, field, env);
      if (priced?.ok) row.values.set(field.key, priced.value);
      else refused.set(row.index, invalid([noPrice(row, model, worth.currency(price), currency)]));
    }
  }
  return refused;
}

const priceless =
  (run: Run) =>
  (row: Row): boolean => {
    const price = run.context.catalog.lines.get(row.object.key)?.price;
    return (
      price !== undefined &&
      row.kind === 'create' &&
      !row.values.has(price.field.key) &&
      typeof row.values.get(price.link.key) === 'string'
    );
  };

const noPrice = (row: Row, { price }: LinesModel, has: string, wants: string): Issue =>
  issue(
    row.path + price!.field.key,
    'no_rate',
    'The {from} is in {has}, and there is no exchange rate to turn it into {wants}.',
    {
      say: `Give the ${price!.field.label.toLowerCase()} in ${wants}, or add the exchange rate.`,
      set: [price!.field.key],
    },
    { from: price!.from.label.toLowerCase(), has, wants },
  );

/** Stored values of one money field, by the id of its record. */
async function moneyOf(
  run: Run,
  on: Queryable,
  field: LinesModel['into'],
  ids: readonly unknown[],
): Promise<Map<unknown, unknown>> {
  const asked = [...new Set(ids.filter((id) => typeof id === 'string'))];
  if (asked.length === 0) return new Map();
  const found = await run.query(
    on,
    sql`SELECT t.id, ${join(field.type.columns(field).map((column) => ident('t', column.name)))} FROM ${ident('crm', field.object)} t WHERE t.id = ANY(${asked}::uuid[])`,
  );
  return new Map(
    found.flatMap((row) => {
      const value = field.type.stored(row, field);
      return value === null ? [] : [[row['id'], value]];
    }),
  );
}

/** Refuses an amount written by hand on a record that has lines: its lines say it. */
export async function refuseByHand(
  run: Run,
  on: Queryable,
  rows: readonly Row[],
): Promise<Map<number, Problem>> {
  const refused = new Map<number, Problem>();
  for (const model of run.context.catalog.lines.values()) {
    const { into, of } = model;
    const asked = rows.filter((row) => {
      if (row.object.key !== model.parent || row.kind !== 'update' || row.putBack || row.sumOf) return false;
      if (!row.values.has(into.key)) return false;
      const [before, value] = [oldValue(row, into), row.values.get(into.key) ?? null];
      return before === null || value === null ? before !== value : !into.type.worth!.same(before, value);
    });
    if (asked.length === 0) continue;
    const found = await run.query(
      on,
      sql`SELECT DISTINCT l.${ident(of.key)} AS id FROM ${ident('crm', model.object)} l WHERE l.${ident(of.key)} = ANY(${asked.map((row) => row.id)}::uuid[]) AND l.archived_at IS NULL`,
    );
    const summed = new Set(found.map((row) => row['id']));
    const many = run.context.catalog.objects.get(model.object)!.label.many.toLowerCase();
    for (const row of asked) {
      if (!summed.has(row.id)) continue;
      refused.set(
        row.index,
        refusal(422, 'sum_of_lines', [
          issue(
            row.path + into.key,
            'sum_of_lines',
            '{label} is the sum of its {many}.',
            'Change the {many}, or remove them.',
            { label: into.label, many },
          ),
        ]),
      );
    }
  }
  return refused;
}

export type Summed = {
  /** Records to sum anew, each as a change of its own. */
  rows: Row[];
  /** Indexes of all changes that made a record stale, by the index its row carries. */
  causes: Map<number, number[]>;
  refused: Map<number, Problem>;
};

/** The records whose lines a pass has changed: those linked before and those linked now. */
export function staleSums(run: Run, rows: readonly Row[]): Summed {
  const found = new Map<string, Row>();
  const causes = new Map<number, number[]>();
  const refused = new Map<number, Problem>();
  for (const row of rows) {
    const model = run.context.catalog.lines.get(row.object.key);
    if (!model) continue;
    const touched = row.values.has(model.of.key) || row.values.has(model.total.key);
    if (row.kind === 'update' && !touched) continue;
    const parent = run.context.catalog.objects.get(model.parent)!;
    if (!row.putBack && run.access.field(parent.key, model.into.key) !== 'edit') {
      refused.set(
        row.index,
        forbidden(`change the ${model.into.label.toLowerCase()} of this ${parent.label.one.toLowerCase()}`),
      );
      continue;
    }
    for (const id of linkedIds(row, model.of.key)) {
      const known = found.get(`${model.object} ${id}`);
      if (known) {
        known.sumOf!.fresh &&= isFresh(row);
        causes.get(known.index)!.push(row.index);
        continue;
      }
      found.set(`${model.object} ${id}`, {
        index: row.index,
        kind: 'update',
        object: parent,
        id,
        values: new Map(),
        typed: new Map(),
        left: [],
        path: `${model.of.key}.`,
        companion: true,
        putBack: row.putBack,
        note: {},
        sumOf: { lines: model, fresh: isFresh(row) },
      });
      causes.set(row.index, [...(causes.get(row.index) ?? []), row.index]);
    }
  }
  return { rows: [...found.values()], causes, refused };
}

const isFresh = (row: Row): boolean => row.kind === 'create' || row.kind === 'restore';

/** Sums the lines of records that are locked already, in the statement after the lock, which sees what others committed. */
export async function sumLines(run: Run, on: Queryable, rows: readonly Row[]): Promise<Map<number, Problem>> {
  const refused = new Map<number, Problem>();
  for (const [lines, group] of groupBy(
    rows.filter((row) => row.sumOf),
    (row) => row.sumOf!.lines,
  )) {
    const { of, total, into } = lines;
    const worth = total.type.worth!;
    const found = await run.query(
      on,
      sql`SELECT l.${ident(of.key)} AS id, ${worth.currencySql(total, 'l')} AS currency, sum(${worth.amountSql(total, 'l')})::text AS amount
          FROM ${ident('crm', lines.object)} l
          WHERE l.${ident(of.key)} = ANY(${group.map((row) => row.id)}::uuid[]) AND l.archived_at IS NULL GROUP BY 1, 2`,
    );
    const sums = groupBy(found, (sum) => sum['id'] as string);
    for (const row of group) {
      const own = sums.get(row.id);
      if (!own) continue;
      const priced = own.filter((sum) => sum['currency'] !== null);
      const before = oldValue(row, into);
      const currencies = priced.map((sum) => sum['currency'] as string);
      // An amount that was written by hand says the currency; one that was a sum follows its lines.
      if (before !== null && row.sumOf!.fresh) currencies.push(into.type.worth!.currency(before));
      const kept = new Set(currencies);
      if (kept.size > 1 && !row.putBack) {
        refused.set(row.index, invalid([mixed(run, row, lines, [...kept].sort())]));
        continue;
      }
      const parsed = into.type.parse(
        priced[0] ? { amount: priced[0]['amount'], currency: priced[0]['currency'] } : null,
        into,
        parseEnvOf(run.context),
      );
      if (parsed.ok) row.values.set(into.key, parsed.value);
      else
        refused.set(
          row.index,
          invalid([issue(row.path + into.key, parsed.code, parsed.message, parsed.fix, parsed.params)]),
        );
    }
  }
  return refused;
}

function mixed(run: Run, row: Row, lines: LinesModel, currencies: readonly string[]): Issue {
  const model = run.context.catalog.objects.get(lines.object)!;
  return issue(
    lines.price?.field.key ?? lines.total.key,
    'mixed_currencies',
    'A {one} and its {many} are in one currency; here {currencies} would meet.',
    'Give this price in the currency of the {one}, or change that currency first: remove the other {many}, or empty its {amount}.',
    {
      one: row.object.label.one.toLowerCase(),
      many: model.label.many.toLowerCase(),
      currencies: currencies.join(' and '),
      amount: lines.into.label.toLowerCase(),
    },
  );
}
