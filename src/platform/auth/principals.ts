/**
 * Who asks: a request's key or cookie → principal. Remembered for some seconds, because it is asked with
 * every request; forgotten at once when any process says that the person's or the key's access changed.
 */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { Catalog } from '../../core/catalog/catalog.ts';
import type { Principal } from '../../core/context/context.ts';
import { hearAccessNotices, type AccessNotice } from './access-notices.ts';
import { findKey, keyById, noteKeyUse, unknownKey, type ApiKey } from './api-keys.ts';
import type { SignIn } from './sign-in.ts';
import { rolesOf, teamsOf, userById } from './user-record.ts';

export type Caller = {
  principal: Principal;
  by: 'key' | 'cookie';
  /** Set-Cookie lines to answer with. */
  cookies: string[];
};

export type Principals = {
  /**
   * The caller; undefined without key and cookie, and when the cookie is no good any more.
   * @throws Problem 401 for an Authorization header that is no living key.
   */
  of(headers: { authorization?: string; cookie?: string }, catalog: Catalog): Promise<Caller | undefined>;
  /** What this process remembers of a cookie; other processes hear of it by themselves. */
  forget(cookie: string): void;
  /** Ends the session on which changes are heard. */
  close(): Promise<void>;
};

const secondsKept = 5;
const mostKept = 5_000;

type Kept = { caller: Caller | undefined; about: string[]; until: number };

export function openPrincipals(deps: {
  pool: pg.Pool;
  connection: pg.ClientConfig;
  signIn: SignIn;
  onNotice?: (notice: AccessNotice | undefined) => void;
}): Principals {
  const kept = new Map<string, Kept>();
  let changes = 0;
  const notices = hearAccessNotices(deps.connection, (notice) => {
    changes += 1;
    const about = notice && `${notice.about}:${notice.id}`;
    for (const [key, entry] of kept) if (!about || entry.about.includes(about)) kept.delete(key);
    deps.onNotice?.(notice);
  });

  async function remembered(
    key: string,
    find: () => Promise<Omit<Kept, 'until'>>,
  ): Promise<Caller | undefined> {
    const name = nameOf(key);
    const known = kept.get(name);
    if (known && known.until > Date.now() && notices.hears()) return known.caller;
    const changesBefore = changes;
    const heardBefore = notices.hears();
    const found = await find();
    // What was read while something changed may be the state before the change.
    if (heardBefore && changes === changesBefore && found.caller) {
      if (kept.size >= mostKept) kept.clear();
      kept.set(name, {
        ...found,
        caller: { ...found.caller, cookies: [] },
        until: Date.now() + secondsKept * 1000,
      });
    }
    return found.caller;
  }

  async function byKey(text: string, catalog: Catalog): Promise<Omit<Kept, 'until'>> {
    const key = await findKey(deps.pool, text);
    const principal = key && (await keyPrincipal(deps.pool, catalog, key));
    if (!key || !principal) throw unknownKey();
    noteKeyUse(deps.pool, key.id).catch(() => {}); // a date that nobody's answer should wait for
    const about = [`key:${key.id}`, ...(key.user === null ? [] : [`user:${key.user}`])];
    return { caller: { principal, by: 'key', cookies: [] }, about };
  }

  async function byCookie(cookie: string, catalog: Catalog): Promise<Omit<Kept, 'until'>> {
    const session = await deps.signIn.find(cookie);
    const principal = session && (await userPrincipal(deps.pool, catalog, session.user));
    if (!session || !principal) return { caller: undefined, about: [] };
    return { caller: { principal, by: 'cookie', cookies: session.cookies }, about: [`user:${session.user}`] };
  }

  return {
    async of({ authorization, cookie }, catalog) {
      if (authorization !== undefined) {
        const text = /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
        if (!text) throw unknownKey();
        return remembered(`key ${text}`, () => byKey(text, catalog));
      }
      const own = cookie && ownCookies(cookie);
      return own ? remembered(`cookie ${own}`, () => byCookie(own, catalog)) : undefined;
    },
    forget(cookie) {
      changes += 1;
      kept.delete(nameOf(`cookie ${ownCookies(cookie)}`));
    },
    close: () => notices.close(),
  };
}

/** Neither keys nor cookies stay in memory as they are. */
const nameOf = (key: string): string => createHash('sha256').update(key).digest('base64');

/** A living key as a principal; undefined where its user is archived or gone. */
async function keyPrincipal(pool: pg.Pool, catalog: Catalog, key: ApiKey): Promise<Principal | undefined> {
  const user = key.user === null ? undefined : await userById(pool, catalog, key.user);
  if (key.user !== null && (!user || user.archived)) return undefined;
  return {
    kind: 'key',
    id: key.id,
    name: key.name,
    user: key.user,
    teams: key.user === null ? [] : await teamsOf(pool, catalog, key.user),
    roles: [key.role],
  };
}

/** Whoever asked for work that is done later, with the rights of today; undefined where it has none any more. */
export async function principalOf(
  pool: pg.Pool,
  catalog: Catalog,
  { kind, id }: Pick<Principal, 'kind' | 'id'>,
): Promise<Principal | undefined> {
  if (kind === 'user') return userPrincipal(pool, catalog, id);
  const key = kind === 'key' ? await keyById(pool, id) : undefined;
  return key && keyPrincipal(pool, catalog, key);
}

/** A user as a principal; undefined for one who may not come in: archived, without a role, or no record. */
export async function userPrincipal(
  pool: pg.Pool,
  catalog: Catalog,
  id: string,
): Promise<Principal | undefined> {
  const user = await userById(pool, catalog, id);
  if (!user || user.archived) return undefined;
  const [roles, teams] = await Promise.all([rolesOf(pool, id), teamsOf(pool, catalog, id)]);
  if (roles.length === 0) return undefined;
  return { kind: 'user', id, name: user.name, user: id, teams, roles };
}

/** Our cookies alone, so that others' that change with each request are no reason to look up again. */
const ownCookies = (header: string): string =>
  header
    .split(/; */)
    .filter((pair) => /^(__Secure-)?groundwork\./.test(pair))
    .join('; ');
