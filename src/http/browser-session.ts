/** What the door lends an operation to sign a browser in and out: its cookies, and a count of failures. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Catalog } from '../core/catalog/catalog.ts';
import { fold } from '../core/conditions/fold.ts';
import type { BrowserSession } from '../core/context/context.ts';
import { issue, refusal } from '../core/errors/problem.ts';
import type { Attempts } from '../platform/auth/attempts.ts';
import { userPrincipal } from '../platform/auth/principals.ts';
import { userByEmail } from '../platform/auth/user-record.ts';
import type { ServerDeps } from './server.ts';

export function browserSession(input: {
  deps: Pick<ServerDeps, 'pool' | 'signIn' | 'principals'>;
  attempts: Attempts;
  catalog: Catalog;
  request: FastifyRequest;
  reply: FastifyReply;
}): BrowserSession {
  const { deps, attempts, catalog, request, reply } = input;
  return {
    async signIn({ email, password }) {
      // By address and e-mail, so that nobody can lock a colleague out; by e-mail, so that many addresses get no further.
      const name = fold(email);
      const counted = [
        { key: `pair ${request.ip} ${name}`, most: 10 },
        { key: `email ${name}`, most: 100 },
      ];
      await attempts.begin(counted);
      const known = await userByEmail(deps.pool, catalog, email);
      const { cookies } = await deps.signIn.start({ user: known?.id, password });
      await attempts.succeeded(counted);
      const user = known!.id;
      if (!(await userPrincipal(deps.pool, catalog, user))) {
        await deps.signIn.end(cookies.map((line) => line.split(';', 1)[0]).join('; '));
        throw noAccess();
      }
      reply.header('set-cookie', cookies);
      request.who = `user:${user}`;
      return { user };
    },
    async signOut() {
      const cookie = request.headers.cookie ?? '';
      const { cookies } = await deps.signIn.end(cookie);
      deps.principals.forget(cookie);
      reply.header('set-cookie', cookies);
    },
  };
}

const noAccess = () =>
  refusal(403, 'no_access', [
    issue(
      '',
      'no_access',
      'Your account is archived or has no role here.',
      'Ask an administrator to give you a role.',
    ),
  ]);
