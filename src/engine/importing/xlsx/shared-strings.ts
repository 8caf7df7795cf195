/** Texts that cells share, kept as bytes: a workbook of a million texts takes no more than they are long. */
import { maxCell } from '../tokenize-csv.ts';
import { readXml, type XmlHandler } from './read-xml.ts';
import { tooManyTexts } from './refusals.ts';
import type { ZipParts } from './zip-parts.ts';

const mostBytes = 256 * 1024 * 1024;
/** Bytes of UTF-8 and the texts themselves, which both are held. */
const mostHeld = 80 * 1024 * 1024;
const mostTexts = 4 * 1024 * 1024;
const blockSize = 1024 * 1024;
/** Texts that are longer are not made anew for each cell that shows them. */
const long = 1_024;

export type SharedStrings = (index: number) => string | undefined;

/** Throws a 422 problem for more texts than are held. */
export async function sharedStrings(zip: ZipParts, part: string | undefined): Promise<SharedStrings> {
  if (part === undefined) return () => undefined;
  const blocks: Buffer[] = [];
  let used = 0;
  let held = 0;
  /** Per text its block, and where in it begins; the next one's beginning, or its length, is its end. */
  let places = new Uint32Array(4_096);
  let count = 0;
  const keep = (text: string): void => {
    const size = Buffer.byteLength(text);
    held += size;
    if (held > mostHeld || count >= mostTexts) throw tooManyTexts();
    if (blocks.length === 0 || used + size > blockSize) {
      // One that is longer than a block has a block of its own.
      blocks.push(Buffer.allocUnsafeSlow(Math.max(size, blockSize)));
      used = 0;
    }
    if (count * 3 + 3 > places.length) {
      const longer = new Uint32Array(places.length * 2);
      longer.set(places);
      places = longer;
    }
    blocks.at(-1)!.write(text, used);
    places.set([blocks.length - 1, used, used + size], count * 3);
    used += size;
    count += 1;
  };
  const handler = richText({ element: 'si', onText: keep });
  for await (const _ of readXml(await zip.read(part, mostBytes), handler));
  let last = { index: -1, text: '' };
  return (index) => {
    if (!Number.isInteger(index) || index < 0 || index >= count) return undefined;
    if (last.index === index) return last.text;
    const [block, from, to] = places.subarray(index * 3, index * 3 + 3) as unknown as [
      number,
      number,
      number,
    ];
    const text = blocks[block]!.toString('utf8', from, to);
    if (text.length >= long) last = { index, text };
    return text;
  };
}

/** The text of an element with its runs put together; how it is pronounced (`rPh`) is left out. */
export function richText(input: { element: string; onText(text: string): void }): XmlHandler {
  let text = '';
  let inText = false;
  let silent = 0;
  return {
    open(name) {
      if (name === input.element) text = '';
      else if (name === 'rPh') silent += 1;
      else if (name === 't') inText = silent === 0;
    },
    text(piece) {
      if (inText && text.length <= maxCell) text += piece;
    },
    close(name) {
      if (name === 't') inText = false;
      else if (name === 'rPh') silent -= 1;
      else if (name === input.element) input.onText(unescaped(text));
    },
  };
}

/** `_x000D_` stands for a character that XML cannot hold, `_x005F_` for an underscore before such a text. */
export const unescaped = (text: string): string =>
  // What is too long is refused by its length, and must not become shorter.
  text.length <= maxCell && text.includes('_x')
    ? text.replace(/_x([0-9a-f]{4})_/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
    : text;
