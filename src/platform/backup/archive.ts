/**
 * The container of a backup: a tar archive, compressed with zstd, whose last entries are the checksums of all
 * others and the checksum of those. `tar --zstd -xf` opens it, `sha256sum -c checksums.sha256` checks it. What
 * is longer than a part is cut into parts, so that neither side ever holds more than one of them.
 */
import { createHash, hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline, Transform } from 'node:stream';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { damaged } from './refusal.ts';

export type Part = { name: string; body: Buffer };

/** Bytes of a part that is one of several. */
export const partBytes = 4 * 1024 * 1024;

/** What is whole in one part: manifest, contents, checksums. */
const mostBytes = 256 * 1024 * 1024;
const block = 512;
const checksumsName = 'checksums.sha256';
const endName = 'end.json';

export const compressor = (): Transform =>
  createZstdCompress({
    params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 },
  });

/** The archive's bytes before compression, its checksums at the end. */
export async function* packed(parts: AsyncIterable<Part>): AsyncGenerator<Buffer> {
  const sums = createHash('sha256');
  const lines: string[] = [];
  for await (const part of parts) {
    lines.push(`${hash('sha256', part.body)}  ${part.name}\n`);
    yield* entry(part);
  }
  const checksums = Buffer.from(lines.join(''));
  sums.update(checksums);
  yield* entry({ name: checksumsName, body: checksums });
  const end = { parts: lines.length, checksums: sums.digest('hex') };
  yield* entry({ name: endName, body: Buffer.from(`${JSON.stringify(end)}\n`) });
  yield Buffer.alloc(2 * block);
}

/** Cuts a stream of bytes into parts: `<name>.000001` and so on; none of an empty one. */
export async function* inParts(name: string, bytes: AsyncIterable<Buffer>): AsyncGenerator<Part> {
  let number = 0;
  let waiting: Buffer[] = [];
  let size = 0;
  const next = (): Part => {
    const body = Buffer.concat(waiting);
    waiting = [];
    size = 0;
    number += 1;
    return { name: `${name}.${String(number).padStart(6, '0')}`, body };
  };
  for await (const chunk of bytes) {
    waiting.push(chunk);
    size += chunk.length;
    if (size >= partBytes) yield next();
  }
  if (size > 0) yield next();
}

function* entry({ name, body }: Part): Generator<Buffer> {
  const head = Buffer.alloc(block);
  const put = (text: string, at: number): void => void head.write(text, at, 'utf8');
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0');
  if (Buffer.byteLength(name) > 99) throw new Error(`the entry ${name} has too long a name`);
  put(name, 0);
  put('0000600\0', 100);
  put('0000000\0', 108);
  put('0000000\0', 116);
  put(`${octal(body.length, 11)}\0`, 124);
  put(`${octal(0, 11)}\0`, 136);
  put(' '.repeat(8), 148);
  put('0', 156);
  put('ustar\0', 257);
  put('00', 263);
  put(`${octal(sumOf(head), 6)}\0 `, 148);
  yield head;
  yield body;
  const rest = body.length % block;
  if (rest > 0) yield Buffer.alloc(block - rest);
}

const sumOf = (head: Buffer): number => head.reduce((sum, byte) => sum + byte, 0);

/**
 * The parts of an archive in order, each only after its head was found whole. They count once the iteration
 * ended without throwing: the checksums stand at the end. @throws Error `backup_damaged`
 */
export async function* unpacked(
  path: string,
  onRead: (bytes: number) => void = () => {},
): AsyncGenerator<Part> {
  const found = new Map<string, string>();
  let checksums: Buffer | undefined;
  let ended = false;
  for await (const { name, body } of entries(path, onRead)) {
    if (ended) throw damaged(`${name} stands behind its end`);
    if (name === checksumsName) {
      checksums = body;
    } else if (name === endName) {
      if (checksums === undefined) throw damaged('its checksums are missing');
      compare(found, checksums, body);
      ended = true;
    } else {
      if (found.has(name)) throw damaged(`${name} is in it twice`);
      found.set(name, hash('sha256', body));
      yield { name, body };
    }
  }
  if (!ended) throw damaged('it ends too early');
}

function compare(found: ReadonlyMap<string, string>, checksums: Buffer, end: Buffer): void {
  if (!end.toString('utf8').includes(`"checksums":"${hash('sha256', checksums)}"`)) {
    throw damaged('its checksums themselves were altered');
  }
  const lines = checksums.toString('utf8').split('\n').slice(0, -1);
  for (const line of lines) {
    const [sum, name] = line.split('  ') as [string, string];
    if (found.get(name) !== sum) {
      throw damaged(`${name} ${found.has(name) ? 'is not what was written' : 'is missing'}`);
    }
  }
  if (lines.length !== found.size) throw damaged('it holds more than its checksums name');
}

async function* entries(path: string, onRead: (bytes: number) => void): AsyncGenerator<Part> {
  const input = bytesOf(path, onRead);
  for (;;) {
    const head = await input.take(block);
    if (head === undefined) return;
    if (head.every((byte) => byte === 0)) {
      // To the last byte: the end of the compressed stream has a checksum of its own.
      for (let rest: Buffer | undefined = head; rest; rest = await input.take(block))
        if (rest.some((byte) => byte !== 0)) throw damaged('something stands behind its end');
      return;
    }
    const told = Number.parseInt(text(head, 148, 8), 8);
    head.fill(' ', 148, 156);
    const size = Number.parseInt(text(head, 124, 12), 8);
    if (told !== sumOf(head) || !Number.isSafeInteger(size)) throw damaged('an entry’s head is not readable');
    if (size > mostBytes) throw damaged('an entry is larger than any that is written');
    const padded = Math.ceil(size / block) * block;
    const body = size === 0 ? Buffer.alloc(0) : await input.take(padded);
    if (body === undefined) throw damaged('it ends too early');
    yield { name: text(head, 0, 100), body: body.subarray(0, size) };
  }
}

const text = (head: Buffer, at: number, length: number): string =>
  head
    .subarray(at, at + length)
    .toString('utf8')
    .split('\0', 1)[0]!
    .trim();

/** The inflated bytes of a file, taken in pieces of a given length; undefined at the end. */
function bytesOf(
  path: string,
  onRead: (bytes: number) => void,
): { take(length: number): Promise<Buffer | undefined> } {
  let read = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      read += chunk.length;
      onRead(read);
      done(null, chunk);
    },
  });
  const source = pipeline(createReadStream(path), counted, createZstdDecompress(), () => {});
  const chunks = (source as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  let waiting: Buffer[] = [];
  let size = 0;
  return {
    async take(length) {
      while (size < length) {
        const { value, done } = await chunks.next().catch((error: NodeJS.ErrnoException) => {
          throw error.syscall === undefined ? damaged('its compressed bytes are not readable', error) : error;
        });
        if (done) {
          if (size > 0) throw damaged('it ends too early');
          return undefined;
        }
        waiting.push(value);
        size += value.length;
      }
      const all = Buffer.concat(waiting);
      waiting = size > length ? [all.subarray(length)] : [];
      size -= length;
      return all.subarray(0, length);
    },
  };
}
