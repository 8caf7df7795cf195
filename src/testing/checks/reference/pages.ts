/** All generated pages, by their path below docs/reference. */
import { basename } from 'node:path';
import { sortKeys } from '../../../core/definitions/index.ts';
import { schemaFiles } from '../../../engine/definitions/json-schema.ts';
import { kinds } from '../../../kinds/index.ts';
import { operations } from '../../../operations/index.ts';
import { apiPage, cliPage } from './doors.ts';
import { errorCodesPage } from './error-codes.ts';
import { checkpointsPage, fieldTypesPage, operatorsPage } from './kinds.ts';
import { code, page, plain } from './markdown.ts';
import { listsPage, objectPage, pipelinePage, rolesPage } from './packs.ts';
import { shippedCatalog, type Shipped } from './shipped.ts';
import { logPage, metricsPage } from './watching.ts';

export async function referencePages(): Promise<Map<string, string>> {
  const shipped = shippedCatalog();
  const { catalog } = shipped;
  const pages = new Map<string, string>([
    ['field-types.md', fieldTypesPage(catalog)],
    ['operators.md', operatorsPage(catalog)],
    ['checkpoints.md', checkpointsPage(catalog)],
    ['lists.md', listsPage(catalog)],
    ['roles.md', rolesPage(catalog)],
    ['api.md', apiPage(operations)],
    ['errors.md', errorCodesPage()],
    ['cli.md', await cliPage()],
    ['metrics.md', metricsPage()],
    ['log.md', logPage()],
  ]);
  for (const object of catalog.objects.values())
    pages.set(`objects/${object.key}.md`, objectPage(object, catalog));
  for (const pipeline of catalog.pipelines.values()) {
    pages.set(`pipelines/${pipeline.key}.md`, pipelinePage(pipeline, catalog));
  }
  for (const { path, text } of schemaFiles(kinds)) pages.set(schemaPath(path), text);
  pages.set('README.md', indexPage(shipped));
  return pages;
}

/** From wherever they are said to lie to below docs/reference. */
const schemaPath = (path: string): string => `schema/${basename(path)}`;

function indexPage({ catalog, packs }: Shipped): string {
  const links = (folder: string, keys: Iterable<string>): string =>
    [...keys]
      .sort()
      .map((key) => `[${key}](${folder}/${key}.md)`)
      .join(', ');
  return page('Reference', [
    'Drawn from the code and the packs as shipped, by `npm run reference`; `npm test` fails while it is stale. A workspace’s own changes show in its screens, in `/api/docs` and in `./groundwork definition export`.',
    '## What a definition may use',
    '- [Field types](field-types.md)\n- [Operators and variables of conditions](operators.md)\n- [Checkpoint kinds](checkpoints.md)\n- JSON Schemas of the YAML, by sort: ' +
      sortKeys.map((sort) => `[${sort}](schema/${sort}.schema.json)`).join(', '),
    '## What the packs define',
    packs
      .map((pack) => `- ${code(pack.key)} ${pack.version}, ${plain(pack.label)}: ${plain(pack.meaning)}`)
      .join('\n'),
    `- Objects: ${links('objects', catalog.objects.keys())}\n- Pipelines: ${links('pipelines', catalog.pipelines.keys())}\n- [Reference lists](lists.md)\n- [Roles](roles.md)`,
    '## Doors',
    '- [API operations](api.md)\n- [Error codes](errors.md)\n- [Command line](cli.md)',
    '## Running it\n\n- [Metrics](metrics.md)\n- [Log](log.md)',
  ]);
}
