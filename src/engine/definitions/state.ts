/**
 * What is in force, as the database has it: the packs' definitions, the workspace's layer above them, and
 * from both the resolved definitions.
 */
import { buildCatalog } from '../../core/catalog/build.ts';
import type { Catalog, Kinds } from '../../core/catalog/catalog.ts';
import { noDefinitions, sortKeys, type Definitions, type Sort } from '../../core/definitions/index.ts';
import { refusal } from '../../core/errors/problem.ts';
import { rows, sql, type Queryable } from '../../core/sql/sql.ts';
import { extend, lay, type Difference } from './layers.ts';
import { shapes } from './shape.ts';

/** Names a definition: `objects/deals`. */
export type Name = `${Sort}/${string}`;
export const nameFor = (sort: Sort, key: string): Name => `${sort}/${key}`;
export const split = (name: Name): { sort: Sort; key: string } => {
  const [sort, key] = name.split('/') as [Sort, string];
  return { sort, key };
};

export type PackInForce = { key: string; version: string; digest: string; needs: readonly string[] };

/** What packs say about one definition; `text` where one pack alone says it. */
export type BaseEntry = { definition: unknown; text: string | undefined };
export type Base = ReadonlyMap<Name, BaseEntry>;

/** What the workspace says about one definition. */
export type OwnEntry = { changes: Difference | undefined; text: string | undefined };
export type Own = ReadonlyMap<Name, OwnEntry>;

export type DefinitionState = {
  epoch: number;
  version: number;
  packs: readonly PackInForce[];
  base: Base;
  own: Own;
};

export type PackRow = {
  pack: string;
  version: string;
  sort: Sort;
  key: string;
  text: string;
  definition: unknown;
};

/**
 * Reads what is in force. Several statements: run it in a transaction of REPEATABLE READ, or while holding
 * the lock on definitions.
 */
export async function readState(on: Queryable): Promise<DefinitionState> {
  const [state] = await rows<{ epoch: number; version: number; packs: PackInForce[] }>(
    on,
    sql`SELECT epoch, version, packs FROM platform.definition_state`,
  );
  if (!state) throw new Error('platform.definition_state has lost its row');
  return {
    epoch: Number(state.epoch),
    version: state.version,
    packs: state.packs,
    base: baseOf(await packRows(on, state.packs)),
    own: await readOwn(on, state.version),
  };
}

/** The packs' rows, in the order of `packs`. Versions that were never in force give none. */
export async function packRows(
  on: Queryable,
  packs: readonly { key: string; version: string }[],
): Promise<PackRow[]> {
  const found = await rows<PackRow>(
    on,
    sql`SELECT p.pack, p.version, p.sort, p.key, p.text, p.definition
        FROM platform.pack_definitions p
        JOIN unnest(${packs.map((pack) => pack.key)}::text[], ${packs.map((pack) => pack.version)}::text[])
             WITH ORDINALITY AS wanted (pack, version, place) USING (pack, version)
        ORDER BY wanted.place, p.sort, p.key`,
  );
  return found.filter((row) => (sortKeys as string[]).includes(row.sort));
}

/** Merges packs, each behind those that it needs. */
export function baseOf(packs: readonly Pick<PackRow, 'sort' | 'key' | 'text' | 'definition'>[]): Base {
  const base = new Map<Name, BaseEntry>();
  for (const { sort, key, text, definition } of packs) {
    const name = nameFor(sort, key);
    const before = base.get(name);
    base.set(name, {
      definition: extend(before?.definition, definition, shapes[sort]),
      text: before ? undefined : text,
    });
  }
  return base;
}

/** The workspace's layer as it was in `version`. */
export async function readOwn(on: Queryable, version: number): Promise<Own> {
  const found = await rows<{ sort: Sort; key: string; changes: Difference | null; text: string | null }>(
    on,
    sql`SELECT DISTINCT ON (sort, key) sort, key, changes, text
        FROM platform.workspace_definitions WHERE version <= ${version}
        ORDER BY sort, key, version DESC`,
  );
  const own = new Map<Name, OwnEntry>();
  for (const { sort, key, changes, text } of found) {
    if ((changes === null && text === null) || !(sortKeys as string[]).includes(sort)) continue;
    own.set(nameFor(sort, key), { changes: changes ?? undefined, text: text ?? undefined });
  }
  return own;
}

/** The definition that packs and workspace make together; undefined when neither has it. */
export function resolveOne(state: Pick<DefinitionState, 'base' | 'own'>, name: Name): unknown {
  return lay(state.base.get(name)?.definition, state.own.get(name)?.changes, shapes[split(name).sort]);
}

/** All of them, packs' first. */
export function resolve(state: Pick<DefinitionState, 'base' | 'own'>): Definitions {
  const definitions = noDefinitions();
  for (const name of new Set([...state.base.keys(), ...state.own.keys()])) {
    const { sort, key } = split(name);
    const value = resolveOne(state, name);
    if (value !== undefined) (definitions[sort] as Record<string, unknown>)[key] = value;
  }
  return definitions;
}

/** The catalog of a state that was checked when it came into force. */
export function catalogOf(state: DefinitionState, kinds: Kinds): Catalog {
  const { catalog, issues } = buildCatalog(resolve(state), kinds, state.epoch);
  if (issues.length > 0) {
    throw refusal(503, 'definitions_unreadable', issues, {
      detail:
        'The definitions in force name kinds that this process does not have. Start the version of Groundwork that applied them.',
    });
  }
  return catalog;
}
