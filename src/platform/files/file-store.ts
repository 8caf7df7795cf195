/**
 * Bytes of files on local disk, by their sha256: the same content is kept once, a name never becomes a path.
 * A file is there whole or not at all: written aside, synced, renamed, and the folder synced.
 */
import { constants, createReadStream, createWriteStream } from 'node:fs';
import { access, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { createHash, randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FileStore } from '../../core/context/context.ts';
import { notFound } from '../../core/errors/problem.ts';

export type Spooled = {
  path: string;
  /** Bytes. */
  size: number;
  /** Hex. */
  sha256: string;
  /** The first bytes, to tell the type by. */
  head: Buffer;
  /** Removes what `keep` did not take. */
  discard(): Promise<void>;
};

export type LocalFileStore = FileStore & {
  /** Writes a stream to disk. What its source throws is thrown, and nothing stays behind. */
  spool(source: Readable): Promise<Spooled>;
};

const headBytes = 512;

/** Opens the store below `folder` (made if need be) and clears what a crash left half-received. */
export async function openFileStore(folder: string): Promise<LocalFileStore> {
  const incoming = join(folder, 'incoming');
  await mkdir(incoming, { recursive: true, mode: 0o700 });
  await clearAbandoned(incoming);
  return {
    async spool(source) {
      const path = join(incoming, randomUUID());
      const hash = createHash('sha256');
      const head: Buffer[] = [];
      let size = 0;
      const measured = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          hash.update(chunk);
          if (size < headBytes) head.push(chunk.subarray(0, headBytes - size));
          size += chunk.length;
          done(null, chunk);
        },
      });
      const discard = () => rm(path, { force: true });
      try {
        await pipeline(source, measured, createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true }));
      } catch (error) {
        await discard();
        throw error;
      }
      return { path, size, sha256: hash.digest('hex'), head: Buffer.concat(head), discard };
    },
    async keep({ path, sha256 }) {
      const storedAs = `${sha256.slice(0, 2)}/${sha256.slice(2, 4)}/${sha256}`;
      const target = join(folder, storedAs);
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await rename(path, target); // over the same bytes, if they are there already
      for (const made of [dirname(target), dirname(dirname(target)), folder]) await syncFolder(made);
      return storedAs;
    },
    async open(storedAs) {
      if (!/^[0-9a-f]{2}\/[0-9a-f]{2}\/[0-9a-f]{64}$/.test(storedAs)) throw notFound('file');
      const path = join(folder, storedAs);
      await access(path, constants.R_OK).catch(() => {
        throw notFound('file');
      });
      return createReadStream(path);
    },
  };
}

/** Only old ones: another process may be receiving into the same folder. */
async function clearAbandoned(incoming: string): Promise<void> {
  const dayAgo = Date.now() - 24 * 60 * 60 * 1000;
  for (const name of await readdir(incoming)) {
    const path = join(incoming, name);
    const found = await stat(path).catch(() => undefined);
    if (found && found.mtimeMs < dayAgo) await rm(path, { force: true });
  }
}

/** So that the new name survives a power cut; Windows can neither do it nor needs it. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
