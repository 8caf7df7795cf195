/**
 * How definitions come into force: prepare (invisible, repeatable), switch (one short transaction), clean
 * up. Who dies before the switch has changed nothing that anybody can see.
 */
import type { PoolClient } from 'pg';
import { buildCatalog } from '../../core/catalog/build.ts';
import type { Catalog, Kinds } from '../../core/catalog/catalog.ts';
import { checkCatalog } from '../../core/catalog/check.ts';
import type { Context, Log, Principal, Workspace } from '../../core/context/context.ts';
import type { Definitions, Sort } from '../../core/definitions/index.ts';
import { invalid, type Issue } from '../../core/errors/problem.ts';
import { rows, sql, type Queryable } from '../../core/sql/sql.ts';
import { actorOf } from '../events/append.ts';
import { inOwnTransaction, withPatience } from '../tables/patience.ts';
import { createAll, prepareTables, type Prepared } from '../tables/prepare.ts';
import { liveTables } from '../tables/introspect.ts';
import { raiseEpoch } from './epoch.ts';
import { inUseIssues, uniqueIssues } from './in-use.ts';
import type { Conflict } from './layers.ts';
import type { Change } from './propose.ts';
import { placed, type Source } from './schema-issues.ts';
import {
  nameFor,
  resolve,
  split,
  type DefinitionState,
  type Name,
  type OwnEntry,
  type PackInForce,
  type PackRow,
} from './state.ts';

export type ForceEnv = {
  client: PoolClient;
  kinds: Kinds;
  workspace: Workspace;
  principal: Principal;
  log: Log;
  /** Called before each step; tests let it die there. */
  step?(name: string): void | Promise<void>;
};

export type NextDefinitions = {
  origin: 'packs' | 'apply' | 'revert';
  note?: string;
  definitions: Definitions;
  changes: readonly Change[];
  conflicts?: readonly (Conflict & { sort: Sort; key: string })[];
  /** The workspace's layer where it changes. */
  own: ReadonlyMap<Name, OwnEntry | undefined>;
  /** The packs, where they change. */
  packs?: { inForce: readonly PackInForce[]; rows: readonly PackRow[] };
  /** Values that a new type cannot read are left empty. */
  leaveEmpty?: boolean;
  /** Where definitions were read; names new ones that could not be. */
  sources?: ReadonlyMap<Name, Source>;
  unread?: readonly string[];
  /** Found before: reported together with what is found here. */
  issues?: readonly Issue[];
};

export type InForce = { version: number; epoch: number; changes: readonly Change[] };

/** The catalog in force, as far as this process's kinds can tell. */
export const catalogBefore = (state: DefinitionState, kinds: Kinds): Catalog =>
  buildCatalog(resolve(state), kinds, state.epoch).catalog;

/**
 * Checks and brings definitions into force. Call it while holding the lock on definitions. Throws a Problem
 * with every finding; then nothing has changed.
 */
export async function bringIntoForce(
  env: ForceEnv,
  state: DefinitionState,
  next: NextDefinitions,
): Promise<InForce> {
  const { client, kinds } = env;
  const first = state.version === 0;
  const before = catalogBefore(state, kinds);
  const { catalog: after, issues: built } = buildCatalog(next.definitions, kinds, state.epoch + 1);
  const found = [...built, ...checkCatalog(after)].filter((each) => !namesOneOf(each, next.unread ?? []));
  const issues = [...(next.issues ?? []), ...found.map((each) => atItsLine(each, next.sources))];
  if (!first && found.length === 0) {
    issues.push(
      ...(await inUseIssues(client, before, after)),
      ...(await uniqueIssues(client, before, after)),
    );
  }
  if (issues.length > 0) throw invalid(once(issues), summary(issues));
  const version = state.version + 1;
  if (first && (await liveTables(client)).size === 0) return installAtOnce(env, after, next, version);
  const prepared = await prepareTables({
    ...env,
    before: first ? undefined : before,
    after,
    leaveEmpty: next.leaveEmpty ?? false,
    version,
  });
  const silent = next.changes.length === 0 && !next.packs && !prepared.pending;
  const epoch = silent
    ? state.epoch
    : await switchOver(env, prepared, async () => {
        const late = first ? [] : await inUseIssues(client, before, after);
        if (late.length > 0) throw invalid(late);
        await writeVersion(env, next, version);
      });
  await env.step?.('clean up');
  await prepared.cleanUp().catch((error: unknown) => {
    env.log.warn({ error: String(error) }, 'Former indexes could not be dropped; the next start does it.');
  });
  return { version: next.changes.length > 0 ? version : state.version, epoch, changes: next.changes };
}

