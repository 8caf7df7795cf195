/**
 * The parts of a workbook, which is a zip archive. Nothing is believed that the archive says of itself: what
 * inflates beyond all measure is refused while it inflates, before it is held anywhere.
 */
import { Transform, type Readable } from 'node:stream';
import yauzl from 'yauzl';
import { notReadable } from '../file-bytes.ts';

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
  return new Promise((resolve, reject) => {
    zip.on('entry', (entry: yauzl.Entry) => {
      if (!parts.has(plain(entry.fileName))) parts.set(plain(entry.fileName), entry);
      if (parts.size > mostParts) reject(bomb());
      else zip.readEntry();
    });
    zip.once('end', () => resolve(parts));
    zip.once('error', (error: Error) => reject(broken(error)));
    zip.readEntry();
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
  packed.once('error', (error) => measured.destroy(broken(error)));
  measured.once('close', () => packed.destroy());
  return packed.pipe(measured);
}

export const broken = (cause: unknown): Error =>
  Object.assign(
    notReadable(
      'broken_workbook',
      'The workbook is damaged and cannot be read.',
      'Open it in a spreadsheet program and save it again as .xlsx or CSV.',
    ),
    { cause },
  );

const bomb = (): Error =>
  notReadable(
    'workbook_too_large',
    'The workbook unpacks to far more than a file of its size should hold, so reading it was stopped.',
    'Save the sheet as CSV and import that; if the file came from somebody you do not know, do not open it.',
  );

export const encrypted = (): Error =>
  notReadable(
    'encrypted_workbook',
    'The workbook is protected with a password.',
    'Open it, take the password away, and save it again.',
  );
