/**
 * `npm run bench`: the product and what it is held against, in one run on one machine, as ratios. Loads through
 * the write path, then measures each operation over HTTP beside the same SQL by bare `pg` and a minimal Fastify
 * endpoint; writes beside a bare transaction that writes the same rows; loading beside a bare COPY into the same
 * tables. Sizes: BENCH_CONTACTS (100000), BENCH_ACCOUNTS (20000), BENCH_DEALS (50000), BENCH_LARGE (1000000,
 * 0 leaves the large list out), BENCH_SECONDS (4) per figure.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bareCopy } from './bare-copy.ts';
import { load } from './load.ts';
import { growList } from './large-list.ts';
import { reads } from './reads.ts';
import { report, type Line } from './report.ts';
import { startBench } from './start.ts';
import { writes } from './writes.ts';

const size = (name: string, normal: number): number => Number(process.env[name] ?? normal);
const sizes = {
  contacts: size('BENCH_CONTACTS', 100_000),
  accounts: size('BENCH_ACCOUNTS', 20_000),
  deals: size('BENCH_DEALS', 50_000),
};

const dataDir = mkdtempSync(join(tmpdir(), 'groundwork-bench-'));
const lines: Line[] = [];
try {
  const bench = await startBench(dataDir);
  try {
    const loaded = await load(bench, sizes);
    lines.push(await bareCopy(bench, loaded));
    lines.push(...(await reads(bench)));
    lines.push(...(await writes(bench)));
    const large = size('BENCH_LARGE', 1_000_000);
    if (large > sizes.contacts) lines.push(await growList(bench, sizes.contacts, large));
  } finally {
    await bench.stop();
  }
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
const { text, json } = report(lines, sizes);
const folder = join(import.meta.dirname, 'results');
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'latest.md'), text);
writeFileSync(join(folder, 'latest.json'), json);
console.log(text);
