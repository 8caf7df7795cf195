/**
 * The parts of a workbook, which is a zip archive. Nothing is believed that the archive says of itself: what
 * inflates beyond all measure is refused while it inflates, before it is held anywhere.
 */
import { Transform, type Readable } from 'node:stream';
import yauzl from 'yauzl';
import { bomb, broken, encrypted, harmful } from './refusals.ts';

export type ZipParts = {
  /** The name as the archive spells it, found in any case; undefined when there is no such part. */
  find(name: string): string | undefined;
  /** A part inflated, of at most so many bytes. */
  read(name: string, most: number): Promise<Readable>;
  /** Bytes that the part says it inflates to: for progress, never believed. */
  sizeOf(name: string): number;
  close(): void;
};

const mostParts = 20_000;
/** Characters of a part's name, and bytes of what else the directory says of all parts. */
const longestName = 1_024;
const mostTold = 8 * 1024 * 1024;
/** Up to here a part may consist of as little as it likes; spreadsheets full of one value do. */
const freely = 16 * 1024 * 1024;
/** Bytes that one byte may become. Deflate itself ends near 1,030; real sheets stay below 100. */
const mostRatio = 250;

/** Throws a 422 problem for what is no zip archive, and for one that is broken or made to harm. */
export async function openZip(path: string): Promise<ZipParts> {
  const zip = await opened(path);
  const parts = await listed(zip).catch((error: unknown) => {
    zip.close();
    throw error;
  });
  const partOf = (name: string): yauzl.Entry => parts.get(plain(name))!;
  return {
    find: (name) => parts.get(plain(name))?.fileName,
    sizeOf: (name) => partOf(name).uncompressedSize,
    async read(name, most) {
      const part = partOf(name);
      if (part.isEncrypted()) throw encrypted();
      const packed = await streamOf(zip, part);
      return bounded(packed, { most, free: Math.max(freely, part.compressedSize * mostRatio) });
    },
    close: () => zip.close(),
  };
}

/** Names differ in case and in slashes from program to program. */
const plain = (name: string): string => name.replaceAll('\\', '/').replace(/^\/+/, '').toLowerCase();

function opened(path: string): Promise<yauzl.ZipFile> {
  // Sizes are measured by us: one that lies is a broken file here, and a bomb by what it inflates to.
  const options = { lazyEntries: true, autoClose: false, validateEntrySizes: true, strictFileNames: false };
  return new Promise((resolve, reject) =>
    yauzl.open(path, options, (error, zip) => {
      if (error) reject(broken(error));
      else resolve(zip);
    }),
  );
}

function listed(zip: yauzl.ZipFile): Promise<Map<string, yauzl.Entry>> {
  if (zip.entryCount > mostParts) throw bomb();
  const parts = new Map<string, yauzl.Entry>();
  const all: yauzl.Entry[] = [];
  let told = 0;
  return new Promise((resolve, reject) => {
    zip.on('entry', (entry: yauzl.Entry) => {
      all.push(entry);
      told += entry.fileNameLength + entry.extraFieldLength + entry.fileCommentLength;
      if (all.length > mostParts) return reject(bomb());
      if (entry.fileName.length > longestName || told > mostTold) return reject(harmful());
      if (!parts.has(plain(entry.fileName))) parts.set(plain(entry.fileName), entry);
      zip.readEntry();
    });
    zip.once('end', () => {
      if (overlap(all)) reject(harmful());
      else resolve(parts);
    });
    zip.on('error', (error: Error) => reject(broken(error)));
    zip.readEntry();
  });
}

/** Bytes that stand for several parts make much of little. */
function overlap(parts: readonly yauzl.Entry[]): boolean {
  const inOrder = parts.toSorted((a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader);
  return inOrder.some(({ relativeOffsetOfLocalHeader, compressedSize }, at) => {
    const next = inOrder[at + 1]?.relativeOffsetOfLocalHeader ?? Infinity;
    return next < relativeOffsetOfLocalHeader + compressedSize;
  });
}

const streamOf = (zip: yauzl.ZipFile, part: yauzl.Entry): Promise<Readable> =>
  new Promise((resolve, reject) =>
    zip.openReadStream(part, (error, stream) => {
      if (error) reject(broken(error));
      else resolve(stream);
    }),
  );

function bounded(packed: Readable, limit: { most: number; free: number }): Readable {
  let size = 0;
  const measured = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (size > limit.most || size > limit.free) done(bomb());
      else done(null, chunk);
    },
  });
  // Not `pipeline`: whoever stops reading early, after the rows that were wanted, is no error.
  packed.on('error', (error) => measured.destroy(broken(error)));
  measured.once('close', () => packed.destroy());
  return packed.pipe(measured);
}
