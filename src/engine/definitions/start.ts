/** At the start of a process: packs into force, tables as the catalog asks, and the catalog itself. */
import type { Pool, PoolClient } from 'pg';
import type { Kinds } from '../../core/catalog/catalog.ts';
import type { Log, Principal, Workspace } from '../../core/context/context.ts';
import { isProblem } from '../../core/errors/problem.ts';
import { inTransaction } from '../../platform/database/transaction.ts';
import { desiredTables } from '../tables/desired.ts';
import { liveTables } from '../tables/introspect.ts';
import { hasSurplus, isDone, planTables } from '../tables/plan.ts';
import { changesBetween } from './apply.ts';
import { bringIntoForce } from './into-force.ts';
import { conflicts, difference, type Conflict } from './layers.ts';
import { withDefinitionsLock } from './lock.ts';
import { packFiles, readPacks, type Pack, type PackFiles } from './packs.ts';
import { shapes } from './shape.ts';
import {
  baseOf,
  catalogOf,
  nameFor,
  packRows,
  readState,
  resolve,
  resolveOne,
  split,
  type Base,
  type DefinitionState,
  type Name,
  type PackInForce,
  type PackRow,
} from './state.ts';
import type { Sort } from '../../core/definitions/index.ts';
import { catalogStore, type CatalogStore, type CatalogStoreOptions } from './store.ts';

export type StartOptions = {
  packsDir: string;
  kinds: Kinds;
  workspace: Workspace;
  log: Log;
  step?(name: string): void | Promise<void>;
};

const starter: Principal = {
  kind: 'system',
  id: 'start',
  name: 'Groundwork',
  user: null,
  teams: [],
  roles: [],
};

/**
 * Makes definitions and tables ready, then opens the catalog. Any number of processes may start at once: one
 * works, the others wait. Costs three queries where nothing has changed.
 */
export async function startDefinitions(options: StartOptions & CatalogStoreOptions): Promise<CatalogStore> {
  await installDefinitions(options.pool, options);
  return catalogStore(options);
}

/** The same without the store: for CLI commands and test databases. */
export async function installDefinitions(pool: Pool, options: StartOptions): Promise<void> {
  const files = packFiles(options.packsDir);
  if (await nothingToDo(pool, files, options)) return;
  await withDefinitionsLock(pool, (client) => install(client, files, options));
}

async function nothingToDo(pool: Pool, files: readonly PackFiles[], options: StartOptions): Promise<boolean> {
  return inTransaction(pool, (client) => isReady(client, files, options), {
    isolation: 'repeatable read',
    readOnly: true,
  });
}

async function isReady(
  client: PoolClient,
  files: readonly PackFiles[],
  { kinds }: StartOptions,
): Promise<boolean> {
  const state = await readState(client);
  if (state.version === 0 || !samePacks(state, files)) return false;
  const plan = planTables(desiredTables(catalogOf(state, kinds)), await liveTables(client));
  return isDone(plan) && !hasSurplus(plan);
}

const samePacks = (state: DefinitionState, files: readonly PackFiles[]): boolean =>
  files.every(({ folder, digest }) =>
    state.packs.some((pack) => pack.key === folder && pack.digest === digest),
  );

async function install(
  client: PoolClient,
  files: readonly PackFiles[],
  options: StartOptions,
): Promise<void> {
  const state = await readState(client);
  const env = { ...options, client, principal: starter };
  const upgrade =
    state.version === 0 || !samePacks(state, files)
      ? await upgradeOf(client, state, readPacks(files), options.log)
      : undefined;
  if (upgrade && (upgrade.changes.length > 0 || upgrade.packs)) {
    try {
      await bringIntoForce(env, state, upgrade);
      return;
    } catch (error) {
      if (state.version === 0 || !isProblem(error)) throw error;
      // What is in force still holds: better to go on with it than to stand still.
      options.log.error(
        { errors: error.body.errors },
        'The packs could not be upgraded above what this workspace changed; the former ones stay in force.',
      );
    }
  }
  // Another process may have done it meanwhile, or died before it cleared away.
  await bringIntoForce(env, state, {
    origin: 'packs',
    definitions: resolve(state),
    changes: [],
    own: new Map(),
  });
}

