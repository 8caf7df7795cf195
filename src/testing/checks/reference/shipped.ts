/** The catalog of the packs as shipped, without a database: what the reference pages are drawn from. */
import { join } from 'node:path';
import { buildCatalog } from '../../../core/catalog/build.ts';
import type { Catalog } from '../../../core/catalog/catalog.ts';
import { noDefinitions, sorts } from '../../../core/definitions/index.ts';
import { extend } from '../../../engine/definitions/layers.ts';
import { loadPacks, type Pack } from '../../../engine/definitions/packs.ts';
import { shapes } from '../../../engine/definitions/shape.ts';
import { kinds } from '../../../kinds/index.ts';
import { root } from '../project-files.ts';

export type Shipped = { catalog: Catalog; packs: readonly Pack[] };

/** @throws Problem where a pack does not hold together. */
export function shippedCatalog(): Shipped {
  const packs = loadPacks(join(root, 'packs'));
  const merged = noDefinitions() as Record<string, Record<string, unknown>>;
  for (const pack of packs) {
    for (const { sort, key, definition } of pack.entries) {
      merged[sort]![key] = sorts[sort].parse(extend(merged[sort]![key], definition, shapes[sort]));
    }
  }
  const { catalog } = buildCatalog(merged as ReturnType<typeof noDefinitions>, kinds, 1);
  return { catalog, packs };
}
