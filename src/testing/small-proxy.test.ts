/** The proxy of the tests must itself be right: it may hide no lost write, and make no second one. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { startProxy, type SmallProxy } from './small-proxy.ts';

type Backend = { url: string; heard: string[]; server: Server };
type Answer = (from: IncomingMessage, to: ServerResponse) => void;

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** Answers its name, unless told otherwise; what it was asked besides /readyz is in `heard`. */
async function backend(name: string, answer: Answer = (_, to) => to.end(name)): Promise<Backend> {
  const heard: string[] = [];
  const server = createServer((from, to) => {
    if (from.url === '/readyz') return to.end('ready');
    heard.push(`${from.method} ${from.url}`);
    return answer(from, to);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heard, server };
}

async function before(...backends: Backend[]): Promise<SmallProxy> {
  // Asked once, at the start, so that a backend that dies is found out by a request.
  const proxy = await startProxy(
    backends.map(({ url }) => url),
    { checkMs: 600_000 },
  );
  ends.unshift(() => proxy.close());
  return proxy;
}

const cut: Answer = (from) => from.socket.destroy();
const text = async (url: string, init?: RequestInit): Promise<string> => {
  const answer = await fetch(url, init);
  return `${answer.status} ${await answer.text()}`;
};

test('turns about between those that are ready', async () => {
  const proxy = await before(await backend('a'), await backend('b'));
  const answers = [];
  for (let n = 0; n < 4; n++) answers.push(await text(proxy.url));
  expect(answers.sort()).toEqual(['200 a', '200 a', '200 b', '200 b']);
  expect(Object.values(proxy.passed())).toEqual([2, 2]);
});

test('a backend that takes no connection costs nobody an answer, not even a write', async () => {
  const [dead, living] = [await backend('dead'), await backend('living')];
  const proxy = await before(dead, living);
  dead.server.closeAllConnections();
  await new Promise((resolve) => dead.server.close(resolve));
  for (let n = 0; n < 4; n++) expect(await text(proxy.url, { method: 'POST', body: 'x' })).toBe('200 living');
  expect(proxy.ready()).toEqual([living.url]);
});

test('a read that is cut is sent again to another; a write is not, for it may have been done', async () => {
  const [one, two] = [await backend('one', cut), await backend('two', cut)];
  const third = await backend('third');
  const reads = await before(one, two, third);
  expect(await text(`${reads.url}/read`)).toBe('200 third');
  const writes = await before(one, two);
  expect(await text(`${writes.url}/write`, { method: 'POST', body: 'x' })).toMatch(/^502 /);
  expect([...one.heard, ...two.heard].filter((line) => line === 'POST /write')).toHaveLength(1);
});

test('an answer cut in the middle is cut for the caller too', async () => {
  const half = await backend('half', (from, to) => {
    to.writeHead(200, { 'content-length': '100' });
    to.write('half', () => from.socket.destroy());
  });
  const proxy = await before(half);
  await expect(text(proxy.url)).rejects.toThrow();
});

test('a backend that comes back is used again', async () => {
  const first = await backend('first');
  const proxy = await startProxy([first.url], { checkMs: 20 });
  ends.unshift(() => proxy.close());
  const { port } = new URL(first.url);
  first.server.closeAllConnections();
  await new Promise((resolve) => first.server.close(resolve));
  await expect.poll(() => proxy.ready()).toEqual([]);
  expect(await text(proxy.url)).toMatch(/^502 /);
  await new Promise<void>((resolve) => first.server.listen(Number(port), '127.0.0.1', resolve));
  await expect.poll(() => proxy.ready()).toEqual([first.url]);
  expect(await text(proxy.url)).toBe('200 first');
});

test('it says for whom it asks, behind what the caller claimed, and by which scheme', async () => {
  const echo = await backend('echo', (from, to) => {
    const { 'x-forwarded-for': by, 'x-forwarded-proto': scheme, host } = from.headers;
    to.end(JSON.stringify([by, scheme, host]));
  });
  const proxy = await startProxy([echo.url], { scheme: 'https' });
  ends.unshift(() => proxy.close());
  const answer = await fetch(proxy.url, { headers: { 'x-forwarded-for': '203.0.113.9' } });
  expect(await answer.json()).toEqual(['203.0.113.9, 127.0.0.1', 'https', new URL(proxy.url).host]);
});

test('what a backend sends bit by bit arrives bit by bit, and hanging up reaches it', async () => {
  let gone: () => void;
  const hungUp = new Promise<void>((resolve) => (gone = resolve));
  const streaming = await backend('streaming', (_, to) => {
    to.once('close', () => gone());
    to.writeHead(200);
    to.write('first');
  });
  const proxy = await before(streaming);
  const hanging = new AbortController();
  const answer = await fetch(proxy.url, { signal: hanging.signal });
  const { value } = await answer.body!.getReader().read();
  expect(Buffer.from(value!).toString()).toBe('first');
  hanging.abort();
  await hungUp;
});
