/** A workbook: its sheets, in which order, who sees them, and how their numbers are to be read. */
import { dirname, join } from 'node:path/posix';
import { notReadable } from '../file-bytes.ts';
import { numberFormat, type NumberFormat } from './number-format.ts';
import { readWholeXml } from './read-xml.ts';
import { sharedStrings, type SharedStrings } from './shared-strings.ts';
import { broken, harmful } from './refusals.ts';
import { openZip, type ZipParts } from './zip-parts.ts';

export type SheetPart = { name: string; hidden: boolean; part: string };

export type Workbook = {
  path: string;
  sheets: SheetPart[];
  date1904: boolean;
  /** By the number of a cell's style. */
  formats: NumberFormat[];
  shared: SharedStrings;
};

/** Parts that say how the others are to be read are small in every real workbook. */
const mostSmall = 64 * 1024 * 1024;
const mostLinks = 20_000;
const longestTarget = 1_024;
const mostSheets = 1_000;
const longestSheetName = 200;
/** Four times as many as spreadsheet programs have. */
const mostStyles = 262_144;
const mostCodes = 65_536;
const plain: NumberFormat = { kind: 'plain' };

/** Throws a 415 or 422 problem for what is no workbook, or one of another kind. */
export async function openWorkbook(path: string): Promise<Workbook> {
  const zip = await openZip(path);
  try {
    const main = await mainPart(zip);
    const links = await linksOf(zip, main);
    const { sheets, date1904 } = await sheetsOf(zip, main, links);
    if (sheets.length === 0) throw broken(new Error('no sheet'));
    const partBy = (kind: string): string | undefined =>
      [...links.values()].find((link) => link.type.endsWith(`/${kind}`))?.part;
    return {
      path,
      sheets,
      date1904,
      formats: await formatsOf(zip, partBy('styles')),
      shared: await sharedStrings(zip, partBy('sharedStrings')),
    };
  } finally {
    zip.close();
  }
}

async function mainPart(zip: ZipParts): Promise<string> {
  const links = await linksOf(zip, '');
  const main = [...links.values()].find((link) => link.type.endsWith('/officeDocument'))?.part;
  const found = main ?? zip.find('xl/workbook.xml');
  if (found !== undefined && /workbook[^/]*\.xml$/i.test(found)) return found;
  throw otherFormat(zip);
}

function otherFormat(zip: ZipParts): Error {
  const kind = zip.find('xl/workbook.bin')
    ? 'a binary workbook (.xlsb)'
    : zip.find('content.xml')
      ? 'an OpenDocument file (.ods)'
      : zip.find('word/document.xml')
        ? 'a text document'
        : zip.find('Index/Document.iwa')
          ? 'a file of Numbers'
          : 'an archive';
  return notReadable(
    'not_a_table',
    `The file is ${kind}, which cannot be read.`,
    'Save the table as .xlsx or CSV and import that.',
    415,
  );
}

type Link = { type: string; part: string };

/** What a part refers to, by id; what leads out of the file is left out. */
async function linksOf(zip: ZipParts, part: string): Promise<Map<string, Link>> {
  const folder = part === '' ? '' : dirname(part);
  const name = zip.find(join(folder, '_rels', `${part === '' ? '' : part.split('/').at(-1)!}.rels`));
  const links = new Map<string, Link>();
  if (name === undefined) return links;
  await readWholeXml(await zip.read(name, mostSmall), {
    open(element, attributes) {
      if (element !== 'Relationship' || attributes['TargetMode'] === 'External') return;
      const target = attributes['Target'] ?? '';
      if (target.length > longestTarget || links.size >= mostLinks) throw harmful();
      const found = zip.find(target.startsWith('/') ? target : join(folder, target.replaceAll('\\', '/')));
      if (found !== undefined)
        links.set(attributes['Id'] ?? '', { type: attributes['Type'] ?? '', part: found });
    },
  });
  return links;
}

async function sheetsOf(
  zip: ZipParts,
  main: string,
  links: ReadonlyMap<string, Link>,
): Promise<{ sheets: SheetPart[]; date1904: boolean }> {
  const sheets: SheetPart[] = [];
  let date1904 = false;
  await readWholeXml(await zip.read(main, mostSmall), {
    open(element, attributes) {
      if (element === 'workbookPr') date1904 = /^(1|true|on)$/i.test(attributes['date1904'] ?? '');
      if (element !== 'sheet') return;
      const id = Object.entries(attributes).find(([key]) => key === 'id' || key.endsWith(':id'))?.[1];
      const link = links.get(id ?? '');
      // A sheet may also be a chart, or a dialog of old.
      if (!link?.type.endsWith('/worksheet')) return;
      if (sheets.length >= mostSheets) throw harmful();
      const hidden = /hidden/i.test(attributes['state'] ?? '');
      const name = (attributes['name'] ?? `Sheet ${sheets.length + 1}`).slice(0, longestSheetName);
      sheets.push({ name, hidden, part: link.part });
    },
  });
  return { sheets, date1904 };
}

async function formatsOf(zip: ZipParts, part: string | undefined): Promise<NumberFormat[]> {
  if (part === undefined) return [];
  const codes = new Map<number, string>();
  const known = new Map<number, NumberFormat>();
  const formats: NumberFormat[] = [];
  let inCells = false;
  await readWholeXml(await zip.read(part, mostSmall), {
    open(element, attributes) {
      if (codes.size > mostCodes || formats.length > mostStyles) throw harmful();
      if (element === 'numFmt') codes.set(Number(attributes['numFmtId']), attributes['formatCode'] ?? '');
      else if (element === 'cellXfs') inCells = true;
      else if (element === 'xf' && inCells) {
        const id = Number(attributes['numFmtId'] ?? 0);
        const format = known.get(id) ?? numberFormat(id, codes.get(id));
        known.set(id, format);
        formats.push(format);
      }
    },
    close(element) {
      if (element === 'cellXfs') inCells = false;
    },
  });
  return formats;
}

export const formatOf = (book: Workbook, style: string | undefined): NumberFormat =>
  book.formats[Number(style ?? 0)] ?? plain;
