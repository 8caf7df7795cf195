/** What holds when a proxy stands before the app: addresses it says, whom it counts, and whom it believes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase, type TestDatabase } from '../testing/database.ts';
import { startProxy, type SmallProxy } from '../testing/small-proxy.ts';
import { startServer, type ServerProcess } from '../testing/server-process.ts';

const publicUrl = 'https://crm.example.com';
const folders = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'groundwork-proxied-')));
let database: TestDatabase;
let behind: ServerProcess;
let open: ServerProcess;
let proxy: SmallProxy;

beforeAll(async () => {
  database = await testDatabase({ empty: true });
  const place = (at: number, settings: Record<string, string>) => ({
    dataDir: folders[at]!,
    databaseUrl: database.url,
    settings,
  });
  behind = await startServer(place(0, { PUBLIC_URL: publicUrl, TRUST_PROXY: '127.0.0.1' }));
  open = await startServer(place(1, { PUBLIC_URL: publicUrl }));
  proxy = await startProxy([behind.url], { scheme: 'https' });
}, 120_000);
afterAll(async () => {
  await proxy.close();
  await Promise.all([behind.stop(), open.stop()]);
  await database.drop();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const post = (url: string, path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
const person = { email: 'ada@example.com', password: 'correct horse battery' };

test('links that the app gives begin with PUBLIC_URL', async () => {
  const link = /(\S+)\/setup\?token=(\S+)/.exec(behind.said());
  expect(link?.[1]).toBe(publicUrl);
  const workspace = { name: 'Acme', timeZone: 'Europe/Berlin', currency: 'EUR', country: 'DE' };
  const made = await post(proxy.url, '/api/v1/setup', { token: link![2], name: 'Ada', ...person, workspace });
  expect(made.status).toBe(201);
});

test('the cookie of an https address is sent back over https alone, also where the proxy speaks http to the app', async () => {
  const signedIn = await post(proxy.url, '/api/v1/session', person);
  expect(signedIn.status).toBe(200);
  const cookies = signedIn.headers.getSetCookie();
  expect(cookies.length).toBeGreaterThan(0);
  for (const cookie of cookies) expect(cookie).toMatch(/; ?Secure/i);
});

test('a write of a signed-in browser is taken from pages at PUBLIC_URL and from nowhere else', async () => {
  const signedIn = await post(proxy.url, '/api/v1/session', person);
  const cookie = signedIn.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');
  const create = (origin: string) =>
    post(proxy.url, '/api/v1/accounts', { name: `From ${origin}` }, { cookie, origin });
  expect((await create(publicUrl)).status).toBe(201);
  expect((await create('https://evil.example.com')).status).toBe(403);
});

/** Knocks with a wrong set-up link until it is told to wait; how often that took, at most `most`. */
async function knocks(url: string, most: number, addressOf: (n: number) => string): Promise<number> {
  for (let n = 1; n <= most; n++) {
    const answer = await post(
      url,
      '/api/v1/setup/check',
      { token: 'wrong' },
      { 'x-forwarded-for': addressOf(n) },
    );
    if (answer.status === 429) return n;
    expect(answer.status).toBe(404);
  }
  return most + 1;
}

test('without TRUST_PROXY nobody escapes the count of failed attempts by a forged X-Forwarded-For', async () => {
  expect(await knocks(open.url, 60, (n) => `203.0.113.${n}`)).toBeLessThanOrEqual(60);
});

test('behind a trusted proxy each caller is counted for themselves, by the address that the proxy saw', async () => {
  // The app trusts 127.0.0.1 alone: what the proxy was told by its caller, and not what that caller was told.
  expect(await knocks(behind.url, 60, (n) => `203.0.113.${n}`)).toBe(61);
  expect(await knocks(behind.url, 60, (n) => `198.51.100.${n}, 192.0.2.7`)).toBeLessThanOrEqual(60);
});
