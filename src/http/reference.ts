/** /api/openapi.json, and /api/docs: a page of our own that reads it, so that no outside host is needed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { OperationRoutes } from './operation-routes.ts';
import { openApiDocument } from './reference/document.ts';
import type { ServerDeps } from './server.ts';

const pages = [
  { url: '/api/docs', file: 'page.html', type: 'text/html; charset=utf-8' },
  { url: '/api/docs/page.js', file: 'page.js', type: 'text/javascript; charset=utf-8' },
  { url: '/api/docs/page.css', file: 'page.css', type: 'text/css; charset=utf-8' },
];

/** Documents kept: one per set of roles, of the epoch in force. */
const mostKept = 50;

export function addReference(app: FastifyInstance, deps: ServerDeps, routes: OperationRoutes): void {
  const kept = new Map<string, string>();
  let keptEpoch = -1;

  app.get('/api/openapi.json', async (request, reply) => {
    const context = await routes.contextOf(request, reply);
    const epoch = context?.catalog.epoch ?? -1;
    if (context && epoch !== keptEpoch) {
      kept.clear();
      keptEpoch = epoch;
    }
    const name = context
      ? JSON.stringify([context.principal.roles.toSorted(), context.workspace.name])
      : 'nobody';
    let text = kept.get(name);
    if (text === undefined) {
      const secureCookies = deps.config.publicUrl?.startsWith('https:') ?? false;
      text = JSON.stringify(
        openApiDocument({
          operations: deps.operations,
          workspace: context && { catalog: context.catalog, seen: await deps.publicCatalog(context) },
          serverUrl: deps.config.publicUrl ?? '/',
          secureCookies,
        }),
      );
      if (kept.size >= mostKept) kept.clear();
      kept.set(name, text);
    }
    return reply.type('application/json; charset=utf-8').send(text);
  });

  for (const { url, file, type } of pages) {
    const body = readFileSync(join(import.meta.dirname, 'reference', file));
    app.get(url, async (_request, reply) => reply.type(type).header('cache-control', 'no-cache').send(body));
  }
}
