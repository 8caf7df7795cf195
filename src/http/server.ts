/**
 * The HTTP door: operations become routes, what goes wrong becomes a problem document. It translates and
 * decides nothing.
 */
import { randomUUID } from 'node:crypto';
import helmet from '@fastify/helmet';
import multipart from '@fastify/multipart';
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import type { Catalog } from '../core/catalog/catalog.ts';
import type { PublicCatalog } from '../core/catalog/public-catalog.ts';
import type { Context, JobQueue, LiveFeed, Log, Workspace } from '../core/context/context.ts';
import type { Operation } from '../operations/operation.ts';
import type { Principals } from '../platform/auth/principals.ts';
import type { SignIn } from '../platform/auth/sign-in.ts';
import type { Config } from '../platform/config/config.ts';
import type { ReadReplica } from '../platform/database/read-replica.ts';
import type { LocalFileStore } from '../platform/files/file-store.ts';
import { acceptJson } from './json-body.ts';
import { countRequests } from './metrics.ts';
import { addOperationRoutes } from './operation-routes.ts';
import { problemForSocket, replyWithProblem, unknownRoute } from './problem-reply.ts';
import { addReference } from './reference.ts';
import { addStaticFiles } from './static-files.ts';
import { addStatusRoutes, stopping } from './status-routes.ts';
import { formLimits } from './upload.ts';

/** leaving: ready no more, but whoever comes is served. closing: what is under way is finished, nothing else begun. */
export type Life = 'serving' | 'leaving' | 'closing';

export type ServerDeps = {
  config: Pick<Config, 'publicUrl' | 'trustProxy' | 'metricsToken' | 'reads' | 'uploads'>;
  log: Log & FastifyBaseLogger;
  pool: Pool;
  /** For reads that tolerate a delay. */
  replica?: ReadReplica;
  life(): Life;
  operations: readonly Operation[];
  definitions: {
    current(): Catalog;
    /** The catalog in force, reloaded when another process switched. */
    refresh(): Promise<Catalog>;
  };
  principals: Principals;
  signIn: SignIn;
  workspace(): Workspace;
  files: LocalFileStore;
  queue?: JobQueue;
  live: LiveFeed;
  /** The catalog as the caller may see it, from which the API reference is drawn. */
  publicCatalog(context: Context): PublicCatalog | Promise<PublicCatalog>;
  /** The built web app; without it only the API is served. */
  webFolder?: string;
};

const largestBody = 5 * 1024 * 1024;
/** Address and headers together. */
const largestHead = 32 * 1024;

/** Every route is there, nothing listens yet: `listen` it, or `inject` into it. */
export async function buildServer(deps: ServerDeps): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: deps.log,
    // Its own lines name addresses with their query; ours (metrics.ts) name operations.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request' }),
    trustProxy: trusted(deps.config.trustProxy),
    bodyLimit: largestBody,
    genReqId: () => randomUUID(),
    forceCloseConnections: 'idle',
    return503OnClosing: false, // as a problem document, below
    routerOptions: { maxParamLength: 500 },
    http: { maxHeaderSize: largestHead },
    frameworkErrors(error, request, reply) {
      replyWithProblem(error, request, reply);
    },
    clientErrorHandler: (error, socket) => problemForSocket(error, socket),
  }) as unknown as FastifyInstance;

  app.setErrorHandler((error, request, reply) => replyWithProblem(error, request, reply));
  await app.register(helmet, {
    global: false,
    contentSecurityPolicy: { directives: securityPolicy(deps) },
    hsts: isHttps(deps),
  });
  const onData = dataHeaders(deps);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    if (deps.life() === 'closing') throw stopping();
    if (request.url.startsWith('/api/v1/')) reply.headers(onData);
    else {
      if (request.url.startsWith('/api/')) reply.header('cache-control', 'no-store');
      reply.helmet();
    }
  });
  // Whoever has its answer shall not come back by the same connection, on which the stop would wait.
  app.addHook('onSend', async (_request, reply) => {
    if (deps.life() !== 'serving') reply.header('connection', 'close');
  });
  await app.register(multipart, {
    limits: formLimits,
    throwFileSizeLimit: true,
  });
  acceptJson(app);
  const registry = countRequests(app, deps);
  addStatusRoutes(app, deps, registry);
  const routes = addOperationRoutes(app, deps);
  addReference(app, deps, routes);
  if (deps.webFolder) await addStaticFiles(app, deps.webFolder);
  app.setNotFoundHandler((request, reply) =>
    unknownRoute(request, reply, { operations: deps.operations, web: deps.webFolder !== undefined }),
  );
  return app;
}

/** A number is how many proxies stand before us. */
const trusted = (setting: Config['trustProxy']) =>
  typeof setting === 'number' ? (_address: string, hop: number) => hop < setting : setting;

/** Headers of data, which no browser shall run, frame or keep: constant, for they cost a tenth of a short answer. */
const dataHeaders = (deps: ServerDeps): Record<string, string> => ({
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  ...(isHttps(deps) ? { 'strict-transport-security': 'max-age=31536000; includeSubDomains' } : {}),
});

const isHttps = (deps: ServerDeps): boolean => deps.config.publicUrl?.startsWith('https:') ?? false;

/** Scripts and data only from here. Mantine writes its theme into style elements and attributes. */
const securityPolicy = (deps: ServerDeps) => ({
  defaultSrc: ["'self'"],
  scriptSrc: ["'self'"],
  scriptSrcAttr: ["'none'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:', 'blob:'],
  fontSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  objectSrc: ["'none'"],
  baseUri: ["'self'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
  upgradeInsecureRequests: isHttps(deps) ? [] : null,
});
