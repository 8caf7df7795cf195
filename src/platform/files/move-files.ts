/**
 * Brings the bytes of all files to another store. What is there already is not sent again, so that a move that was
 * cut goes on where it was; each file is read whole and its sha256 compared before it counts as moved.
 */
import { rows, sql, type Queryable } from '../../core/sql/sql.ts';
import { isProblem } from '../../core/errors/problem.ts';
import type { ByteStore } from './byte-store.ts';
import type { LocalFileStore } from './file-store.ts';

export type Moved = {
  /** Sent now. */
  moved: number;
  /** Were there before. */
  there: number;
  bytes: number;
  /** Ids of files whose bytes are in neither store, or are not what they were. */
  missing: string[];
  damaged: string[];
};

const pageSize = 500;

export async function moveFiles(
  on: Queryable,
  input: {
    files: Pick<LocalFileStore, 'spool'>;
    from: ByteStore;
    to: ByteStore;
    /** Take each away from where it was, once it is kept in the other. */
    remove: boolean;
    onProgress?(moved: Moved): void;
    signal?: AbortSignal;
  },
): Promise<Moved> {
  const { from } = input;
  const result: Moved = { moved: 0, there: 0, bytes: 0, missing: [], damaged: [] };
  let after = '';
  while (!input.signal?.aborted) {
    const page = await rows<{ stored_as: string; id: string; size: string; sha256: Buffer }>(
      on,
      sql`SELECT DISTINCT ON (stored_as) stored_as, id, size, sha256 FROM platform.files
          WHERE stored_as > ${after} ORDER BY stored_as LIMIT ${pageSize}`,
    );
    for (const file of page) {
      if (input.signal?.aborted) break;
      const end = await moveOne(input, {
        ...file,
        size: Number(file.size),
        sha256: file.sha256.toString('hex'),
      });
      if (end === 'moved') result.bytes += Number(file.size);
      if (end === 'moved' || end === 'there') result[end] += 1;
      else result[end].push(file.id);
      if (input.remove && (end === 'moved' || end === 'there')) await from.remove(file.stored_as);
      input.onProgress?.(result);
    }
    if (page.length < pageSize) break;
    after = page.at(-1)!.stored_as;
  }
  return result;
}

async function moveOne(
  { files, from, to }: { files: Pick<LocalFileStore, 'spool'>; from: ByteStore; to: ByteStore },
  file: { stored_as: string; size: number; sha256: string },
): Promise<'moved' | 'there' | 'missing' | 'damaged'> {
  if ((await to.size(file.stored_as)) === file.size) return 'there';
  const source = await from.open(file.stored_as).catch((error: unknown) => {
    if (isProblem(error) && error.body.status === 404) return undefined;
    throw error;
  });
  if (!source) return 'missing';
  const spooled = await files.spool(source);
  try {
    if (spooled.sha256 !== file.sha256) return 'damaged';
    await to.keep(spooled);
    return 'moved';
  } finally {
    await spooled.discard();
  }
}
