/** How a figure is taken: a fixed number of callers in a closed loop for a fixed time, after a warm-up. */
import { Agent, request } from 'node:http';

export type Figure = {
  perSecond: number;
  p50: number;
  p95: number;
  p99: number;
  count: number;
  errors: number;
};

const seconds = Number(process.env['BENCH_SECONDS'] ?? 4);

/** `call(n)` is one operation; milliseconds and operations per second over all callers. */
export async function measure(
  callers: number,
  call: (n: number) => Promise<void>,
  forSeconds = seconds,
): Promise<Figure> {
  let n = 0;
  const run = async (until: number, times: number[] | null): Promise<number> => {
    let errors = 0;
    await Promise.all(
      Array.from({ length: callers }, async () => {
        while (performance.now() < until) {
          const began = performance.now();
          await call(n++).catch((error: unknown) => {
            errors += 1;
            if (errors === 1) console.error(error);
          });
          times?.push(performance.now() - began);
        }
      }),
    );
    return errors;
  };
  await run(performance.now() + Math.min(1000, forSeconds * 250), null);
  const times: number[] = [];
  const began = performance.now();
  const errors = await run(began + forSeconds * 1000, times);
  const elapsed = (performance.now() - began) / 1000;
  times.sort((a, b) => a - b);
  const at = (share: number): number =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  return {
    perSecond: times.length / elapsed,
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    count: times.length,
    errors,
  };
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** One HTTP request over a kept connection; the body as text. Throws unless the status is 2xx. */
export function call(
  url: string,
  options: { method?: string; key?: string; body?: unknown } = {},
): Promise<string> {
  const body = options.body === undefined ? undefined : JSON.stringify(options.body);
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method: options.method ?? 'GET',
        agent,
        headers: {
          ...(options.key ? { authorization: `Bearer ${options.key}` } : {}),
          ...(body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
        },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          if (answer.statusCode && answer.statusCode < 300) resolve(text);
          else
            reject(
              new Error(`${options.method ?? 'GET'} ${url}: ${answer.statusCode} ${text.slice(0, 300)}`),
            );
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}
