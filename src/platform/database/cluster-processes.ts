/**
 * Which PostgreSQL processes still have a data folder. A pid file cannot tell: after kill -9 it names a
 * process that is gone, or one that got the number since, and it says nothing of backends that outlive
 * their postmaster. So every process of a cluster carries the cluster's name: the postmaster among its
 * arguments, the others in the title that PostgreSQL gives them. Both can be read by anyone.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

/** `pidInFile` is what postmaster.pid names; used alone where processes have no readable titles (Windows). */
export function clusterProcesses(clusterName: string, pidInFile: number | null): number[] {
  if (process.platform === 'linux') return fromProc(clusterName);
  if (process.platform === 'win32') return pidInFile !== null && isAlive(pidInFile) ? [pidInFile] : [];
  const list = spawnSync('ps', ['-axww', '-o', 'pid=,command='], { encoding: 'utf8' }).stdout ?? '';
  return list
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(.*)$/.exec(line))
    .filter((found) => found !== null && belongs(found[2]!.split(' '), clusterName))
    .map((found) => Number(found![1]));
}

/** Whether some process has the number, be it a zombie that nobody has collected (pid 1 of many containers). */
export function isTaken(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

export function isAlive(pid: number): boolean {
  if (!isTaken(pid)) return false;
  if (process.platform !== 'linux') return true;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/[ZX]/.test(stat.charAt(stat.lastIndexOf(')') + 2));
  } catch {
    return isTaken(pid);
  }
}

function fromProc(clusterName: string): number[] {
  const found: number[] = [];
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const words = readFileSync(`/proc/${entry}/cmdline`, 'utf8').split(/[\0 ]/);
      if (belongs(words, clusterName)) found.push(Number(entry));
    } catch {
      // It ended while we were looking.
    }
  }
  return found;
}

function belongs(words: string[], clusterName: string): boolean {
  if (words[0] === 'postgres:') return words[1] === `${clusterName}:`;
  return /(^|\/)postgres$/.test(words[0] ?? '') && words.includes(`cluster_name=${clusterName}`);
}
