/** Files of definitions from a folder: `<sort>/<key>.yaml`, as packs and exports have them. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { issue, type Issue } from '../../core/errors/problem.ts';
import type { Sort } from '../../core/definitions/index.ts';
import { normalText, readYaml, type DefinitionFile } from './read-yaml.ts';
import { nameOf, type Source } from './schema-issues.ts';

export type ReadDefinition = Source & { sort: Sort; key: string; value: unknown };

const isYaml = (name: string): boolean => /\.ya?ml$/.test(name) && !name.startsWith('.');

/**
 * Reads every YAML file one folder below `folder`, and those at its top (`pack.yaml`, `groundwork.yaml`).
 * `skip` names folders that hold no definitions. Paths are relative, in order.
 */
export function readFolder(folder: string, skip: readonly string[] = []): DefinitionFile[] {
  const entries = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith('.') && !skip.includes(entry.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (statSync(path).isFile()) return isYaml(entry.name) ? [file(path, entry.name)] : [];
    return readdirSync(path)
      .filter(isYaml)
      .sort()
      .map((name) => file(join(path, name), `${entry.name}/${name}`));
  });
}

function file(path: string, relative: string): DefinitionFile {
  const bytes = readFileSync(path);
  const text = bytes.toString('utf8');
  // Broken UTF-8 must not turn into replacement characters unseen.
  return { path: relative, text: bytes.equals(Buffer.from(text)) ? normalText(text) : '\u0000' };
}

/** Files into definitions, two of one name refused. */
export function readDefinitions(files: readonly DefinitionFile[]): {
  definitions: ReadDefinition[];
  issues: Issue[];
} {
  const definitions: ReadDefinition[] = [];
  const issues: Issue[] = [];
  const seen = new Map<string, string>();
  for (const file of files) {
    const name = nameOf(file.path);
    if ('code' in name) {
      issues.push(name);
      continue;
    }
    const id = `${name.sort}/${name.key}`;
    const other = seen.get(id);
    if (other) {
      issues.push(
        issue(file.path, 'duplicate_key', 'This and {other} define the same.', 'Keep one of the two files.', {
          other,
        }),
      );
      continue;
    }
    seen.set(id, file.path);
    const read = readYaml(file);
    issues.push(...read.issues);
    if (read.issues.length > 0) continue;
    if (typeof read.value !== 'object' || read.value === null || Array.isArray(read.value)) {
      issues.push(
        issue(
          `${file.path}:1`,
          'bad_yaml',
          'The file is not a map of keys.',
          'Begin with a line such as “label: …”.',
        ),
      );
      continue;
    }
    definitions.push({ ...name, file, read, value: read.value });
  }
  return { definitions, issues };
}
