/**
 * Where this process keeps the bytes of files: on disk below its data folder, or in an S3-compatible bucket. What
 * comes in is spooled to disk either way. With a bucket, files that still lie on disk are found there, so that a
 * workspace can move over while it works.
 */
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isProblem } from '../../core/errors/problem.ts';
import type { ByteStore } from './byte-store.ts';
import { diskStore } from './disk-store.ts';
import type { S3Settings } from './s3-store.ts';

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

export type LocalFileStore = ByteStore & {
  /** Writes a stream to disk. What its source throws is thrown, and nothing stays behind. */
  spool(source: Readable): Promise<Spooled>;
  disk: ByteStore;
  bucket?: ByteStore;
  /** How often the store failed, since the process began. */
  troubles(): number;
};

const headBytes = 512;

/** Opens the store below `folder` (made if need be) and clears what a crash left half-received. */
export async function openFileStore(folder: string, s3?: S3Settings): Promise<LocalFileStore> {
  const incoming = join(folder, 'incoming');
  await mkdir(incoming, { recursive: true, mode: 0o700 });
  await clearAbandoned(incoming);
  const disk = diskStore(folder);
  // Loaded only where it is used: it is by far the largest library of the server.
  const bucket = s3 && (await import('./s3-store.ts')).s3Store(s3);
  const store = bucket ? withRestOnDisk(bucket, disk) : disk;
  let troubles = 0;
  const counted = async <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      if (isProblem(error) && error.body.status === 503) troubles += 1;
      throw error;
    });
  return {
    place: store.place,
    disk,
    bucket,
    keep: (upload) => counted(store.keep(upload)),
    open: (storedAs) => counted(store.open(storedAs)),
    size: (storedAs) => counted(store.size(storedAs)),
    remove: (storedAs) => counted(store.remove(storedAs)),
    tryOut: () => store.tryOut(),
    troubles: () => troubles,
    spool: (source) => spool(source, incoming),
  };
}

function withRestOnDisk(bucket: ByteStore, disk: ByteStore): ByteStore {
  return {
    ...bucket,
    async open(storedAs) {
      try {
        return await bucket.open(storedAs);
      } catch (error) {
        const missing = isProblem(error) && error.body.status === 404;
        if (missing && (await disk.size(storedAs)) !== undefined) return disk.open(storedAs);
        throw error;
      }
    },
    size: async (storedAs) => (await bucket.size(storedAs)) ?? (await disk.size(storedAs)),
  };
}

async function spool(source: Readable, folder: string): Promise<Spooled> {
  const path = join(folder, randomUUID());
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
