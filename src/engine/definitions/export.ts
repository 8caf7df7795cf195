/** The definitions in force as files, byte-stable, and how a folder of files differs from them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Pool, PoolClient } from 'pg';
import { invalid } from '../../core/errors/problem.ts';
import { inTransaction } from '../../platform/database/transaction.ts';
import { propose, type Change, type ProposalInput } from './propose.ts';
import type { DefinitionFile } from './read-yaml.ts';
import { readForFiles } from './read-for-files.ts';
import { readState, type DefinitionState } from './state.ts';
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
export async function exportDefinitions(pool: Pool, input: { dir: string }): Promise<{ files: number }> {
  const files = exportFiles(await inForce(pool, readState));
  for (const file of files) {
    mkdirSync(dirname(join(input.dir, file.path)), { recursive: true });
    writeFileSync(join(input.dir, file.path), file.text);
  }
  return { files: files.length };
}

/**
 * How files differ from what is in force. `retired` are those that the files retire; with `prune` also those
 * that have no file. Throws a Problem where a file cannot be read.
 */
export async function diffDefinitions(
  pool: Pool,
  input: ProposalInput,
): Promise<{ same: boolean; changes: Change[] }> {
  const { state, stood, issues } = await inTransaction(pool, (client) => readForFiles(client, input.files), {
    isolation: 'repeatable read',
    readOnly: true,
  });
  const proposal = propose(state, stood, input);
  const found = [...issues, ...proposal.issues];
  if (found.length > 0) throw invalid(found);
  return { same: proposal.changes.length === 0, changes: proposal.changes };
}

/** Several queries that see one state. */
const inForce = <T>(pool: Pool, read: (client: PoolClient) => Promise<T>): Promise<T> =>
  inTransaction(pool, read, { isolation: 'repeatable read', readOnly: true });
