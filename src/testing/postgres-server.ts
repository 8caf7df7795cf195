/**
 * A PostgreSQL 15 server of Debian's in a folder of its own, with streaming standbys: what DATABASE_URL and
 * DATABASE_READ_URL name in production. Where it is not installed, `postgresServer.missing` says so.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from './free-port.ts';

const binaries = '/usr/lib/postgresql/15/bin';

export type PostgresServer = {
  /** By TCP, as another machine would reach it. */
  url: string;
  runs(): boolean;
  /** A standby that follows this server. */
  standby(): Promise<PostgresServer>;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
  /** Starts again on the same folder and port. */
  start(): Promise<void>;
  /** Stops it and removes its folder; its standbys are closed on their own. */
  close(): Promise<void>;
};

/** Why no server can be started here; undefined where one can. */
export const postgresMissing: string | undefined = !existsSync(join(binaries, 'initdb'))
  ? `PostgreSQL 15 is not tried: it needs ${binaries}.`
  : account() === null
    ? 'PostgreSQL 15 is not tried: it needs root or the user postgres.'
    : undefined;

/** It refuses to run as root. */
function account(): { uid?: number; gid?: number } | null {
  if (process.getuid?.() !== 0) return {};
  const uid = Number(spawnSync('id', ['-u', 'postgres'], { encoding: 'utf8' }).stdout);
  const gid = Number(spawnSync('id', ['-g', 'postgres'], { encoding: 'utf8' }).stdout);
  return uid > 0 ? { uid, gid } : null;
}

/** `settings` as of postgresql.conf. */
export async function startPostgres(settings: Record<string, string> = {}): Promise<PostgresServer> {
  return make(settings, (folder) => {
    tool('initdb', [
      '-D',
      join(folder, 'data'),
      '--username=postgres',
      '--auth=trust',
      '--encoding=UTF8',
      '--locale=C.UTF-8',
      '-N',
    ]);
  });
}

async function make(
  settings: Record<string, string>,
  fill: (folder: string) => void,
): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'groundwork-postgres-'));
  const owner = account()!;
  if (owner.uid !== undefined) chownSync(folder, owner.uid, owner.gid!);
  fill(folder);
  const port = await freePort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  let running: { child: ChildProcess; ended: Promise<unknown> } | undefined;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    running?.child.kill(signal);
    await running?.ended;
    running = undefined;
  };
  const start = async (): Promise<void> => {
    const all = { listen_addresses: '127.0.0.1', fsync: 'off', ...settings };
    const options = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const child = spawn(
      join(binaries, 'postgres'),
      ['-D', join(folder, 'data'), '-k', folder, '-p', String(port), ...options],
      { ...owner, cwd: '/', stdio: 'ignore' },
    );
    running = { child, ended: new Promise((resolve) => child.once('exit', resolve)) };
    await answers(url);
  };
  await start();
  return {
    url,
    start,
    runs: () => running !== undefined && running.child.exitCode === null,
    kill: () => end('SIGKILL'),
    standby: () =>
      make(settings, (copy) => {
        tool('pg_basebackup', ['-d', url, '-D', join(copy, 'data'), '-R', '-X', 'stream', '-c', 'fast']);
      }),
    async close() {
      await end('SIGQUIT');
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}

function tool(name: string, args: readonly string[]): void {
  const done = spawnSync(join(binaries, name), args, { ...account()!, cwd: '/', encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${name} failed: ${done.stderr}`);
}

async function answers(url: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (attempt > 300) throw error;
      await sleep(100);
    }
  }
}
