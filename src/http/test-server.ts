/** For tests: a listening server on a database of its own, with the shipped packs as real tables. */
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Catalog } from '../core/catalog/catalog.ts';
import type { Context, Principal } from '../core/context/context.ts';
import { catalogStore, type CatalogStore } from '../engine/definitions/store.ts';
import { kinds } from '../kinds/index.ts';
import { operations as allOperations } from '../operations/index.ts';
import type { Job } from '../operations/job.ts';
import type { Operation } from '../operations/operation.ts';
import { createKey } from '../platform/auth/api-keys.ts';
import { readConfig, type Config } from '../platform/config/config.ts';
import { watchWorkspace } from '../platform/config/workspace.ts';
import { openFileStore } from '../platform/files/file-store.ts';
import { openJobQueue } from '../platform/jobs/job-queue.ts';
import { createLog } from '../platform/log/log.ts';
import { testDatabase, type TestDatabase } from '../testing/database.ts';
import { startWorker } from '../worker/worker.ts';
import { openServer } from './start.ts';

export type TestServer = {
  app: FastifyInstance;
  url: string;
  database: TestDatabase;
  catalog: Catalog;
  context: Context;
  /** Where its file store lies. */
  filesFolder: string;
  /** Lines of the log, parsed. */
  logged: Record<string, unknown>[];
  /** A new key's token. */
  key(role: string, userEmail?: string): Promise<string>;
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  close(): Promise<void>;
};

type CallOptions = { key?: string; cookie?: string; body?: unknown; headers?: Record<string, string> };
export type Answer = { status: number; headers: Headers; body: any; cookie: string };

export const system: Principal = {
  kind: 'system',
  id: 'test',
  name: 'Test',
  user: null,
  teams: [],
  roles: ['administrator'],
};

export async function testServer(
  options: {
    operations?: readonly Operation[];
    config?: Partial<Config>;
    webFolder?: string;
    /** What its worker does; without them it has none. */
    jobs?: readonly Job[];
    /** In place of the database's. */
    definitions?: Pick<CatalogStore, 'current' | 'refresh'>;
    /** Another server on the same database. */
    beside?: TestServer;
  } = {},
): Promise<TestServer> {
  const database = options.beside?.database ?? (await testDatabase());
  const { pool, connection } = database;
  const dataDir = mkdtempSync(join(tmpdir(), 'groundwork-http-'));
  const logged: Record<string, unknown>[] = [];
  const log = createLog({ level: 'info', to: { write: (line) => void logged.push(JSON.parse(line)) } });
  const workspace = await watchWorkspace(pool);
  const definitions = await catalogStore({ pool, kinds, log });
  const catalog = definitions.current();
  const files = await openFileStore(join(dataDir, 'files'));
  const queue = options.jobs && (await openJobQueue({ connection, log }));
  const worker =
    queue && (await startWorker({ queue, jobs: options.jobs!, pool, definitions, workspace, files, log }));
  const { app, close } = await openServer({
    config: { trustProxy: false, uploads: readConfig({}).uploads, ...options.config },
    log,
    pool,
    connection,
    operations: options.operations ?? allOperations,
    definitions: options.definitions ?? definitions,
    workspace,
    files,
    queue,
    webFolder: options.webFolder,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const context: Context = {
    pool,
    catalog,
    principal: system,
    workspace: workspace.current(),
    channel: 'test',
    log,
    currentCatalog: async () => catalog,
    may: () => true,
  };
  return {
    app,
    url,
    database,
    catalog,
    context,
    filesFolder: join(dataDir, 'files'),
    logged,
    async key(role, userEmail) {
      return (await createKey({ pool, catalog, by: system }, { role, name: 'Test key', userEmail })).token;
    },
    async call(method, path, { key, cookie, body, headers } = {}) {
      const form = body instanceof FormData;
      const raw = typeof body === 'string' || body instanceof Uint8Array;
      const sent: RequestInit = {
        method,
        redirect: 'manual',
        headers: {
          ...(key ? { authorization: `Bearer ${key}` } : {}),
          ...(cookie ? { cookie } : {}),
          ...(body === undefined || form ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
      };
      if (body !== undefined) sent.body = form ? body : raw ? (body as string) : JSON.stringify(body);
      const response = await fetch(url + path, sent);
      const text = await response.text();
      const isJson = /json/.test(response.headers.get('content-type') ?? '');
      return {
        status: response.status,
        headers: response.headers,
        body: isJson && text !== '' ? JSON.parse(text) : text,
        cookie: response.headers
          .getSetCookie()
          .map((line) => line.split(';', 1)[0])
          .join('; '),
      };
    },
    async close() {
      await worker?.stop();
      await close();
      await queue?.close({ graceMs: 5_000 });
      await definitions.close();
      rmSync(dataDir, { recursive: true, force: true });
      if (!options.beside) await database.drop();
    },
  };
}
