/** Workbooks made for tests, among them such as no program writes. */
import { crc32, deflateRawSync } from 'node:zlib';

export type Part = {
  name: string;
  bytes: Buffer | string;
  /** Size that the archive claims. */
  says?: number;
  /** Index of an earlier part whose bytes this one claims to be its own. */
  over?: number;
};

/** A zip archive as the format has it (APPNOTE 6.3), which may lie. */
export function zipped(parts: readonly Part[]): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  const offsets: number[] = [];
  let offset = 0;
  for (const { name, bytes, says, over } of parts) {
    const raw = Buffer.from(bytes);
    const packed = deflateRawSync(raw, { level: 9 });
    const head = Buffer.alloc(26);
    head.writeUInt16LE(20, 0);
    head.writeUInt16LE(8, 4);
    head.writeUInt32LE(crc32(raw), 10);
    head.writeUInt32LE(packed.length, 14);
    head.writeUInt32LE(says ?? raw.length, 18);
    head.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), head, Buffer.from(name), packed]);
    const at = over === undefined ? offset : offsets[over]!;
    const tail = Buffer.alloc(16);
    tail.writeUInt32LE(at, 10);
    directory.push(
      Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), head, tail.subarray(0, 14), Buffer.from(name)]),
    );
    offsets.push(at);
    if (over !== undefined) continue;
    bodies.push(local);
    offset += local.length;
  }
  const listing = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(parts.length, 4);
  end.writeUInt16LE(parts.length, 6);
  end.writeUInt32LE(listing.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...bodies, listing, Buffer.from('PK\x05\x06'), end]);
}

const rels = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const link = (id: string, type: string, target: string): string =>
  `<Relationship Id="${id}" Type="${rels}/${type}" Target="${target}"/>`;

/** The parts of a workbook with one sheet. `sheets` and `links`: further elements that name further ones. */
export const workbook = (
  sheet: string | Buffer,
  more: { shared?: string | Buffer; styles?: string | Buffer; sheets?: string; links?: string } = {},
): Part[] => [
  {
    name: '_rels/.rels',
    bytes: `<Relationships>${link('a', 'officeDocument', 'xl/workbook.xml')}</Relationships>`,
  },
  {
    name: 'xl/workbook.xml',
    bytes: `<workbook xmlns:r="${rels}"><sheets><sheet name="One" sheetId="1" r:id="s"/>${more.sheets ?? ''}</sheets></workbook>`,
  },
  {
    name: 'xl/_rels/workbook.xml.rels',
    bytes: `<Relationships>${link('s', 'worksheet', 'worksheets/sheet1.xml')}${link('t', 'sharedStrings', 'sharedStrings.xml')}${link('f', 'styles', 'styles.xml')}${more.links ?? ''}</Relationships>`,
  },
  { name: 'xl/worksheets/sheet1.xml', bytes: sheet },
  ...(more.shared === undefined ? [] : [{ name: 'xl/sharedStrings.xml', bytes: more.shared }]),
  ...(more.styles === undefined ? [] : [{ name: 'xl/styles.xml', bytes: more.styles }]),
];

/** A relationship of the workbook to a sheet. */
export const sheetLink = (id: string, target: string): string => link(id, 'worksheet', target);

/** A cell that holds its own text. */
export const inline = (address: string, text: string): string =>
  `<c r="${address}" t="inlineStr"><is><t>${text}</t></is></c>`;
