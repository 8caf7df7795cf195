/**
 * What money is worth in the reporting currency: fixed when the amount is written, and once more when the record
 * closes, at the rate of the day it closed. After that only a new amount, reopening or an explicit revaluation
 * of open records fixes it anew; a rate that is added or changed touches nothing by itself.
 */
import type { FieldModel } from '../../core/catalog/catalog.ts';
import { invalid, issue, type Issue, type Problem } from '../../core/errors/problem.ts';
import type { Parsed } from '../../core/kinds/field-type.ts';
import type { Queryable } from '../../core/sql/sql.ts';
import { parseEnvOf } from '../access/access.ts';
import { todayIn } from './today.ts';
import { ratesOf } from './rates.ts';
import { newValue, oldValue, type Row } from './row.ts';
import type { Run } from './run.ts';
import { standing, standingBefore } from './transitions.ts';

/** Works out the fields that follow from others of the same record; refuses what grows too large. */
export function deriveValues(run: Run, row: Row): Issue[] {
  if (row.kind !== 'create' && row.values.size === 0) return [];
  const issues: Issue[] = [];
  for (const field of row.object.fields.values()) {
    const derived = field.type.derived?.(field);
    if (!derived || (row.kind !== 'create' && !derived.reads.some((key) => row.values.has(key)))) continue;
    const found = derived.value((key) => newValue(row, key), parseEnvOf(run.context));
    if (!found.ok) {
      issues.push(refusalOf(row, field, found));
      continue;
    }
    // What undo puts back is kept where it still follows.
    const given = row.values.get(field.key) ?? null;
    if (row.putBack && given !== null && found.value !== null && field.type.worth?.same(given, found.value))
      continue;
    row.values.set(field.key, found.value);
    (row.reckoned ??= new Set()).add(field.key);
  }
  return issues;
}

const refusalOf = (row: Row, field: FieldModel, no: Extract<Parsed<unknown>, { ok: false }>): Issue =>
  issue(row.path + field.key, no.code, no.message, no.fix, no.params);

type Wanted = { row: Row; field: FieldModel; value: unknown; currency: string; day: string };

/** Fixes the worth of every amount that the rows write or that a change of standing touches. One query, only for foreign ones. */
export async function fixWorth(run: Run, on: Queryable, rows: readonly Row[]): Promise<Map<number, Problem>> {
  const wanted = rows.flatMap((row) => wantedOf(run, row));
  const rates = await ratesOf(run, on, wanted);
  const refused = new Map<number, Problem>();
  for (const { row, field, value, day } of wanted) {
    const env = { ...parseEnvOf(run.context), rate: (currency: string) => rates(currency, day) };
    const fixed = field.type.worth!.at(value, field, env);
    if (fixed.ok) row.values.set(field.key, fixed.value);
    else refused.set(row.index, invalid([refusalOf(row, field, fixed)]));
  }
  return refused;
}

function wantedOf(run: Run, row: Row): Wanted[] {
  if (row.kind === 'archive' || (row.kind === 'restore' && !row.putBack)) return [];
  const anew = (row.revalue === true && standing(row)?.stage.open !== false) || crossesClosing(row);
  return [...row.object.fields.values()].flatMap((field): Wanted[] => {
    const { worth } = field.type;
    if (!worth) return [];
    const before = oldValue(row, field);
    const written = row.values.has(field.key);
    const value = written ? row.values.get(field.key) : before;
    if (value === null || value === undefined) return [];
    // In the reporting currency an amount is its own worth, and was given it when it was read.
    if (worth.currency(value) === run.context.workspace.currency) return [];
    if (row.putBack && !row.reckoned?.has(field.key)) return [];
    const dated = worth.dated?.(field);
    const redated = dated !== undefined && row.values.has(dated);
    if (!anew && !redated) {
      if (!written) return [];
      if (before !== null && worth.same(before, value)) {
        row.values.set(field.key, before);
        return [];
      }
    }
    return [{ row, field, value, currency: worth.currency(value), day: dayOf(run, row, dated) }];
  });
}

/** Whether this write closes the record or opens it again. */
function crossesClosing(row: Row): boolean {
  if (row.putBack || !row.old) return false;
  const before = standingBefore(row);
  const after = standing(row);
  return before !== undefined && after !== undefined && before.stage.open !== after.stage.open;
}

/** The day whose rate counts: what the field names, else the day it closed, else for old records the day it opened, else today. */
function dayOf(run: Run, row: Row, dated: string | undefined): string {
  const of = (key: string | undefined): string | undefined => {
    const value = key === undefined ? null : newValue(row, key);
    return typeof value === 'string' ? value : undefined;
  };
  const at = standing(row);
  const dates = at?.pipeline.definition.dates;
  const own = at && !at.stage.open ? of(dates?.closed) : row.bornLate ? of(dates?.opened) : undefined;
  return of(dated) ?? own ?? todayIn({ now: run.now, timeZone: run.context.workspace.timeZone });
}
