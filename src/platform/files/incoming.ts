/**
 * Files on their way into the store or out of it, on this machine's disk. Whoever holds one keeps it young, so that
 * one grown old belongs to a process that died, and is removed by any other on that folder.
 */
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

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

export type Incoming = {
  /** Writes a stream to disk. What its source throws is thrown, and nothing stays behind. */
  spool(source: Readable): Promise<Spooled>;
  /** Keeps young what this process holds, and removes what nobody holds any more. */
  sweep(): Promise<void>;
};

const headBytes = 512;
const oldAfterMs = 60 * 60 * 1000;
const sweepEveryMs = oldAfterMs / 6;

/** Opens the folder, made if need be, and sweeps it now and every ten minutes. */
export async function openIncoming(folder: string): Promise<Incoming> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const held = new Set<string>();

  async function sweep(): Promise<void> {
    const now = new Date();
    for (const path of held) await utimes(path, now, now).catch(() => {}); // not begun, or taken by the store
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      if (held.has(path)) continue;
      const found = await stat(path).catch(() => undefined);
      if (found && found.mtimeMs < now.getTime() - oldAfterMs) await rm(path, { force: true });
    }
  }

  async function spool(source: Readable): Promise<Spooled> {
    const path = join(folder, randomUUID());
    held.add(path);
    const discard = async (): Promise<void> => {
      await rm(path, { force: true });
      held.delete(path);
    };
    try {
      return { path, ...(await received(source, path)), discard };
    } catch (error) {
      await discard();
      throw error;
    }
  }

  await sweep();
  setInterval(() => void sweep().catch(() => {}), sweepEveryMs).unref(); // a folder that is gone shows elsewhere
  return { spool, sweep };
}

async function received(source: Readable, path: string): Promise<Omit<Spooled, 'path' | 'discard'>> {
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
  await pipeline(source, measured, createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true }));
  return { size, sha256: hash.digest('hex'), head: Buffer.concat(head) };
}
