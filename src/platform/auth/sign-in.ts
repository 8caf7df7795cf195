/**
 * Passwords and browser sessions, by better-auth; nothing outside this folder knows it. The record in the
 * users object is the one truth about a person: better-auth sees its id alone, and an address made of it, so
 * that a changed e-mail has nothing to be carried over to, and no personal data is kept twice.
 */
import type { Pool } from 'pg';
import { betterAuth } from 'better-auth/minimal';
import { refusal, issue } from '../../core/errors/problem.ts';
import { uuidV7 } from '../../core/identity/uuid-v7.ts';
import { row, rows, sql } from '../../core/sql/sql.ts';
import { authAdapter } from './auth-adapter.ts';
import { innerAddress, longestPassword, shortestPassword } from './password.ts';
import { sharedSecret } from './secret.ts';

export type Session = {
  /** Id of the user's record. */
  user: string;
  expiresAt: Date;
  /** Set-Cookie lines, when the session's life was just prolonged. */
  cookies: string[];
};

export type SignIn = {
  /**
   * Checks the password and opens a session. `user` undefined means that nobody has the e-mail: the answer
   * takes as long and reads the same. @throws Problem 401
   */
  start(input: { user: string | undefined; password: string }): Promise<{ cookies: string[] }>;
  /** The session of a Cookie header; undefined when it is over, forged or none. */
  find(cookieHeader: string): Promise<Session | undefined>;
  /** Ends the session; gives the Set-Cookie lines that clear it. */
  end(cookieHeader: string): Promise<{ cookies: string[] }>;
};

const day = 24 * 60 * 60;

export async function openSignIn(options: { pool: Pool; baseUrl: string }): Promise<SignIn> {
  const { pool } = options;
  const auth = betterAuth({
    appName: 'Groundwork',
    baseURL: options.baseUrl,
    secret: await sharedSecret(pool, 'auth'),
    database: authAdapter(pool),
    telemetry: { enabled: false },
    logger: { disabled: true },
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: shortestPassword,
      maxPasswordLength: longestPassword,
    },
    session: { expiresIn: 14 * day, updateAge: day },
    advanced: {
      cookiePrefix: 'groundwork',
      useSecureCookies: options.baseUrl.startsWith('https:'),
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax', path: '/' },
      ipAddress: { disableIpTracking: true },
      database: { generateId: () => uuidV7() },
    },
  });

  return {
    async start({ user, password }) {
      try {
        const { headers } = await auth.api.signInEmail({
          body: { email: innerAddress(user ?? uuidV7()), password },
          headers: new Headers(),
          returnHeaders: true,
        });
        await forgetOldSessions(pool);
        return { cookies: headers.getSetCookie() };
      } catch (error) {
        if (
          (error as { statusCode?: number }).statusCode !== undefined &&
          !('severity' in (error as object))
        ) {
          throw wrongPassword();
        }
        throw error;
      }
    },
    async find(cookieHeader) {
      const { headers, response } = await auth.api.getSession({
        headers: new Headers({ cookie: cookieHeader }),
        returnHeaders: true,
      });
      if (!response) return undefined;
      return {
        user: response.user.id,
        expiresAt: new Date(response.session.expiresAt),
        cookies: headers.getSetCookie(),
      };
    },
    async end(cookieHeader) {
      const { headers } = await auth.api.signOut({
        headers: new Headers({ cookie: cookieHeader }),
        returnHeaders: true,
      });
      return { cookies: headers.getSetCookie() };
    },
  };
}

/** The same sentence for an unknown e-mail and a wrong password. */
const wrongPassword = () =>
  refusal(401, 'wrong_password', [
    issue(
      'password',
      'wrong_password',
      'The e-mail or the password is wrong.',
      'Check both; an administrator can set a new password.',
    ),
  ]);

async function forgetOldSessions(pool: Pool): Promise<void> {
  await rows(
    pool,
    sql`DELETE FROM auth.sessions WHERE id IN (SELECT id FROM auth.sessions WHERE expires_at < now() LIMIT 100)`,
  );
}

/** Ends every session of a user, in all processes. */
export async function endSessionsOf(pool: Pool, user: string): Promise<void> {
  await row(pool, sql`DELETE FROM auth.sessions WHERE user_id = ${user}`);
}
