/** Texts that cells share, kept as bytes: a workbook of a million texts takes no more than they are long. */
import { readXml, type XmlHandler } from './read-xml.ts';
import type { ZipParts } from './zip-parts.ts';

const mostBytes = 256 * 1024 * 1024;

export type SharedStrings = (index: number) => string | undefined;

export async function sharedStrings(zip: ZipParts, part: string | undefined): Promise<SharedStrings> {
  if (part === undefined) return () => undefined;
  let bytes = Buffer.allocUnsafe(1024 * 1024);
  let ends = new Uint32Array(4_096);
  let count = 0;
  let used = 0;
  const keep = (text: string): void => {
    const size = Buffer.byteLength(text);
    if (used + size > bytes.length) bytes = Buffer.concat([bytes], Math.max(bytes.length * 2, used + size));
    if (count === ends.length) {
      const longer = new Uint32Array(ends.length * 2);
      longer.set(ends);
      ends = longer;
    }
    used += bytes.write(text, used);
    ends[count++] = used;
  };
  const handler = richText({ element: 'si', onText: keep });
  for await (const _ of readXml(await zip.read(part, mostBytes), handler));
  return (index) =>
    index >= 0 && index < count
      ? bytes.toString('utf8', index === 0 ? 0 : ends[index - 1], ends[index])
      : undefined;
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
      if (inText) text += piece;
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
  text.includes('_x')
    ? text.replace(/_x([0-9a-f]{4})_/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
    : text;
