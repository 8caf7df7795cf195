/** Where resolving a condition stands. */
import type { Catalog } from '../catalog/catalog.ts';
import type { Issue } from '../errors/problem.ts';
import type { ParseEnv } from '../kinds/field-type.ts';
import type { Operand } from './resolved.ts';
import type { Visibility } from './scope.ts';
import type { Place } from './variables.ts';

export type ResolveEnv = {
  catalog: Catalog;
  object: string;
  place: Place;
  parse: ParseEnv;
  may?: Visibility;
};

/** Where resolving stands: whose fields are named, inside which places, around what. */
export type Scene = {
  env: ResolveEnv;
  issues: Issue[];
  /** Object whose fields names mean here. */
  object: string;
  /** Object of the record around, inside a condition on related records. */
  around: string | undefined;
  /** The place of the condition, then `computed` for each computed field it is inside of. */
  places: readonly Place[];
  /** Computed fields being written out: `object.field`. */
  computing: readonly string[];
  /** Nodes left, shared by all that is written out: computed fields may not multiply without end. */
  budget: { left: number };
  /** Resolves a path to a field; a test needs it for the fields of other rows. */
  operand(name: string, path: string, at: Scene): Operand | undefined;
};