async function switchOver(env: ForceEnv, prepared: Prepared, write: () => Promise<void>): Promise<number> {
  try {
    await env.step?.('switch');
    let waitMs = 100;
    return await withPatience(() =>
      inOwnTransaction(env.client, async () => {
        // Writes queue up behind the lock that the switch waits for: it asks for little time at first.
        waitMs = Math.min(waitMs * 2, 5000);
        await env.client.query(`SET LOCAL lock_timeout = ${waitMs}`);
        const epoch = await raiseEpoch(env.client);
        await prepared.finish();
        await write();
        await env.step?.('commit');
        return epoch;
      }),
    );
  } catch (error) {
    await prepared.giveUp().catch(() => {});
    throw error;
  }
}

/** An empty database has nobody to be careful of: everything in one transaction. */
async function installAtOnce(
  env: ForceEnv,
  after: Catalog,
  next: NextDefinitions,
  version: number,
): Promise<InForce> {
  await env.step?.('install');
  const epoch = await inOwnTransaction(env.client, async () => {
    await env.client.query(createAll(after));
    await writeVersion(env, next, version);
    await env.step?.('commit');
    return raiseEpoch(env.client);
  });
  return { version, epoch, changes: next.changes };
}

const longest = 200;

async function writeVersion(
  { client, principal }: ForceEnv,
  next: NextDefinitions,
  version: number,
): Promise<void> {
  const packs = next.packs;
  if (packs) {
    const kept = packs.inForce.map((pack) => `${pack.key} ${pack.version}`);
    await rows(
      client,
      sql`DELETE FROM platform.pack_definitions WHERE pack || ' ' || version = ANY(${kept}::text[])`,
    );
    await rows(
      client,
      sql`INSERT INTO platform.pack_definitions (pack, version, sort, key, text, definition)
          SELECT pack, version, sort, key, text, definition
          FROM json_to_recordset(${JSON.stringify(packs.rows)}::json)
            AS r(pack text, version text, sort text, key text, text text, definition json)`,
    );
    await rows(
      client,
      sql`UPDATE platform.definition_state SET packs = ${JSON.stringify(packs.inForce)}::json`,
    );
  }
  if (next.changes.length === 0) return;
  const changes = next.changes.map((change) => ({ ...change, lines: change.lines.slice(0, longest) }));
  await rows(
    client,
    sql`INSERT INTO platform.definition_versions (number, actor, actor_name, origin, note, packs, changes, conflicts)
        SELECT ${version}, ${actorOf(principal)}, ${principal.name}, ${next.origin}, ${next.note ?? null},
               (SELECT coalesce(jsonb_object_agg(p ->> 'key', p ->> 'version'), '{}') FROM json_array_elements(packs) p),
               ${JSON.stringify(changes)}::jsonb, ${JSON.stringify(next.conflicts ?? [])}::jsonb
        FROM platform.definition_state`,
  );
  await rows(client, sql`UPDATE platform.definition_state SET version = ${version}`);
  const own = [...next.own].map(([name, entry]) => ({
    ...split(name),
    changes: entry?.changes ?? null,
    text: entry?.text ?? null,
  }));
  await rows(
    client,
    sql`INSERT INTO platform.workspace_definitions (version, sort, key, changes, text)
        SELECT ${version}::integer, sort, key, CASE WHEN json_typeof(changes) = 'null' THEN NULL ELSE changes END, text
        FROM json_to_recordset(${JSON.stringify(own)}::json) AS r(sort text, key text, changes json, text text)`,
  );
}

/** A finding about something new that could not be read itself says nothing more. */
const namesOneOf = (found: Issue, keys: readonly string[]): boolean =>
  keys.some((key) => found.message.includes(`“${key}”`));

function atItsLine(found: Issue, sources: NextDefinitions['sources']): Issue {
  const [sort, key, ...path] = found.path.split('.');
  const source = sources?.get(nameFor(sort as Sort, key ?? ''));
  return source ? placed(found, path, source) : found;
}

function once(issues: readonly Issue[]): Issue[] {
  return [...new Map(issues.map((each) => [`${each.path} ${each.code} ${each.message}`, each])).values()];
}

const summary = (issues: readonly Issue[]): string | undefined =>
  issues.length === 1 ? undefined : `Nothing was applied: ${issues.length} things need mending first.`;

export type DefinitionContext = Pick<Context, 'pool' | 'principal' | 'workspace' | 'log' | 'may' | 'catalog'>;

export type DefinitionVersion = {
  number: number;
  at: string;
  actor: string;
  actor_name: string;
  origin: string;
  note: string | null;
  packs: Record<string, string>;
  changes: Change[];
  conflicts: (Conflict & { sort: Sort; key: string })[];
};

/** The versions there were, the latest first. */
export const definitionVersions = (on: Queryable): Promise<DefinitionVersion[]> =>
  rows<DefinitionVersion>(
    on,
    sql`SELECT number, at, actor, actor_name, origin, note, packs, changes, conflicts
        FROM platform.definition_versions ORDER BY number DESC`,
  );
