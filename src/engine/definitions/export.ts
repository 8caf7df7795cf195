/** The definitions in force as files, byte-stable, and how a folder of files differs from them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { invalid } from '../../core/errors/problem.ts';
import type { Queryable } from '../../core/sql/sql.ts';
import { propose, type Change, type ProposalInput } from './propose.ts';
import type { DefinitionFile } from './read-yaml.ts';
import { readForFiles } from './read-for-files.ts';
import type { DefinitionState } from './state.ts';
import { groundworkFile, textOf } from './text-of.ts';

/**
 * All definitions in force as files: `<sort>/<key>.yaml` and `groundwork.yaml`, in order, without times or
 * version numbers of the workspace. Equal states give equal bytes.
 */
export function exportFiles(state: DefinitionState): DefinitionFile[] {
  const names = [...new Set([...state.base.keys(), ...state.own.keys()])].sort();
  const files = names.flatMap((name) => {
    const text = textOf(state, name);
    return text === undefined ? [] : [{ path: `${name}.yaml`, text }];
  });
  const packs = Object.fromEntries(state.packs.map((pack) => [pack.key, pack.version]));
  const head =
    '# The packs, and their versions, that these definitions stand on. Apply compares with them.\n';
  return [...files, { path: groundworkFile, text: head + groundworkYaml(packs) }];
}

const groundworkYaml = (packs: Record<string, string>): string =>
  Object.keys(packs).length === 0
    ? 'packs: {}\n'
    : `packs:\n${Object.entries(packs)
        .map(([key, version]) => `  ${key}: ${version}\n`)
        .join('')}`;

/** Writes the export into `dir`. Other files there stay. */
export function exportDefinitions(state: DefinitionState, dir: string): { files: number } {
  const files = exportFiles(state);
  for (const file of files) {
    mkdirSync(dirname(join(dir, file.path)), { recursive: true });
    writeFileSync(join(dir, file.path), file.text);
  }
  return { files: files.length };
}

/**
 * How files differ from what is in force. `retired` are those that the files retire; with `prune` also those
 * that have no file. Throws a Problem where a file cannot be read.
 */
export async function diffDefinitions(
  on: Queryable,
  input: ProposalInput,
): Promise<{ same: boolean; changes: Change[] }> {
  const { state, stood, issues } = await readForFiles(on, input.files);
  const proposal = propose(state, stood, input);
  const found = [...issues, ...proposal.issues];
  if (found.length > 0) throw invalid(found);
  return { same: proposal.changes.length === 0, changes: proposal.changes };
}
