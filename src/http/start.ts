/** What `npm start` does, step by step; the port opens when everything before it is done. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AddressInfo, Socket } from 'node:net';
import { join, resolve } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type pg from 'pg';
import type { Logger } from 'pino';
import { startDefinitions } from '../engine/definitions/start.ts';
import type { CatalogStore } from '../engine/definitions/store.ts';
import { openLiveFeed } from '../engine/live/live-feed.ts';
import { kinds } from '../kinds/index.ts';
import { publicCatalog } from '../operations/catalog.ts';
import { operations } from '../operations/index.ts';
import type { Operation } from '../operations/operation.ts';
import type { JobQueue } from '../core/context/context.ts';
import { jobs } from '../operations/jobs.ts';
import { openJobQueue } from '../platform/jobs/job-queue.ts';
import { startWorker } from '../worker/worker.ts';
import { openPrincipals } from '../platform/auth/principals.ts';
import { renewSetupToken } from '../platform/auth/setup-link.ts';
import { openSignIn } from '../platform/auth/sign-in.ts';
import type { Config } from '../platform/config/config.ts';
import { watchWorkspace, type WatchedWorkspace } from '../platform/config/workspace.ts';
import { migrate } from '../platform/database/migrate.ts';
import { openDatabase } from '../platform/database/open-database.ts';
import { keepUpgradeOut } from '../platform/database/upgrade-lock.ts';
import type { ReadReplica } from '../platform/database/read-replica.ts';
import { openFileStore, type LocalFileStore } from '../platform/files/file-store.ts';
import { buildServer, type Life } from './server.ts';
import { ensureWebBuild } from './web-build.ts';

const repository = join(import.meta.dirname, '../..');

export type Running = {
  /** Where people reach it. */
  url: string;
  /** Where the first administrator comes in; undefined once somebody can sign in. */
  setupLink?: string;
  close(): Promise<void>;
};

/** `say` gets the lines meant for whoever started it. @throws Error whose message is a sentence, where it can. */
export async function start(config: Config, log: Logger, say: (line: string) => void): Promise<Running> {
  const dataDir = resolve(config.dataDir);
  const opened: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of opened.splice(0).reverse()) await end();
  };
  try {
    const database = await openDatabase({
      dataDir,
      databaseUrl: config.databaseUrl,
      reads: config.reads,
      role: 'server',
      log: (line, level) => log[level ?? 'info'](line),
    });
    opened.push(() => database.close());
    const { pool, replica, connection } = database;
    const lock = await keepUpgradeOut(connection, (line) => log.warn(line));
    opened.push(() => lock.release());
    const { applied } = await migrate(pool, join(repository, 'migrations'));
    if (applied.length > 0) log.info({ applied }, 'database migrated');
    const workspace = await watchWorkspace(pool);
    const definitions = await startDefinitions({
      pool,
      listen: connection,
      kinds,
      log,
      packsDir: join(repository, 'packs'),
      workspace: workspace.current(),
    });
    opened.push(() => definitions.close());
    const queue = await openJobQueue({ connection, log });
    opened.push(() => queue.close({ graceMs: config.stop.finishSeconds * 1000 }));
    const files = await openFileStore(join(dataDir, 'files'), config.s3);
    const web = await ensureWebBuild(say);
    const server = await openServer({
      config,
      log,
      pool,
      replica,
      connection,
      definitions,
      workspace,
      files,
      queue,
      operations,
      webFolder: web.folder,
    });
    opened.push(server.close);
    const worker = await startWorker({
      queue,
      jobs,
      pool,
      replica,
      definitions,
      workspace,
      files,
      backups: config.backups,
      log,
    });
    opened.push(worker.stop);
    await listen(server.app, config);
    const url = config.publicUrl ?? localUrl(server.app, config.host);
    const token = await renewSetupToken(pool);
    return { url, setupLink: token && `${url}/setup?token=${token}`, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The server with what it stands on, not yet listening. */
export async function openServer(input: {
  config: Pick<Config, 'publicUrl' | 'trustProxy' | 'metricsToken' | 'reads' | 'uploads'> &
    Partial<Pick<Config, 'stop'>>;
  log: Logger;
  pool: pg.Pool;
  replica?: ReadReplica;
  connection: pg.ClientConfig;
  definitions: Pick<CatalogStore, 'current' | 'refresh'>;
  workspace: WatchedWorkspace;
  files: LocalFileStore;
  queue?: JobQueue;
  operations: readonly Operation[];
  webFolder?: string;
}): Promise<{ app: FastifyInstance; close(): Promise<void> }> {
  const { config, log, pool, connection, definitions, workspace, webFolder } = input;
  const { noticeSeconds, finishSeconds } = config.stop ?? { noticeSeconds: 0, finishSeconds: 10 };
  const life: { state: Life } = { state: 'serving' };
  const signIn = await openSignIn({ pool, baseUrl: config.publicUrl ?? 'http://127.0.0.1' });
  const live = openLiveFeed({ pool, log, catalog: definitions.current });
  const principals = openPrincipals({
    pool,
    connection,
    signIn,
    onNotice(notice) {
      live.accessChanged(notice);
      if (notice && notice.about !== 'workspace') return;
      workspace
        .reload()
        .catch((error: unknown) => log.warn({ err: error }, 'workspace settings not read again'));
    },
  });
  const app = await buildServer({
    config,
    log,
    pool,
    replica: input.replica,
    life: () => life.state,
    operations: input.operations,
    definitions,
    principals,
    signIn,
    workspace: workspace.current,
    files: input.files,
    queue: input.queue,
    live,
    publicCatalog,
    webFolder,
  });
  const unused = unusedConnections(app);
  return {
    app,
    async close() {
      life.state = 'leaving';
      await sleep(noticeSeconds * 1000);
      life.state = 'closing';
      const closed = app.close();
      for (const socket of unused) socket.destroy();
      await Promise.race([closed, sleep(finishSeconds * 1000, undefined, { ref: false })]);
      app.server.closeAllConnections();
      await closed;
      await live.close();
      await principals.close();
    },
  };
}

/** Connections that browsers open in advance: no request has come by them, and a server that stops would wait for one. */
function unusedConnections(app: FastifyInstance): Set<Socket> {
  const unused = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  app.server.on('request', ({ socket }: { socket: Socket }) => unused.delete(socket));
  return unused;
}

async function listen(app: FastifyInstance, config: Config): Promise<void> {
  try {
    await app.listen({ host: config.host, port: config.port });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const sentence = {
      EADDRINUSE: `Port ${config.port} is taken by another program. Stop it, or choose another port with PORT.`,
      EACCES: `This user may not open port ${config.port}. Choose one above 1023 with PORT.`,
      EADDRNOTAVAIL: `This machine has no address ${config.host}. Set HOST to one that it has, such as 127.0.0.1.`,
    }[code ?? ''];
    throw sentence ? Object.assign(new Error(sentence, { cause: error }), { code: 'config_invalid' }) : error;
  }
}

function localUrl(app: FastifyInstance, host: string): string {
  const { port } = app.server.address() as AddressInfo;
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return `http://${shown}:${port}`;
}
