/**
 * One embedded PostgreSQL cluster in one folder: made, started, found running, stopped. Everything here is
 * called by a holder of the folder's start lock (embedded.ts), so it never races with another Groundwork.
 *
 * The folder may be out of reach for the account that runs PostgreSQL (under /root, under a private
 * temporary folder) and its path may be too long for a socket. On Linux neither matters: the process is
 * started inside the folder and knows it as /proc/self/cwd; we reach its socket through a descriptor.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { runnableBinaries } from './binaries.ts';
import { clusterProcesses, isAlive, isTaken } from './cluster-processes.ts';
import { clusterSettings, type ClusterSettings } from './cluster-settings.ts';
import { databaseRefusal } from './refusal.ts';
import { systemAccountFor, type SystemAccount } from './system-account.ts';

export type Cluster = {
  folder: string;
  /** Laid over the settings of cluster-settings.ts. */
  settings: ClusterSettings;
  log: (line: string) => void;
};

/** Where a running cluster listens. `close` gives back what the address itself holds open. */
export type Address = { host: string; port: number; user: string; password: string; close(): void };

const superuser = 'groundwork';
const socketName = '.s.PGSQL.5432';
const passwordFile = 'groundwork-password';
const onWindows = process.platform === 'win32';
const hasProc = process.platform === 'linux' && existsSync('/proc/self/cwd');
const socketPathLimit = process.platform === 'darwin' ? 103 : 107;

export function isInitialised(cluster: Cluster): boolean {
  return existsSync(join(cluster.folder, 'PG_VERSION'));
}

/** Made beside its place and then renamed: a cluster exists whole or not at all. */
export function initialise(cluster: Cluster): void {
  const parent = dirname(cluster.folder);
  const account = systemAccountFor(cluster.folder);
  const binaries = runnableBinaries(parent, account);
  for (const entry of readdirSync(parent)) {
    if (entry.startsWith('postgres.new-')) rmSync(join(parent, entry), { recursive: true, force: true });
  }
  const draft = join(parent, `postgres.new-${randomBytes(4).toString('hex')}`);
  const made = join(draft, 'cluster');
  const password = randomBytes(32).toString('base64url');
  mkdirSync(made, { recursive: true, mode: 0o700 });
  writeFileSync(join(draft, 'password'), password, { mode: 0o600 });
  giveTo(draft, account);

  const durable = cluster.settings['fsync'] !== 'off';
  const inside = seenFromInside(made, account);
  const run = spawnSync(
    binaries.initdb,
    ['-D', inside, '-U', superuser, '--encoding=UTF8', '--locale=C', '--locale-provider=builtin']
      .concat(['--builtin-locale=C.UTF-8', '--auth=scram-sha-256', `--pwfile=${inside}/../password`])
      .concat(['--no-instructions', '--set=scram_iterations=1'])
      .concat(durable ? [] : ['--no-sync']),
    { cwd: made, ...account, env: environment(), encoding: 'utf8' },
  );
  if (run.status !== 0) {
    const problem = run.error?.message ?? run.stderr.trim();
    rmSync(draft, { recursive: true, force: true });
    if (/could not look up effective user/.test(problem)) {
      throw databaseRefusal(
        'database_start',
        `PostgreSQL does not run for a user without a name: user id ${process.getuid?.()} has no line in /etc/passwd. ` +
          `Add one, run Groundwork as another user, or set DATABASE_URL to use a PostgreSQL server.`,
      );
    }
    throw databaseRefusal(
      'database_start',
      `The database in ${cluster.folder} could not be made: ${problem}`,
    );
  }
  writeFileSync(join(made, passwordFile), password, { mode: 0o600 });
  giveTo(join(made, passwordFile), account);
  renameSync(made, cluster.folder);
  if (durable && !onWindows) syncFolder(parent);
  rmSync(draft, { recursive: true, force: true });
}

/** The address of the cluster, if it runs or can be waited for; otherwise null: nobody has the folder. */
export async function findRunning(cluster: Cluster): Promise<Address | null> {
  const began = Date.now();
  let told = began;
  for (;;) {
    const written = pidFile(cluster);
    if (written?.ready && isAlive(written.pid)) {
      const address = addressOf(cluster, written);
      if (await answers(address)) return address;
      address.close();
    }
    const processes = clusterProcesses(clusterName(cluster), written?.pid ?? null);
    if (processes.length === 0) return null;
    const waited = Date.now() - began;
    if (written && processes.includes(written.pid)) {
      // A living postmaster: starting, recovering or on its way out. Either takes the time it takes.
      if (Date.now() - told > 10_000) {
        told = Date.now();
        cluster.log(`still waiting for the database in ${cluster.folder} to recover or to stop`);
      }
    } else {
      // Orphans of a killed postmaster. Idle ones leave by themselves at once; a busy one is asked, and then
      // made to. That loses nothing: what was acknowledged is in the write-ahead log.
      const signal =
        waited > 10_000 ? 'SIGKILL' : waited > 5_000 ? 'SIGQUIT' : waited > 1_000 ? 'SIGTERM' : null;
      if (signal) for (const pid of processes) sendSignal(pid, signal);
    }
    await sleep(waited < 1_000 ? 20 : 100);
  }
}

