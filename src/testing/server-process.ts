/** The product as an outside script meets it: `npm start`'s process on a folder or server of its own, and the CLI. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';

const root = join(import.meta.dirname, '../..');

export type ServerProcess = {
  url: string;
  port: number;
  process: ChildProcess;
  /** What it has said so far, stdout and stderr together. */
  said(): string;
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>;
  /** SIGKILL of the app alone, and waits for the end. */
  kill(): Promise<void>;
};

export type Place = {
  dataDir: string;
  databaseUrl?: string;
  /** Further variables of the environment. */
  settings?: Record<string, string>;
};

export const environmentOf = (place: Place): NodeJS.ProcessEnv => {
  const { DATABASE_URL: _, ...inherited } = process.env;
  return {
    ...inherited,
    DATA_DIR: place.dataDir,
    LOG_LEVEL: 'warn',
    ...(place.databaseUrl ? { DATABASE_URL: place.databaseUrl } : {}),
    ...place.settings,
  };
};

/** Starts the server and waits until it is ready. Throws with what it said when it ends before. */
export async function startServer(place: Place): Promise<ServerProcess> {
  const port = await freePort();
  const child = spawn(process.execPath, [join(root, 'src/http/main.ts')], {
    cwd: root,
    env: { ...environmentOf(place), PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  const end = (signal: NodeJS.Signals) => async (): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  for (let attempt = 0; ; attempt++) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`The server ended before it was ready:\n${said}`);
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    if (answer?.ok)
      return { url, port, process: child, said: () => said, stop: end('SIGTERM'), kill: end('SIGKILL') };
    if (attempt > 1200) throw new Error(`The server was not ready within two minutes:\n${said}`);
    await sleep(100);
  }
}

const run = promisify(execFile);

/** Runs `./groundwork` as a script would; the exit code beside what it printed. */
export async function groundwork(
  place: Place,
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    const { stdout, stderr } = await run(join(root, 'groundwork'), args, {
      env: environmentOf(place),
      maxBuffer: 64 * 1024 * 1024,
    });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

/** A new key's token. */
export async function newKey(place: Place, role: string): Promise<string> {
  const { code, stdout, stderr } = await groundwork(place, 'key', 'create', '--role', role, '--name', 'test');
  if (code !== 0) throw new Error(`No key was made: ${stderr}`);
  return stdout.trim();
}

export type Answer = { status: number; body: any };

/** One API call; a lost connection throws. */
export async function api(
  server: Pick<ServerProcess, 'url'>,
  key: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const answer = await fetch(`${server.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
}
