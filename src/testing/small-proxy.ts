/**
 * A small proxy before several app processes, as nginx stands there in production: turns about, asks `/readyz`,
 * leaves out who does not answer, says for whom it asks by X-Forwarded-*, and sends again only what is safe to
 * send twice. Bodies are held whole, so that they can be sent again; answers are passed on as they come.
 */
import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type SmallProxy = {
  url: string;
  /** From now on these app processes stand behind it, by address; done when each has been asked once. */
  use(backends: readonly string[]): Promise<void>;
  /** Answers passed on, by the address of the app process. */
  passed(): Record<string, number>;
  /** Those that were ready when last asked. */
  ready(): string[];
  close(): Promise<void>;
};

type Backend = { url: URL; ready: boolean };

export type ProxyOptions = {
  /** How callers reach it, for X-Forwarded-Proto; the proxy itself speaks HTTP alone. */
  scheme?: 'http' | 'https';
  checkMs?: number;
};

/** Headers of one connection, which are not passed on. */
const ofTheConnection = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
]);

export async function startProxy(
  addresses: readonly string[],
  { scheme = 'http', checkMs = 100 }: ProxyOptions = {},
): Promise<SmallProxy> {
  const agent = new Agent({ keepAlive: true });
  const passed = new Map<string, number>();
  let backends: Backend[] = [];
  let turn = 0;
  const closed = new AbortController();

  const check = async (backend: Backend): Promise<void> => {
    const signal = AbortSignal.any([AbortSignal.timeout(2_000), closed.signal]);
    const answer = await fetch(new URL('/readyz', backend.url), { signal }).catch(() => undefined);
    await answer?.body?.cancel();
    backend.ready = answer?.ok ?? false;
  };
  const watching = (async () => {
    while (!closed.signal.aborted) {
      await Promise.all(backends.map(check));
      await sleep(checkMs, undefined, { signal: closed.signal }).catch(() => {});
    }
  })();

  /** The next that is ready and was not tried yet. */
  const next = (tried: ReadonlySet<Backend>): Backend | undefined => {
    const open = backends.filter((backend) => backend.ready && !tried.has(backend));
    return open[turn++ % Math.max(1, open.length)];
  };

  async function pass(from: IncomingMessage, to: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of from) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const tried = new Set<Backend>();
    for (let backend = next(tried); backend; backend = next(tried)) {
      tried.add(backend);
      const outcome = await ask(backend, from, body, to);
      if (outcome === 'passed') return;
      backend.ready = false;
      const begun = outcome === 'cut' && !['GET', 'HEAD'].includes(from.method!);
      if (begun) break; // it may have been done
    }
    to.writeHead(502, { 'content-type': 'text/plain', 'retry-after': '1' });
    to.end('No app process answered.');
  }

  /** unreached: not a byte of the request was taken. cut: it was sent, and no answer began. */
  const ask = (backend: Backend, from: IncomingMessage, body: Buffer, to: ServerResponse) =>
    new Promise<'passed' | 'unreached' | 'cut'>((resolve) => {
      const headers = { ...forwarded(from, scheme), 'content-length': String(body.length) };
      const { hostname, port } = backend.url;
      const sent = request({ hostname, port, agent, method: from.method, path: from.url, headers });
      let answered = false;
      sent.once('response', (answer) => {
        answered = true;
        passed.set(backend.url.origin, (passed.get(backend.url.origin) ?? 0) + 1);
        to.writeHead(answer.statusCode!, withoutHop(answer.headers));
        to.flushHeaders();
        answer.pipe(to);
        answer.once('close', () => {
          // Cut in the middle of an answer: the caller must not take the half for the whole.
          if (!answer.complete) to.destroy();
          resolve('passed');
        });
      });
      sent.once('error', (error: NodeJS.ErrnoException) => {
        if (answered) return;
        if (to.destroyed) resolve('passed');
        else resolve(error.code === 'ECONNREFUSED' ? 'unreached' : 'cut');
      });
      to.once('close', () => {
        if (!to.writableFinished) sent.destroy();
      });
      sent.end(body);
    });

  const server = createServer((from, to) => {
    pass(from, to).catch(() => to.destroy());
  });
  server.keepAliveTimeout = 60_000;
  const use = async (urls: readonly string[]): Promise<void> => {
    const known = (url: string): Backend | undefined => backends.find((one) => one.url.origin === url);
    const wanted = urls.map((url) => known(new URL(url).origin) ?? { url: new URL(url), ready: false });
    await Promise.all(wanted.map(check));
    backends = wanted;
  };
  await use(addresses);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    use,
    passed: () => Object.fromEntries(passed),
    ready: () => backends.filter(({ ready }) => ready).map(({ url }) => url.origin),
    async close() {
      closed.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      agent.destroy();
      await watching;
    },
  };
}

/** The caller's headers, with who asked added behind whoever had asked before. */
function forwarded(from: IncomingMessage, scheme: string): Record<string, string | string[] | undefined> {
  const before = from.headers['x-forwarded-for'];
  const address = from.socket.remoteAddress!.replace(/^::ffff:/, '');
  return {
    ...withoutHop(from.headers),
    'x-forwarded-for': before ? `${[before].flat().join(', ')}, ${address}` : address,
    'x-forwarded-proto': scheme,
    'x-forwarded-host': from.headers.host,
  };
}

const withoutHop = (headers: IncomingMessage['headers']): IncomingMessage['headers'] =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !ofTheConnection.has(name)));
