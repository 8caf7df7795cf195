/** What a checkpoint kind is given to work with: conditions compiled, checked and told in the engine's own name. */
import type { Catalog, ObjectModel } from '../catalog/catalog.ts';
import type { CheckpointEnv } from '../kinds/checkpoint-kind.ts';
import type { ParseEnv } from '../kinds/field-type.ts';
import { checkCondition } from './check.ts';
import { explainCondition } from './explain.ts';
import { neutralParse, nobody, type ScopeValues } from './scope.ts';
import { conditionToSql } from './to-sql.ts';

/**
 * `parse` carries the workspace's zone and currency, `scope` the clock. Compiling throws a Problem where a
 * condition does not hold together; a catalog that was checked has none.
 */
export function checkpointEnv(
  catalog: Catalog,
  object: ObjectModel,
  scope: ScopeValues = nobody,
  parse: ParseEnv = neutralParse(catalog),
): CheckpointEnv {
  return {
    catalog,
    object,
    condition: (condition, of, alias) =>
      conditionToSql(condition, { catalog, object: of, alias, place: 'checkpoint', scope, parse }),
    check: (condition, of, path) =>
      checkCondition(condition, { catalog, object: of, place: 'checkpoint', path, parse }),
    explain: (condition, of) => explainCondition(condition, { catalog, object: of, place: 'checkpoint' }),
  };
}
