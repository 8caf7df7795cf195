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
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
  fsyncSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { runnableBinaries } from './binaries.ts';
import { clusterProcesses, isAlive } from './cluster-processes.ts';
import { clusterSettings, type ClusterSettings } from './cluster-settings.ts';
import { databaseRefusal } from './refusal.ts';
import { systemAccountFor, type SystemAccount } from './system-account.ts';

export type Cluster = {
  folder: string;
  settings: ClusterSettings;
  log: (line: string) => void;
};

export type Address = { host: string; port: number; user: string; password: string; close(): void };

const superuser = 'groundwork';
const passwordFile = 'groundwork-password';
const onLinux = process.platform === 'linux';
const onWindows = process.platform === 'win32';
const socketPathLimit = process.platform === 'darwin' ? 103 : 107;

export function isInitialised(cluster: Cluster): boolean {
  return existsSync(join(cluster.folder, 'PG_VERSION'));
}

/** Made under another name and then renamed: a cluster exists whole or not at all. */
export function initialise(cluster: Cluster): void {
  const parent = dirname(cluster.folder);
  const account = systemAccountFor(cluster.folder);
  const binaries = runnableBinaries(parent, account);
  for (const entry of readdirSync(parent)) {
    if (entry.startsWith('postgres.new-')) rmSync(join(parent, entry), { recursive: true, force: true });
  }
  const draft = join(parent, `postgres.new-${randomBytes(4).toString('hex')}`);
  mkdirSync(draft, { mode: 0o700 });
  giveTo(draft, account);

  const durable = cluster.settings['fsync'] !== 'off';
  const made = spawnSync(
    binaries.initdb,
    ['-D', asSeenFromInside(draft, account), '-U', superuser, '--encoding=UTF8', '--locale=C']
      .concat(['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--auth=scram-sha-256'])
      .concat(['--pwfile=-', '--no-instructions', '--set=scram_iterations=1'])
      .concat(durable ? [] : ['--no-sync']),
    { cwd: draft, ...account, env: environment(), encoding: 'utf8' },
  );
  void made;
}
