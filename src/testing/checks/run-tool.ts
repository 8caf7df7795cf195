/** Runs a tool of node_modules with this very Node, so that nothing depends on the machine's PATH. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './project-files.ts';

export type ToolRun = { code: number; output: string };

/** Path of a package's command. */
export function binOf(name: string, command = name): string {
  const folder = join(root, 'node_modules', name);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    bin: string | Record<string, string>;
  };
  const path = typeof bin === 'string' ? bin : bin[command];
  if (path === undefined) throw new Error(`${name} has no command ${command}`);
  return join(folder, path);
}

/**
 * Runs `node script …args` in the checkout. With `show` its output goes to the terminal as it comes, else it
 * is collected. A tool that was killed answers code 1 and says so.
 */
export function runTool(
  script: string,
  args: readonly string[],
  { show = false, env = {} }: { show?: boolean; env?: Record<string, string> } = {},
): Promise<ToolRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], {
      cwd: root,
      env: { ...process.env, ...plain, PATH: withOurBins(process.env['PATH']), ...env },
      stdio: show ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (signal !== null) output += `\n${dirname(script)} was ended by ${signal}`;
      resolve({ code: code ?? 1, output: output.trim() });
    });
  });
}

/** A log is read as text: colours belong on a terminal. */
const plain: Record<string, string> = process.stdout.isTTY ? {} : { NO_COLOR: '1' };

/** Native tools look for one another on the PATH. */
const withOurBins = (path = ''): string =>
  `${join(root, 'node_modules/.bin')}${process.platform === 'win32' ? ';' : ':'}${path}`;