/** The packs' new definitions below what the workspace says; undefined when they are what is in force. */
async function upgradeOf(client: PoolClient, state: DefinitionState, packs: readonly Pack[], log: Log) {
  const now = await packRows(client, state.packs);
  const inForce: PackInForce[] = [];
  const rows: PackRow[] = [];
  for (const pack of packs) {
    const there = state.packs.find(({ key }) => key === pack.key);
    const old = now.filter((row) => row.pack === pack.key);
    if (there && newer(there.version, pack.version)) {
      log.warn({ pack: pack.key }, 'The database has a later version of this pack; it stays in force.');
      inForce.push(there);
      rows.push(...old);
      continue;
    }
    const { key, version, digest, needs = [] } = pack;
    inForce.push({ key, version, digest, needs });
    rows.push(...withVanished(pack, old));
  }
  for (const pack of state.packs.filter(({ key }) => !packs.some((each) => each.key === key))) {
    log.warn({ pack: pack.key }, 'This pack is no longer in the checkout; its definitions stay in force.');
    inForce.push(pack);
    rows.push(...now.filter((row) => row.pack === pack.key));
  }
  const base = baseOf(rows);
  const next = { base, own: state.own };
  const names = [...new Set([...state.base.keys(), ...base.keys()])].filter(
    (name) =>
      difference(resolveOne(state, name), resolveOne(next, name), shapes[split(name).sort]) !== undefined,
  );
  const { changes, issues } = changesBetween(state, next, names);
  return {
    origin: 'packs' as const,
    note: inForce.map(({ key, version }) => `${key} ${version}`).join(', '),
    definitions: resolve(next),
    changes: changes.map((change) => (change.change === 'added' ? { ...change, lines: [] } : change)),
    issues,
    conflicts: conflictsOf(state, base),
    own: new Map(),
    packs: { inForce, rows },
  };
}

function conflictsOf(state: DefinitionState, base: Base): (Conflict & { sort: Sort; key: string })[] {
  return [...state.own].flatMap(([name, { changes }]) => {
    const { sort, key } = split(name);
    const was = state.base.get(name)?.definition;
    return conflicts(was, base.get(name)?.definition, changes, shapes[sort]).map((each) => ({
      sort,
      key,
      ...each,
    }));
  });
}

/** What a pack no longer has is retired, never dropped: records may stand on it. */
function withVanished(pack: Pack, old: readonly PackRow[]): PackRow[] {
  const before = new Map<Name, PackRow>(old.map((row) => [nameFor(row.sort, row.key), row]));
  const rows = pack.entries.map((entry) => {
    const was = before.get(nameFor(entry.sort, entry.key));
    before.delete(nameFor(entry.sort, entry.key));
    return {
      ...entry,
      pack: pack.key,
      version: pack.version,
      definition: keepParts(was?.definition, entry.definition),
    };
  });
  const gone = [...before.values()].map((row) => ({
    ...row,
    version: pack.version,
    definition: { ...(row.definition as object), retired: true },
  }));
  return [...rows, ...gone];
}

type Parts = { fields?: Record<string, object>; values?: { key: string }[] };

function keepParts(was: unknown, now: unknown): unknown {
  const [old, next] = [was as Parts | undefined, now as Parts];
  const result: Parts = { ...next };
  const fields = Object.entries(old?.fields ?? {}).filter(([key]) => !Object.hasOwn(next.fields ?? {}, key));
  if (fields.length > 0) {
    const retired = fields.map(([key, field]) => [key, { ...field, retired: true }]);
    result.fields = { ...next.fields, ...Object.fromEntries(retired) };
  }
  const values = (old?.values ?? []).filter(({ key }) => !next.values?.some((value) => value.key === key));
  if (values.length > 0)
    result.values = [...(next.values ?? []), ...values.map((value) => ({ ...value, active: false }))];
  return result;
}

function newer(a: string, b: string): boolean {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number)) as [number[], number[]];
  const at = left.findIndex((part, index) => part !== right[index]);
  return at >= 0 && left[at]! > right[at]!;
}
