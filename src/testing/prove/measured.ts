/** A command in a process of its own, and the most memory that this process held. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { environmentOf, type Place } from '../server-process.ts';

const cli = join(import.meta.dirname, '../../cli/main.ts');

export type Measured = { code: number; stdout: string; stderr: string; peak: number; seconds: number };

/**
 * Runs the command line to its end. `peak` is in MB. `node` are options of Node itself; `look` is called every tenth of
 * a second. Throws when it fails; 2 is no failure, but something that was refused, kept or stopped.
 */
export async function measured(
  place: Place,
  args: readonly string[],
  { node = [], look }: { node?: readonly string[]; look?(child: ChildProcess): Promise<void> } = {},
): Promise<Measured> {
  const began = performance.now();
  const child = spawn(process.execPath, [...node, cli, ...args], {
    env: environmentOf(place),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (stdout = (stdout + text.toString()).slice(-20_000)));
  child.stderr.on('data', (text: Buffer) => (stderr = (stderr + text.toString()).slice(-20_000)));
  const closed = once(child, 'close') as Promise<[code: number | null, signal: string | null]>;
  let ended = false;
  void closed.then(() => (ended = true));
  let peak = 0;
  while (!ended) {
    peak = Math.max(peak, residentKilobytes(child.pid!));
    await look?.(child);
    await Promise.race([closed, sleep(100)]);
  }
  const [code, signal] = await closed;
  if (code !== 0 && code !== 2)
    throw new Error(`${args[0]} ended with ${code ?? signal}:\n${stdout}\n${stderr}`);
  return { code, stdout, stderr, peak: Math.round(peak / 1024), seconds: (performance.now() - began) / 1000 };
}

/** The most that a process has held so far; where the system does not keep that, what it holds now; 0 when it is gone. */
function residentKilobytes(pid: number): number {
  try {
    if (process.platform === 'linux')
      return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }));
  } catch {
    return 0;
  }
}
