/**
 * One pass over an uploaded file's bytes before anything is decoded: is it text at all, is it UTF-8 to the
 * last byte (a sample would miss the one umlaut at the end), and a sample of what is not ASCII.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';
import { issue, refusal, type Problem } from '../../core/errors/problem.ts';

export type FileBytes = {
  size: number;
  bom: 'utf-8' | 'utf-16le' | 'utf-16be' | 'utf-32le' | 'utf-32be' | null;
  /** UTF-16 or UTF-32 without a mark, told by where its NUL bytes stand. */
  wide: 'utf-16le' | 'utf-16be' | 'utf-32le' | 'utf-32be' | null;
  utf8: boolean;
  ascii: boolean;
  nul: boolean;
  /** Escape sequences of the ISO-2022 encodings. */
  escapes: boolean;
  /** Stretches with bytes above 127 or escapes, each from the start of a line, about 64 KB together. */
  sample: Buffer;
};

const chunkSize = 1024 * 1024;
const sampleSize = 64 * 1024;
const stretch = 16 * 1024;

/** Reads the whole file once. Throws a 415 or 422 problem for an empty file and for what is no text. */
export async function fileBytes(path: string): Promise<FileBytes> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const buffer = Buffer.allocUnsafe(chunkSize + 4);
    const found: FileBytes = {
      size,
      bom: null,
      wide: null,
      utf8: true,
      ascii: true,
      nul: false,
      escapes: false,
      sample: Buffer.alloc(0),
    };
    const samples: Buffer[] = [];
    let sampled = 0;
    let carried = 0; // bytes of a character that the chunk cut in two
    for (let first = true; ; first = false) {
      const { bytesRead } = await file.read(buffer, carried, chunkSize);
      if (first) {
        if (bytesRead === 0)
          throw notReadable('empty_file', 'The file is empty.', 'Choose a file with a header line and rows.');
        refuseOtherFormats(buffer.subarray(0, bytesRead));
        found.bom = byteOrderMark(buffer.subarray(0, bytesRead));
        found.wide = wideText(buffer.subarray(0, Math.min(bytesRead, 65_536)));
        // Some programs write the mark of the one byte order before text in the other.
        if (found.bom?.startsWith('utf-16') && found.wide?.startsWith('utf-16')) found.bom = found.wide;
      }
      const chunk = buffer.subarray(0, carried + bytesRead);
      if (bytesRead === 0) {
        if (carried > 0) found.utf8 = false;
        break;
      }
      found.nul ||= chunk.includes(0);
      if (isAscii(chunk)) {
        if (!found.escapes && chunk.includes('\x1b$')) {
          found.escapes = true;
          samples.push(Buffer.from(chunk.subarray(0, stretch)));
        }
        carried = 0;
        continue;
      }
      found.ascii = false;
      carried = cutCharacter(chunk);
      found.utf8 &&= isUtf8(chunk.subarray(0, chunk.length - carried));
      if (sampled < sampleSize) {
        const high = chunk.findIndex((byte) => byte > 127);
        // From the start of its line, unless that is far away: each byte is looked at in dozens of encodings.
        const from = Math.max(chunk.lastIndexOf(10, high) + 1, high - stretch);
        const part = Buffer.from(chunk.subarray(from, from + Math.max(stretch, high - from + 1_024)));
        samples.push(part);
        sampled += part.length;
      }
      buffer.copyWithin(0, chunk.length - carried, chunk.length);
    }
    found.sample = Buffer.concat(samples);
    return found;
  } finally {
    await file.close();
  }
}

export const notReadable = (code: string, message: string, fix: string, status = 422): Problem =>
  refusal(status, code, [issue('file', code, message, fix)]);

/** How many bytes at the end begin a UTF-8 character that is not complete. */
function cutCharacter(chunk: Buffer): number {
  for (let back = 1; back <= Math.min(3, chunk.length); back++) {
    const byte = chunk[chunk.length - back]!;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue; // a continuation
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? back : 0;
  }
  return 0;
}

function byteOrderMark(head: Buffer): FileBytes['bom'] {
  const starts = (...bytes: number[]) => bytes.every((byte, at) => head[at] === byte);
  if (starts(0xef, 0xbb, 0xbf)) return 'utf-8';
  if (starts(0xff, 0xfe, 0, 0)) return 'utf-32le';
  if (starts(0, 0, 0xfe, 0xff)) return 'utf-32be';
  if (starts(0xff, 0xfe)) return 'utf-16le';
  if (starts(0xfe, 0xff)) return 'utf-16be';
  return null;
}

/** A few NUL bytes are dirt; many, all at the same places of each pair or four, are wide characters. */
function wideText(head: Buffer): FileBytes['wide'] {
  const nuls = [0, 0, 0, 0];
  head.forEach((byte, at) => {
    if (byte === 0) nuls[at % 4]!++;
  });
  const [a, b, c, d] = nuls as [number, number, number, number];
  const quarter = head.length / 4;
  if (a + b + c + d < 4) return null;
  if (a > quarter * 0.9 && b > quarter * 0.9 && d < quarter * 0.1) return 'utf-32be';
  if (d > quarter * 0.9 && c > quarter * 0.9 && a < quarter * 0.1) return 'utf-32le';
  const many = (head.length / 2) * 0.1;
  if (a + c > many && b + d === 0) return 'utf-16be';
  if (b + d > many && a + c === 0) return 'utf-16le';
  return null;
}

const otherFormats: readonly { starts: string; what: string }[] = [
  { starts: '504b0304', what: 'a zipped file' },
  { starts: 'd0cf11e0a1b11ae1', what: 'an old Excel file (.xls), or one with a password' },
  { starts: '1f8b', what: 'a gzip archive' },
  { starts: '25504446', what: 'a PDF' },
  { starts: '89504e47', what: 'a picture' },
  { starts: 'ffd8ff', what: 'a picture' },
];

function refuseOtherFormats(head: Buffer): void {
  const hex = head.subarray(0, 8).toString('hex');
  const format = otherFormats.find(({ starts }) => hex.startsWith(starts));
  if (!format) return;
  throw notReadable(
    'not_csv',
    `This is ${format.what}, neither a CSV file nor an .xlsx workbook.`,
    'Open it in the program it comes from and save it as .xlsx or CSV (UTF-8), then import that.',
    415,
  );
}
