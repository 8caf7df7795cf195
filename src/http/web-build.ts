/**
 * Builds the web app when it is missing or older than its sources, so that a checkout needs no build step of
 * its own. In a process of its own: what the bundler takes of memory is given back. Made aside and renamed:
 * dist/web is there whole or not at all.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const repository = join(import.meta.dirname, '../..');
/** Whatever the browser's bundle is made of. */
const sources = ['src/web', 'src/kinds', 'src/core', 'src/operations', 'vite.config.ts', 'package-lock.json'];
const stampFile = 'built-from.txt';

export type WebBuild = { folder: string; built: boolean };

/**
 * Gives the folder of the built app. `say` gets one line before a build that takes some seconds.
 * @throws Error with the bundler's words when it cannot be built.
 */
export async function ensureWebBuild(say: (line: string) => void): Promise<WebBuild> {
  const folder = join(repository, 'dist/web');
  const stamp = fingerprint();
  if (existsSync(join(folder, 'index.html')) && readStamp(folder) === stamp) return { folder, built: false };
  say('Building the web app (once after each update, some seconds) …');
  const draft = join(repository, `dist/web.new-${process.pid}`);
  try {
    await runVite(draft);
    await compress(draft);
    await writeFile(join(draft, stampFile), `${stamp}\n`);
    await replace(folder, draft);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return { folder, built: true };
}

function readStamp(folder: string): string | undefined {
  const file = join(folder, stampFile);
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
}

function fingerprint(): string {
  const hash = createHash('sha256');
  for (const source of sources) {
    const path = join(repository, source);
    if (!existsSync(path)) continue;
    const names =
      extname(source) === '' ? readdirSync(path, { recursive: true, withFileTypes: true }) : undefined;
    const files = names
      ? names
          .filter((entry) => entry.isFile() && !/\.(test|cases)\.tsx?$/.test(entry.name))
          .map((entry) => join(entry.parentPath, entry.name))
      : [path];
    for (const file of files.sort())
      hash
        .update(`${file.slice(repository.length)}\0`)
        .update(readFileSync(file))
        .update('\0');
  }
  return hash.digest('hex');
}

async function runVite(outDir: string): Promise<void> {
  const vite = join(dirname(fileURLToPath(import.meta.resolve('vite/package.json'))), 'bin/vite.js');
  const { VITEST: _, NODE_ENV: __, ...environment } = process.env;
  const child = spawn(
    process.execPath,
    [vite, 'build', '--outDir', outDir, '--emptyOutDir', '--logLevel', 'warn'],
    {
      cwd: repository,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let words = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-4_000)));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`The web app could not be built.\n${words.trim()}`);
}

const packable = new Set(['.js', '.css', '.html', '.svg', '.json']);
const packBrotli = promisify(brotliCompress);
const packGzip = promisify(gzip);

/** Beside each file its packed forms, so that no request waits for packing. */
async function compress(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !packable.has(extname(entry.name))) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path);
    if (bytes.length < 1_024) continue;
    await writeFile(
      `${path}.br`,
      await packBrotli(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }),
    );
    await writeFile(`${path}.gz`, await packGzip(bytes, { level: 9 }));
  }
}

async function replace(folder: string, draft: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const old = `${folder}.old-${process.pid}`;
  await rename(folder, old).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(draft, folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error; // another process has just built the same
  });
  await rm(old, { recursive: true, force: true });
}

// `npm run build`: ahead of the first start, for an image or a folder that the server may not write.
if (import.meta.main) await ensureWebBuild((line) => void process.stdout.write(`${line}\n`));
