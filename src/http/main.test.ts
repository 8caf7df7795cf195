/** The server as people start and stop it: a process of its own, with the embedded database. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const dataDir = mkdtempSync(join(tmpdir(), 'groundwork-main-'));
const processes: ChildProcess[] = [];
afterAll(() => {
  for (const child of processes) if (child.exitCode === null) child.kill('SIGKILL');
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

type Started = { child: ChildProcess; out(): string; exit: Promise<number | null> };

function startMain(environment: Record<string, string>): Started {
  const { DATABASE_URL: _, VITEST: __, ...inherited } = process.env;
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    detached: true, // its own process group, as a shell or npm gives it
    env: { ...inherited, DATA_DIR: dataDir, PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  processes.push(child);
  let out = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (out += chunk.toString()));
  return { child, out: () => out, exit: new Promise((resolve) => child.once('close', resolve)) };
}

async function ready(started: Started): Promise<string> {
  await expect.poll(started.out, { timeout: 90_000, interval: 50 }).toContain('Groundwork is ready at ');
  return /Groundwork is ready at (\S+)/.exec(started.out())![1]!;
}

const post = (url: string, body: unknown) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

test('starts with nothing, offers the set-up link once, stops cleanly and starts again', async () => {
  const first = startMain({});
  const url = await ready(first);
  expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({ status: 'ready' });
  const page = await fetch(url, { headers: { accept: 'text/html' } });
  expect(await page.text()).toContain('<div id="root">');
  const link = new RegExp(`${url}/setup\\?token=(\\S+)`).exec(first.out())![1]!;
  const workspace = { name: 'Acme', timeZone: 'UTC', currency: 'EUR', country: '' };
  const admin = { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' };
  expect((await post(`${url}/api/v1/setup`, { token: link, ...admin, workspace })).status).toBe(201);

  // A request under way when the signal comes is still answered.
  const underWay = post(`${url}/api/v1/session`, { email: admin.email, password: 'not this one at all' });
  await new Promise((resolve) => setTimeout(resolve, 30));
  process.kill(-first.child.pid!, 'SIGTERM');
  expect((await underWay).status).toBe(401);
  expect(await first.exit).toBe(0);
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();

  const second = startMain({});
  const again = await ready(second);
  expect(second.out()).not.toContain('/setup');
  expect(
    (await post(`${again}/api/v1/session`, { email: admin.email, password: admin.password })).status,
  ).toBe(200);
  process.kill(-second.child.pid!, 'SIGINT');
  process.kill(-second.child.pid!, 'SIGINT'); // a terminal and npm both pass it on
  expect(await second.exit).toBe(0);
}, 180_000);

test('a taken port is said in a sentence, without a stack', async () => {
  const squatter = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => squatter.once('listening', resolve));
  const { port } = squatter.address() as { port: number };
  const started = startMain({ PORT: String(port) });
  expect(await started.exit).toBe(1);
  expect(started.out()).toContain(`Port ${port} is taken by another program.`);
  expect(started.out()).not.toMatch(/ {4}at /);
  squatter.close();
}, 120_000);

test('settings that cannot be are said one by one', async () => {
  const started = startMain({ PORT: 'http', PUBLIC_URL: 'crm.example.com', DATABASE_URL: 'mysql://x' });
  expect(await started.exit).toBe(1);
  for (const name of ['PORT', 'PUBLIC_URL', 'DATABASE_URL'])
    expect(started.out()).toContain(`${name}: ${name} must`);
  expect(started.out()).not.toMatch(/ {4}at /);
});
