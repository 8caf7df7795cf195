/**
 * Where this process keeps the bytes of files: on disk below its data folder, or in an S3-compatible bucket. What
 * comes in is spooled to disk either way. With a bucket, files that still lie on disk are found there, so that a
 * workspace can move over while it works.
 */
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { FileStore } from '../../core/context/context.ts';
import { isProblem } from '../../core/errors/problem.ts';
import { keyOf, unavailable, type ByteStore } from './byte-store.ts';
import { diskStore } from './disk-store.ts';
import { openIncoming, type Spooled } from './incoming.ts';
import type { S3Settings } from './s3-store.ts';

export type LocalFileStore = ByteStore &
  FileStore & {
    /** Writes a stream to disk. What its source throws is thrown, and nothing stays behind. */
    spool(source: Readable): Promise<Spooled>;
    /** Removes what processes that died left half-received; it is done now and then by itself. */
    sweep(): Promise<void>;
    disk: ByteStore;
    bucket?: ByteStore;
    /** How often the store failed, since the process began. */
    troubles(): number;
  };

/** Opens the store below `folder` (made if need be) and clears what a crash left half-received. */
export async function openFileStore(folder: string, s3?: S3Settings): Promise<LocalFileStore> {
  const incoming = await openIncoming(join(folder, 'incoming'));
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
  const copied = async (source: Readable, storedAs: string): Promise<Spooled> => {
    const copy = await incoming.spool(source);
    if (keyOf(copy.sha256) === storedAs) return copy;
    await copy.discard();
    throw unavailable(new Error(`what came for ${storedAs} has another checksum`));
  };
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
    spool: incoming.spool,
    sweep: incoming.sweep,
    async onDisk(storedAs) {
      if ((await disk.size(storedAs)) !== undefined)
        return { path: join(folder, storedAs), discard: async () => {} };
      return counted(copied(await store.open(storedAs), storedAs));
    },
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
