/** What stands in the file and is no value of its field: which one may be meant. */
import type { FieldModel } from '../../../core/catalog/catalog.ts';
import type { ParseEnv } from '../../../core/kinds/field-type.ts';
import { allowedValues } from '../allowed-values.ts';
import { nearestOf } from './alike.ts';
import type { ColumnProfile } from './column-profile.ts';
import { taken } from './guess-columns.ts';
import type { Overlap } from './overlap.ts';

export type ValueGuess = {
  field: FieldModel;
  from: string;
  /** Undefined: none is alike. */
  to?: string;
  /** From 0 to 1; 0 where none is alike. */
  confidence: number;
  rows: number;
  /** Rows would be refused or stand wrong without an answer. */
  mustAnswer: boolean;
};

/** From here on two words may be one mistyped. */
const alikeEnough = 0.7;
/** Names of records may be alike and yet be two: here it takes more. */
const mistyped = 0.85;
const mostValues = 200;
/** Names that each value is compared with. */
const mostNames = 2_000;

/** Of a column whose field has a fixed number of values. */
export function guessValues(field: FieldModel, profile: ColumnProfile, env: ParseEnv): ValueGuess[] {
  const allowed = allowedValues(field, env.catalog);
  if (allowed.length === 0) return [];
  const names = (key: string): string[] => [key, field.type.display(key, field, env.catalog)];
  return profile.values
    .filter(([text]) => !taken(field, text, env))
    .slice(0, mostValues)
    .map(([from, rows]) => {
      const best = nearestOf(from, allowed, names);
      const found = best !== undefined && best.score >= alikeEnough;
      return {
        field,
        from,
        rows,
        to: found ? best.one : undefined,
        confidence: found ? Math.round(best.score * 100) / 100 : 0,
        mustAnswer: !found && (field.required || field.type.role !== undefined),
      };
    });
}

/** Of a link whose records are known: names that are mistyped. */
export function guessNames(field: FieldModel, overlap: Overlap): ValueGuess[] {
  const names = [...overlap.names.values()];
  // A name that is not among those that were read may be right all the same.
  if (!overlap.whole || names.length > mostNames) return [];
  return overlap.unknown.slice(0, mostValues).flatMap(([from, rows]): ValueGuess[] => {
    const best = nearestOf(from, names, (name) => [name]);
    if (!best || best.score < mistyped) return [];
    const confidence = Math.round(Math.min(0.99, best.score) * 100) / 100;
    return [{ field, from, rows, to: best.one, confidence, mustAnswer: false }];
  });
}
