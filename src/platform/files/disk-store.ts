/**
 * Bytes of files on local disk, by their sha256: the same content is kept once, a name never becomes a path.
 * A file is there whole or not at all: written aside, synced, renamed, and the folder synced.
 */
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { notFound } from '../../core/errors/problem.ts';
import { isKey, keyOf, unavailable, type ByteStore } from './byte-store.ts';

export function diskStore(folder: string): ByteStore {
  const missing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';
  return {
    place: folder,
    async keep({ path, sha256 }) {
      const storedAs = keyOf(sha256);
      const target = join(folder, storedAs);
      try {
        await mkdir(dirname(target), { recursive: true, mode: 0o700 });
        await rename(path, target); // over the same bytes, if they are there already
        for (const made of [dirname(target), dirname(dirname(target)), folder]) await syncFolder(made);
      } catch (error) {
        throw unavailable(error);
      }
      return storedAs;
    },
    async open(storedAs) {
      if ((await this.size(storedAs)) === undefined) throw notFound('file');
      return createReadStream(join(folder, storedAs));
    },
    async size(storedAs) {
      if (!isKey(storedAs)) return undefined;
      try {
        return (await stat(join(folder, storedAs))).size;
      } catch (error) {
        if (missing(error)) return undefined;
        throw unavailable(error);
      }
    },
    async remove(storedAs) {
      if (isKey(storedAs)) await rm(join(folder, storedAs), { force: true });
    },
    async tryOut() {
      const probe = join(folder, `.probe-${randomUUID()}`);
      try {
        await writeFile(probe, 'probe', { flush: true });
        await rm(probe);
      } catch (error) {
        throw unavailable(error);
      }
    },
  };
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