export async function start(cluster: Cluster): Promise<Address> {
  const { folder } = cluster;
  const account = systemAccountFor(folder);
  const binaries = runnableBinaries(dirname(folder), account);
  const major = Number(readFileSync(join(folder, 'PG_VERSION'), 'utf8'));
  if (major !== binaries.major) {
    throw databaseRefusal(
      'database_version',
      `The database in ${folder} was made by PostgreSQL ${major}, this Groundwork brings ${binaries.major}: ` +
        `make a backup with the Groundwork that wrote it, and restore it with this one.`,
    );
  }
  dropStaleLockFiles(cluster);

  const inside = seenFromInside(folder, account);
  const place: ClusterSettings = onWindows
    ? { listen_addresses: '127.0.0.1', port: await freePort() }
    : { unix_socket_directories: hasProc ? '/proc/self/cwd' : socketFolder(folder, account) };
  const settings = clusterSettings({ ...place, ...cluster.settings });
  writeFileSync(join(folder, 'postgresql.conf'), settings, { mode: 0o600 });
  giveTo(folder, account);

  const log = join(folder, 'start.log');
  const startedAt = Date.now();
  const name = `cluster_name=${clusterName(cluster)}`;
  let ended: string | null = null;
  if (onWindows) {
    // Only pg_ctl can give up an administrator's rights there.
    const run = spawnSync(binaries.pgCtl, ['start', '-D', inside, '-l', log, '-o', `-c ${name}`, '-W']);
    if (run.status !== 0) ended = `pg_ctl ended with ${run.status}`;
  } else {
    const output = openSync(log, 'w', 0o600);
    const child = spawn(binaries.postgres, ['-D', inside, '-c', name], {
      cwd: folder,
      ...account,
      env: environment(),
      detached: true, // its own session: what stops our process group must not stop the database
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    child.on('error', (error) => (ended = error.message));
    child.on('exit', (code, signal) => (ended = `it ended with ${signal ?? code}`));
    child.unref();
  }

  let told = startedAt;
  for (;;) {
    const written = pidFile(cluster);
    if (written?.ready && isAlive(written.pid)) {
      const address = addressOf(cluster, written);
      if (await answers(address)) return address;
      address.close();
    }
    if (ended !== null) {
      const reason = lastComplaint(folder, startedAt) ?? ended;
      throw databaseRefusal(
        'database_start',
        `The database in ${folder} did not start: ${reason}. Its logs are ${log} and those in ${join(folder, 'log')}.`,
      );
    }
    if (Date.now() - told > 10_000) {
      told = Date.now();
      cluster.log(`the database in ${folder} is still recovering`);
    }
    await sleep(Date.now() - startedAt < 2_000 ? 15 : 100);
  }
}

/** Fast: sessions are cut, transactions rolled back, everything written. Only when no process is left is it over. */
export async function stop(cluster: Cluster): Promise<void> {
  const began = Date.now();
  let signalled = '';
  for (;;) {
    const written = pidFile(cluster);
    const processes = clusterProcesses(clusterName(cluster), written?.pid ?? null);
    if (processes.length === 0) return;
    const waited = Date.now() - began;
    if (waited > 60_000) return cluster.log(`the database in ${cluster.folder} does not stop; left as it is`);
    // After half a minute: immediately. That is a crash it recovers from at the next start.
    const signal = waited > 30_000 ? 'SIGQUIT' : 'SIGINT';
    if (written && processes.includes(written.pid) && signalled !== signal) {
      signalled = signal;
      sendSignal(written.pid, signal);
    }
    await sleep(10);
  }
}

/**
 * For a process that is ending and has no time to await, and a database that nobody needs again. Immediate,
 * not SIGKILL: a killed postmaster leaves its shared memory segment behind until the machine restarts.
 */
export function stopAtOnce(cluster: Cluster): void {
  if (!existsSync(cluster.folder)) return;
  const name = clusterName(cluster);
  const pid = pidFile(cluster)?.pid;
  const left = () => clusterProcesses(name, pid ?? null);
  if (pid && left().includes(pid)) sendSignal(pid, 'SIGQUIT');
  for (let wait = 0; wait < 300 && left().length > 0; wait++) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
  }
  for (const other of left()) sendSignal(other, 'SIGKILL');
}

/** The postmaster's process id, as far as its pid file knows. */
export function postmasterPid(cluster: Cluster): number | null {
  return pidFile(cluster)?.pid ?? null;
}

/** Same folder, same name, wherever it is moved or mounted; a copy of the folder gets another. */
function clusterName(cluster: Cluster): string {
  const { dev, ino } = statSync(cluster.folder, { bigint: true });
  return `groundwork-${createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 12)}`;
}

function seenFromInside(folder: string, account: SystemAccount): string {
  return account && hasProc ? '/proc/self/cwd' : folder;
}

type PidFile = { pid: number; socketFolder: string; port: number; ready: boolean };

function pidFile(cluster: Cluster): PidFile | null {
  let text: string;
  try {
    text = readFileSync(join(cluster.folder, 'postmaster.pid'), 'utf8');
  } catch {
    return null;
  }
  const lines = text.split('\n').map((line) => line.trim());
  const pid = Math.abs(Number(lines[0]));
  if (!pid) return null;
  return { pid, port: Number(lines[3]), socketFolder: lines[4] ?? '', ready: lines[7] === 'ready' };
}

/**
 * After a crash PostgreSQL clears its own lock files, unless the number in one belongs by now to some other
 * process of the same account (usual in containers, where numbers start low) or to a zombie that nobody
 * collects: then it would refuse to start for good. Called only when no process of this cluster is left.
 */
function dropStaleLockFiles(cluster: Cluster): void {
  const written = pidFile(cluster);
  const stale = [socketName, `${socketName}.lock`];
  if (written && isTaken(written.pid)) stale.push('postmaster.pid');
  for (const name of stale) rmSync(join(cluster.folder, name), { force: true });
}

function addressOf(cluster: Cluster, written: PidFile): Address {
  const password = readFileSync(join(cluster.folder, passwordFile), 'utf8').trim();
  const login = { port: written.port, user: superuser, password };
  if (onWindows) return { host: '127.0.0.1', ...login, close() {} };
  const elsewhere = written.socketFolder !== '' && !written.socketFolder.startsWith('/proc/');
  const host = elsewhere ? written.socketFolder : cluster.folder;
  if (fitsSocket(host) || !hasProc) return { host, ...login, close() {} };
  const descriptor = openSync(host, 'r');
  return { host: `/proc/${process.pid}/fd/${descriptor}`, ...login, close: () => closeSync(descriptor) };
}

function fitsSocket(folder: string): boolean {
  return Buffer.byteLength(join(folder, socketName)) <= socketPathLimit;
}

/** Without /proc a long path needs a short folder elsewhere; its place is read back from the pid file. */
function socketFolder(folder: string, account: SystemAccount): string {
  if (fitsSocket(folder)) return folder;
  const short = mkdtempSync('/tmp/groundwork-');
  giveTo(short, account);
  return short;
}

async function answers(address: Address): Promise<boolean> {
  const { host, port, user, password } = address;
  const client = new pg.Client({
    host,
    port,
    user,
    password,
    database: 'postgres',
    ssl: false,
    connectionTimeoutMillis: 5_000,
    application_name: 'groundwork start',
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } catch (error) {
    if ((error as { code?: string }).code?.startsWith('28')) {
      throw databaseRefusal(
        'database_start',
        `The running database in ${host} does not accept the password in its own folder (${passwordFile}).`,
        error,
      );
    }
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

/** Its last words: the fatal line, and what was said just before it (a wrong setting is only named there). */
function lastComplaint(folder: string, since: number): string | null {
  const logFolder = join(folder, 'log');
  const logs = existsSync(logFolder) ? readdirSync(logFolder).map((name) => join(logFolder, name)) : [];
  const from = new Date(since).toISOString().replace('T', ' ').slice(0, 23); // as the lines begin
  const lines = [join(folder, 'start.log'), ...logs]
    .flatMap((file) => readFileSync(file, 'utf8').split('\n'))
    .filter((line) => line >= from)
    .map((line) => /\b(LOG|FATAL|PANIC):\s+(.*)$/.exec(line))
    .filter((line) => line !== null);
  const last = lines.findLastIndex((line) => line[1] !== 'LOG');
  if (last < 0) return null;
  const said = lines.slice(Math.max(0, last - 1), last + 1).map((line) => line[2]!);
  return said.join('; ').replaceAll('/proc/self/cwd', folder);
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It went first.
  }
}

/** Nothing of ours: PGOPTIONS or a locale of the caller must not shape the cluster. */
function environment(): NodeJS.ProcessEnv {
  const { PATH, SystemRoot, TEMP } = process.env;
  return { PATH, LC_ALL: 'C', TZ: 'UTC', ...(onWindows ? { SystemRoot, TEMP } : {}) };
}

/** Also a folder that came out of an archive as root's, and files that root wrote into it. */
function giveTo(path: string, account: SystemAccount): void {
  if (!account) return;
  const found = lstatSync(path);
  if (found.uid !== account.uid) lchownSync(path, account.uid, account.gid);
  if (!found.isDirectory()) return;
  for (const entry of readdirSync(path)) giveTo(join(path, entry), account);
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
