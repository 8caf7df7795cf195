/** Applies files of definitions, and goes back to what an earlier version said. */
import { forbidden, issue, refusal, type Issue } from '../../core/errors/problem.ts';
import { row, sql } from '../../core/sql/sql.ts';
import { bringIntoForce, type DefinitionContext, type ForceEnv, type InForce } from './into-force.ts';
import { withDefinitionsLock } from './lock.ts';
import { changeOf, propose, type Change } from './propose.ts';
import { readForFiles } from './read-for-files.ts';
import type { DefinitionFile } from './read-yaml.ts';
import { schemaIssues } from './schema-issues.ts';
import {
  readOwn,
  readState,
  resolve,
  resolveOne,
  split,
  type DefinitionState,
  type Name,
  type Own,
  type OwnEntry,
} from './state.ts';

export type ApplyInput = {
  /** As `readFolder` gives them: `<sort>/<key>.yaml`, and `groundwork.yaml` where there is one. */
  files: readonly DefinitionFile[];
  /** Retires definitions that have no file. */
  prune?: boolean;
  note?: string;
  /** With a change of type: values that the new type cannot read are left empty instead of refused. */
  leaveEmpty?: boolean;
};

type Steps = { step?(name: string): void | Promise<void> };

/**
 * Brings files of definitions into force; `changes` is empty, and no version made, where they say what is in
 * force. Throws a Problem with every finding (file and line) when anything is wrong; then nothing is applied.
 */
export async function applyDefinitions(
  context: DefinitionContext,
  input: ApplyInput,
  steps: Steps = {},
): Promise<InForce> {
  mayApply(context);
  return withDefinitionsLock(context.pool, async (client) => {
    const { state, stood, issues } = await readForFiles(client, input.files);
    const proposal = propose(state, stood, input);
    const found: Issue[] = [...issues, ...proposal.issues];
    if (proposal.changes.length === 0 && found.length === 0) return inForce(state);
    return bringIntoForce({ ...forceEnv(context), ...steps, client }, state, {
      origin: 'apply',
      note: input.note,
      leaveEmpty: input.leaveEmpty,
      ...proposal,
      issues: found,
    });
  });
}

/**
 * A new version in which the workspace says what it said in an earlier one. Packs stay as they are now: an
 * upgrade that came since is kept. Tables keep their columns. Throws as `applyDefinitions` does.
 */
export async function revertDefinitions(
  context: DefinitionContext,
  input: { version: number; note?: string },
  steps: Steps = {},
): Promise<InForce> {
  mayApply(context);
  return withDefinitionsLock(context.pool, async (client) => {
    const state = await readState(client);
    const there = await row(
      client,
      sql`SELECT 1 FROM platform.definition_versions WHERE number::text = ${String(input.version)}`,
    );
    if (!there) throw unknownVersion(input.version, state.version);
    const wanted = await readOwn(client, input.version);
    const own = differing(state.own, wanted);
    if (own.size === 0) return inForce(state);
    const next = { base: state.base, own: wanted };
    const { changes, issues } = changesBetween(state, next, own.keys());
    return bringIntoForce({ ...forceEnv(context), ...steps, client }, state, {
      origin: 'revert',
      note: input.note ?? `Back to version ${input.version}`,
      definitions: resolve(next),
      changes,
      issues,
      own,
    });
  });
}

/** What becomes of the named definitions, and what their schemas have against it. */
export function changesBetween(
  before: Pick<DefinitionState, 'base' | 'own'>,
  after: Pick<DefinitionState, 'base' | 'own'>,
  names: Iterable<Name>,
): { changes: Change[]; issues: Issue[] } {
  const changes: Change[] = [];
  const issues: Issue[] = [];
  for (const name of names) {
    const { sort, key } = split(name);
    const value = resolveOne(after, name);
    if (value !== undefined) issues.push(...schemaIssues(sort, key, value));
    changes.push(changeOf(sort, key, resolveOne(before, name), value));
  }
  return { changes, issues };
}

function differing(now: Own, wanted: Own): Map<Name, OwnEntry | undefined> {
  const names = new Set([...now.keys(), ...wanted.keys()]);
  return new Map(
    [...names]
      .filter((name) => JSON.stringify(now.get(name)) !== JSON.stringify(wanted.get(name)))
      .map((name) => [name, wanted.get(name)]),
  );
}

function mayApply(context: DefinitionContext): void {
  if (!context.may('definitions.apply')) throw forbidden('change the definitions of this workspace');
}

const forceEnv = ({ principal, workspace, log, catalog }: DefinitionContext): Omit<ForceEnv, 'client'> => ({
  principal,
  workspace,
  log,
  kinds: catalog.kinds,
});

const inForce = (state: DefinitionState): InForce => ({
  version: state.version,
  epoch: state.epoch,
  changes: [],
});

const unknownVersion = (version: number, latest: number) =>
  refusal(404, 'unknown_version', [
    issue('version', 'unknown_version', 'There is no version {version}.', 'Name one from 1 to {latest}.', {
      version,
      latest,
    }),
  ]);
