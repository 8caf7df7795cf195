/** A cookie comes along with whatever another site makes a browser send; only our own pages may write with it. */
import type { FastifyRequest } from 'fastify';
import { issue, refusal } from '../core/errors/problem.ts';

/**
 * Browsers say where a request comes from: by Sec-Fetch-Site, or by Origin on every write. A client that says
 * neither is no browser, and had to be given the cookie on purpose.
 * @throws Problem 403
 */
export function requireSameOrigin(request: FastifyRequest, publicUrl: string | undefined): void {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw crossSite();
  const origin = request.headers.origin;
  if (origin === undefined) return;
  const ours = [request.host, ...(publicUrl ? [new URL(publicUrl).host] : [])];
  if (!URL.canParse(origin) || !ours.includes(new URL(origin).host)) throw crossSite();
}

const crossSite = () =>
  refusal(403, 'cross_site', [
    issue(
      '',
      'cross_site',
      'This request comes from another site’s page.',
      'Open Groundwork at its own address, or use an API key. Behind a proxy, set PUBLIC_URL to that address.',
    ),
  ]);
