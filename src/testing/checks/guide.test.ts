/** Examples in the guides are tried: what a reader copies must hold. */
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { buildCatalog } from '../../core/catalog/build.ts';
import type { Catalog } from '../../core/catalog/catalog.ts';
import { checkCatalog } from '../../core/catalog/check.ts';
import { checkCondition } from '../../core/conditions/check.ts';
import { neutralParse } from '../../core/conditions/scope.ts';
import { sorts, type Definitions, type Sort } from '../../core/definitions/index.ts';
import { parseFolderFile } from '../../engine/importing/folder-file.ts';
import { parseMapping } from '../../engine/importing/mapping-file.ts';
import { kinds } from '../../kinds/index.ts';
import { readProjectFile } from './project-files.ts';
import { shippedCatalog } from './reference/shipped.ts';

type Example = { what: string; text: string; line: number };

/** Fenced blocks whose first line is "yaml what". */
function examples(guide: string): Example[] {
  const text = readProjectFile(`docs/guide/${guide}.md`);
  return [...text.matchAll(/^```yaml (\S+)\n([\s\S]*?)^```/gm)].map((found) => ({
    what: found[1]!,
    text: found[2]!,
    line: text.slice(0, found.index).split('\n').length,
  }));
}

let catalog: Catalog;
beforeAll(() => {
  catalog = shippedCatalog().catalog;
});

describe('the guide to conditions', () => {
  const all = examples('conditions');
  test('has examples', () => expect(all.length).toBeGreaterThan(8));
  test.each(all)('line $line: holds together', ({ what, text }) => {
    const object = what.replace('condition:', '');
    const found = checkCondition(parse(text), {
      catalog,
      object,
      place: 'list',
      path: '',
      parse: neutralParse(catalog),
    });
    expect(found).toEqual([]);
  });
});

describe('the guide to definitions', () => {
  const all = examples('definitions');

  test('has an example of every sort', () => {
    const shown = new Set(all.map(({ what }) => what.replace('definition:', '')));
    expect([...shown]).toEqual(expect.arrayContaining(Object.keys(sorts)));
  });

  test('its examples, laid above the packs, make a catalog without a finding', () => {
    const merged = structuredClone(catalog.definitions) as Definitions &
      Record<Sort, Record<string, unknown>>;
    for (const { what, text } of all) {
      const sort = what.replace('definition:', '');
      if (sort === 'field') {
        (merged.objects['accounts']!.fields as Record<string, unknown>)['won_so_far'] = parse(text);
      } else {
        merged[sort as Sort]['example'] = sorts[sort as Sort].parse(parse(text));
      }
    }
    const built = buildCatalog(merged, kinds, 1);
    expect([...built.issues, ...checkCatalog(built.catalog)]).toEqual([]);
  });
});

describe('the guide to importing', () => {
  test.each(examples('import'))('line $line: is a $what file', ({ what, text }) => {
    if (what === 'folder') expect(parseFolderFile(text).imports.length).toBeGreaterThan(1);
    else expect(Object.keys(parseMapping(text).columns ?? {}).length).toBeGreaterThan(2);
  });
});
