/**
 * What all browser tests share: a server as `npm start` runs it, on a free port with a data folder of its own,
 * and the sample loaded by the command line. It tells the tests its address and the one-time set-up link.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

export default async function workspace(): Promise<() => Promise<void>> {
  const dataDir = mkdtempSync(join(tmpdir(), 'groundwork-e2e-'));
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    DATA_DIR: dataDir,
    PORT: '0',
    HOST: '127.0.0.1',
    LOG_LEVEL: 'warn',
  };
  // A server of its own: these tests are about what a newcomer meets.
  delete env['DATABASE_URL'];
  const server = spawn(process.execPath, ['src/http/main.ts'], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = async (): Promise<void> => {
    await ended(server);
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  };
  try {
    const printed = await until(server, /^http\S+\/set-?up\S+$/m);
    const loaded = spawnSync(process.execPath, ['src/cli/main.ts', 'sample', 'load'], {
      cwd: root,
      env,
      encoding: 'utf8',
    });
    if (loaded.status !== 0) throw new Error(`The sample was not loaded.\n${loaded.stdout}${loaded.stderr}`);
    process.env['GROUNDWORK_URL'] = /ready at (\S+)/.exec(printed)![1];
    process.env['GROUNDWORK_SET_UP'] = /^http\S+\/set-?up\S+$/m.exec(printed)![0];
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

/** What the server has printed once `line` stands in it. */
function until(server: ChildProcess, line: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = '';
    const tooLong = setTimeout(() => reject(new Error(`The server did not get ready.\n${printed}`)), 180_000);
    server.stdout!.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
      if (line.test(printed)) {
        clearTimeout(tooLong);
        resolve(printed);
      }
    });
    server.once('exit', (code) => {
      clearTimeout(tooLong);
      reject(new Error(`The server ended with ${code}.\n${printed}`));
    });
  });
}

function ended(server: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (server.exitCode !== null) return resolve();
    const kill = setTimeout(() => server.kill('SIGKILL'), 20_000);
    server.once('exit', () => {
      clearTimeout(kill);
      resolve();
    });
    server.kill('SIGTERM');
  });
}
