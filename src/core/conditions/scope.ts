/** What a condition is judged with: whose eyes, whose instant, which other rows. */
import type { Catalog } from '../catalog/catalog.ts';
import type { ParseEnv } from '../kinds/field-type.ts';
import type { Sql } from '../sql/sql.ts';
import type { Place } from './variables.ts';

/**
 * What the asker may see; absent means the engine itself, which sees all. A field that is not visible is
 * refused exactly as an unknown one, and linked records are met only where they are readable.
 */
export type Visibility = {
  field(object: string, field: string): boolean;
  /** Which records of the object, as SQL over the alias; null when all. */
  readable(object: string, alias: string): Sql | null;
  object(object: string): boolean;
};

/** Another row: in the query under an alias, or at hand as canonical values by field key. */
export type RowSource = { alias: string } | { values: Record<string, unknown> };

/** `$parent` needs no value: it is the record around a condition on related records. */
export type ScopeValues = {
  me: string | null;
  teams: readonly string[];
  now?: Date;
  old?: RowSource;
  other?: RowSource;
  input?: RowSource;
};

export type ConditionEnv = {
  catalog: Catalog;
  object: string;
  /** How the query calls the object's row. */
  alias: string;
  place: Place;
  scope: ScopeValues;
  may?: Visibility;
  parse: ParseEnv;
};

/** The engine's own scope: nobody asks. */
export const nobody: ScopeValues = { me: null, teams: [] };

/** For checking without a workspace at hand: literals mean the same, amounts and zones may not matter. */
export const neutralParse = (catalog: Catalog): ParseEnv => ({
  catalog,
  now: new Date(),
  timeZone: 'UTC',
  currency: 'EUR',
  country: 'US',
});
