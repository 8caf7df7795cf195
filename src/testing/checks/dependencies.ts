/** docs/dependencies.md says of each direct dependency why it is there and under which licence. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from './finding.ts';
import { root } from './project-files.ts';

const document = 'docs/dependencies.md';

type Manifest = Record<'dependencies' | 'devDependencies' | 'optionalDependencies', Record<string, string>>;

/** Licences that go with Apache-2.0 in a product that is given away. */
const welcome = new Set([
  'MIT',
  'MIT-0',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'PostgreSQL',
  'MPL-2.0', // file by file: what we do not change we need only name
]);

/**
 * Compares the table (`| \`name\`, \`name\` | why | licence |`) with package.json and with what the installed
 * packages say of their licence. `licenceOf` answers undefined for what is not installed here.
 */
export function dependencyFindings(
  manifest: Partial<Manifest>,
  text: string,
  licenceOf: (name: string) => string | undefined = installedLicence,
): Finding[] {
  const direct = Object.keys({
    ...manifest.dependencies,
    ...manifest.devDependencies,
    ...manifest.optionalDependencies,
  });
  const found: Finding[] = [];
  const named = new Set<string>();
  text.split('\n').forEach((row, index) => {
    const cells = /^\|(.*)\|$/.exec(row.trim())?.[1]?.split('|');
    const names = [...(cells?.[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name!);
    if (!cells || names.length === 0) return;
    const say = (sentence: string): void => {
      found.push({ file: document, line: index + 1, say: sentence });
    };
    const [why = '', licence = ''] = cells.slice(1).map((cell) => cell.trim());
    if (why.length < 8) say(`says too little of why ${names.join(', ')} is there.`);
    if (!welcome.has(licence)) say(`“${licence}” is no licence that we take; decide about it first.`);
    for (const name of names) {
      if (named.has(name)) say(`${name} is named twice.`);
      named.add(name);
      if (!direct.includes(name)) say(`${name} is no dependency any more; take the name out.`);
      else if ((licenceOf(name) ?? licence) !== licence) {
        say(`${name} is under ${licenceOf(name)}, not ${licence}.`);
      }
    }
  });
  for (const name of direct) {
    if (!named.has(name)) found.push({ file: document, say: `${name} has no line: say why it is there.` });
  }
  return found;
}

function installedLicence(name: string): string | undefined {
  const path = join(root, 'node_modules', name, 'package.json');
  if (!existsSync(path)) return undefined;
  const { license } = JSON.parse(readFileSync(path, 'utf8')) as { license?: string };
  return license;
}
