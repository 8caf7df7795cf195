/** Does a catalog hold together? Asked before a definition is applied; nothing that is broken is stored. */
import type { Issue } from '../errors/problem.ts';
import type { Catalog } from './catalog.ts';
import { rollupCircles } from './check/fields.ts';
import { checkParts } from './check/parts.ts';
import { checkLists, checkObjects } from './check/objects.ts';
import { checkPipelines } from './check/pipelines.ts';
import { checkMatchRules, checkRoles } from './check/roles.ts';

/**
 * Every broken reference, each with its path in the definitions and what would mend it. What
 * `buildCatalog` reported (unknown kinds, refused settings) is not repeated: such parts are not in it.
 */
export const checkCatalog = (catalog: Catalog): Issue[] => [
  ...checkLists(catalog),
  ...checkObjects(catalog),
  ...rollupCircles(catalog),
  ...checkPipelines(catalog),
  ...checkParts(catalog),
  ...checkRoles(catalog),
  ...checkMatchRules(catalog),
];
