/** The file that an import reads, so that it is the same one when the import goes on: by its content, not its name. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Context } from '../../core/context/context.ts';
import { storeFile } from '../../platform/files/stored-file.ts';
import { conflict } from '../batches/batches.ts';

/** An upload that the operation may keep. */
export type KeepableFile = { name: string; mime: string; size: number; sha256: string; path: string };

export type SourceFile = {
  name: string;
  /** Bytes. */
  size: number;
  /** Hex. */
  sha256: string;
  /** On the disk of the machine that began, or in the file store. */
  path?: string;
  storedAs?: string;
};

export async function sourceOnDisk(path: string, name: string): Promise<SourceFile> {
  const whole = resolve(path);
  return { name, size: (await stat(whole)).size, sha256: await sha256Of(whole), path: whole };
}

/** Moves the upload into the file store, where every app process finds it. */
export async function keptSource(context: Context, upload: KeepableFile): Promise<SourceFile> {
  const { name, size, sha256 } = upload;
  const { storedAs } = await storeFile(context.pool, {
    store: context.files!,
    by: context.principal,
    upload,
  });
  return { name, size, sha256, storedAs };
}

/**
 * Runs `work` on the file: `given`, else where it was, else as the file store has it.
 * Throws 409 when it is gone or another file by now.
 */
export async function withSource<T>(
  context: Context,
  source: SourceFile,
  given: string | undefined,
  work: (path: string) => Promise<T>,
): Promise<T> {
  const path = given ?? source.path;
  if (path !== undefined) {
    await checkSame(path, source);
    return work(path);
  }
  if (!context.files) {
    throw conflict(
      'file_elsewhere',
      `“${source.name}” came over HTTP and is kept by the server.`,
      'Let the server go on with POST /api/v1/batches/{id}/resume, or name the file here.',
    );
  }
  const kept = await context.files.onDisk(source.storedAs!);
  try {
    return await work(kept.path);
  } finally {
    await kept.discard();
  }
}

async function checkSame(path: string, source: SourceFile): Promise<void> {
  const size = await stat(path).then(
    (found) => found.size,
    () => undefined,
  );
  if (size === undefined) {
    throw conflict(
      'file_gone',
      `The file ${path} is not there any more.`,
      'Say where it is now, or undo the batch.',
    );
  }
  if (size === source.size && (await sha256Of(path)) === source.sha256) return;
  throw conflict(
    'file_changed',
    `${path} is not the file that this import began with: its content is another.`,
    `Name the file “${source.name}” as it was, or undo the batch and import the new one.`,
  );
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest('hex');
}
