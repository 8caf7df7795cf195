/** What is in force, together with the packs that a folder of files stands on. */
import { issue, type Issue } from '../../core/errors/problem.ts';
import type { Queryable } from '../../core/sql/sql.ts';
import { standsOn } from './propose.ts';
import type { DefinitionFile } from './read-yaml.ts';
import { baseOf, packRows, readState, type Base, type DefinitionState } from './state.ts';
import { groundworkFile } from './text-of.ts';

export type StateAndStand = { state: DefinitionState; stood: Base; issues: Issue[] };

/**
 * Files exported under an earlier version of a pack are compared with that version, so that what the
 * upgrade brought is not taken back. A version that was never in force here counts as the one that is.
 */
export async function readForFiles(on: Queryable, files: readonly DefinitionFile[]): Promise<StateAndStand> {
  const state = await readState(on);
  const { packs, issues } = standsOn(files);
  if (!packs) return { state, stood: state.base, issues };
  const found: Issue[] = [...issues];
  const rows = [];
  let moved = false;
  for (const key of Object.keys(packs)) {
    if (state.packs.some((pack) => pack.key === key)) continue;
    found.push(
      issue(
        groundworkFile,
        'unknown_pack',
        'These files stand on the pack “{key}”, which is not in force here.',
        'Install that pack, or take it out of groundwork.yaml.',
        { key },
      ),
    );
  }
  for (const pack of state.packs) {
    const version = packs[pack.key];
    const then = version && version !== pack.version ? await packRows(on, [{ key: pack.key, version }]) : [];
    if (then.length > 0) moved = true;
    rows.push(...(then.length > 0 ? then : await packRows(on, [pack])));
  }
  return { state, stood: moved ? baseOf(rows) : state.base, issues: found };
}
