/** The shipped packs: folders of YAML in the checkout, each naming the packs that it stands on. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Key, Meaning, Label } from '../../core/definitions/common.ts';
import type { Sort } from '../../core/definitions/index.ts';
import { invalid, issue, type Issue } from '../../core/errors/problem.ts';
import { extend } from './layers.ts';
import { readDefinitions, readFolder } from './read-files.ts';
import { readYaml, type DefinitionFile } from './read-yaml.ts';
import { schemaIssues, type Source } from './schema-issues.ts';
import { shapes } from './shape.ts';

/** What `pack.yaml` says. */
export const PackDefinition = z.strictObject({
  key: Key,
  label: Label,
  version: z.string().regex(/^\d+\.\d+\.\d+$/, 'Write a version such as 1.2.0.'),
  meaning: Meaning,
  owner: z.string().optional(),
  needs: z.array(Key).optional(),
});
export type PackDefinition = z.infer<typeof PackDefinition>;

export type PackEntry = { sort: Sort; key: string; text: string; definition: unknown };

export type Pack = PackDefinition & {
  /** Of all its files: equal digests, equal packs. */
  digest: string;
  entries: readonly PackEntry[];
};

/** Folders of a pack that hold records to try things with, not definitions. */
const sampleFolders = ['sample', 'samples'];

export type PackFiles = { folder: string; digest: string; files: readonly DefinitionFile[] };

/** The files of each pack below `dir`, unread. */
export function packFiles(dir: string): PackFiles[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .filter((name) => !name.startsWith('.') && statSync(join(dir, name)).isDirectory())
    .sort()
    .map((folder) => {
      const files = readFolder(join(dir, folder), sampleFolders);
      const hash = createHash('sha256');
      for (const file of files) hash.update(`${file.path}\0${file.text}\0`);
      return { folder, digest: hash.digest('hex'), files };
    });
}

/**
 * Reads and checks the packs below `dir`, each behind those that it needs. Throws a Problem that lists every
 * finding with file and line: broken YAML, unknown keys, missing owners, packs that need each other in a ring.
 */
export function loadPacks(dir = 'packs'): Pack[] {
  return readPacks(packFiles(dir));
}

export function readPacks(all: readonly PackFiles[]): Pack[] {
  const issues: Issue[] = [];
  const packs: Pack[] = [];
  const sources = new Map<string, Source>();
  for (const { folder, digest, files } of all) {
    const inPack = files.map((file) => ({ ...file, path: `${folder}/${file.path}` }));
    const head = readHead(folder, inPack, issues);
    const { definitions, issues: found } = readDefinitions(files.filter((file) => file.path.includes('/')));
    issues.push(...found.map((each) => ({ ...each, path: `${folder}/${each.path}` })));
    if (!head) continue;
    const entries = definitions.map(({ sort, key, value, file, read }) => {
      sources.set(`${head.key}/${sort}/${key}`, { file: { ...file, path: `${folder}/${file.path}` }, read });
      return { sort, key, text: file.text, definition: value };
    });
    packs.push({ ...head, digest, entries });
  }
  const ordered = inOrderOfNeeds(packs, issues);
  // A later pack may add a field to an object of an earlier one: only what comes out must be whole.
  const merged = new Map<string, { sort: Sort; key: string; value: unknown; source: Source | undefined }>();
  for (const pack of ordered) {
    for (const { sort, key, definition } of pack.entries) {
      const name = `${sort}/${key}`;
      const value = extend(merged.get(name)?.value, definition, shapes[sort]);
      merged.set(name, { sort, key, value, source: sources.get(`${pack.key}/${name}`) });
    }
  }
  for (const { sort, key, value, source } of merged.values())
    issues.push(...schemaIssues(sort, key, value, source));
  if (issues.length > 0) throw invalid(issues);
  return ordered;
}

function readHead(
  folder: string,
  files: readonly DefinitionFile[],
  issues: Issue[],
): PackDefinition | undefined {
  const file = files.find((each) => each.path === `${folder}/pack.yaml`);
  if (!file) {
    issues.push(
      issue(
        `${folder}/pack.yaml`,
        'missing',
        'The pack has no pack.yaml.',
        'Add one with key, label, version and meaning.',
      ),
    );
    return undefined;
  }
  const read = readYaml(file);
  issues.push(...read.issues);
  if (read.issues.length > 0) return undefined;
  const parsed = PackDefinition.safeParse(read.value);
  if (!parsed.success) {
    for (const found of parsed.error.issues) {
      issues.push(
        issue(
          `${file.path}:${read.lineOf(found.path)}`,
          'invalid_definition',
          '{what}',
          'A pack.yaml has key, label, version, meaning and needs.',
          { what: `${found.path.join('.')}: ${found.message}` },
        ),
      );
    }
    return undefined;
  }
  if (parsed.data.key !== folder) {
    issues.push(
      issue(
        `${file.path}:${read.lineOf(['key'])}`,
        'bad_name',
        'The pack “{key}” lies in a folder called “{folder}”.',
        'Give both the same name.',
        { key: parsed.data.key, folder },
      ),
    );
  }
  return parsed.data;
}

/** Each behind what it needs, else by key. */
function inOrderOfNeeds(packs: readonly Pack[], issues: Issue[]): Pack[] {
  const byKey = new Map(packs.map((pack) => [pack.key, pack]));
  const done: Pack[] = [];
  const visit = (pack: Pack, path: readonly string[]): void => {
    if (done.includes(pack)) return;
    if (path.includes(pack.key)) {
      issues.push(
        issue(
          `${pack.key}/pack.yaml`,
          'cycle',
          'The packs {path} need each other in a ring.',
          'Take one of them out of the needs of another.',
          { path: [...path, pack.key].join(' → ') },
        ),
      );
      return;
    }
    for (const need of pack.needs ?? []) {
      const needed = byKey.get(need);
      if (needed) visit(needed, [...path, pack.key]);
      else
        issues.push(
          issue(
            `${pack.key}/pack.yaml`,
            'unknown_pack',
            'It needs the pack “{need}”, which is not there.',
            'Add that pack or take it out of needs.',
            { need },
          ),
        );
    }
    if (!done.includes(pack)) done.push(pack);
  };
  for (const pack of packs) visit(pack, []);
  return done;
}
