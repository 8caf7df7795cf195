/**
 * How much memory an import takes, however large its file: a file of wide rows through the command line in a process
 * of its own, and the most that process held. PostgreSQL runs beside it and is not counted.
 */
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { newKey, type Place } from '../server-process.ts';
import { measured } from './measured.ts';

export type ImportMemoryFigures = {
  megabytes: number;
  rows: number;
  loaded: number;
  refused: number;
  seconds: number;
  /** The most that the process of the import held, in MB. */
  peak: number;
};

const mega = 1024 * 1024;

/**
 * Imports a file of that size and measures its process. `heap` narrows its heap, in MB, so that what it keeps shows
 * early. Throws when the disk has no room for the file and what the database makes of it, and when the import fails.
 */
export async function importMemory(
  place: Place,
  input: { megabytes: number; heap?: number },
): Promise<ImportMemoryFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'groundwork-import-memory-'));
  try {
    await refuseFullDisk([folder, place.dataDir], input.megabytes);
    const file = join(folder, 'accounts.csv');
    const written = { rows: 0 };
    await pipeline(Readable.from(lines(input.megabytes * mega, written)), createWriteStream(file));
    // The first command of a place makes its tables.
    await newKey(place, 'read_only');
    const heap =
      input.heap === undefined ? [] : [`--max-old-space-size=${input.heap}`, '--max-semi-space-size=2'];
    const began = performance.now();
    const { peak, stdout } = await measured(place, ['import', file, '--object', 'accounts'], { node: heap });
    return {
      megabytes: Math.round((await stat(file)).size / mega),
      rows: written.rows,
      ...countsIn(stdout),
      seconds: Math.round((performance.now() - began) / 1000),
      peak,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The file itself, and four times as much for tables, indexes, events and the database's own log. */
async function refuseFullDisk(folders: readonly string[], megabytes: number): Promise<void> {
  for (const folder of folders) {
    const { bavail, bsize } = await statfs(folder);
    const free = Math.floor((bavail * bsize) / mega);
    if (free < megabytes * 5)
      throw new Error(
        `${folder} has ${free} MB free; this needs ${megabytes * 5} MB. Make room, or set TMPDIR.`,
      );
  }
}

const sentences = [
  'Sie fragten nach einem Angebot für die Wartung und möchten im Frühjahr entscheiden. ',
  'They asked, "who else uses it?", and want to talk to two of our customers. ',
  '担当者は来月の会議で予算について話し合う予定です。',
  'Zadzwonić po świętach; umowa z poprzednim dostawcą kończy się w marcu.\n',
];

/** Some 4 KB a row. Links to rows before and behind, values that are left empty, and rows that are refused, all spread. */
function* lines(bytes: number, written: { rows: number }): Generator<string> {
  const header = 'name,domain,parent,employees,city,notes\n';
  yield header;
  for (let size = Buffer.byteLength(header), at = 0; size < bytes; at++) {
    const name = at % 211 === 7 ? '' : `Company ${at}`;
    const parent = at % 9 === 0 ? `Company ${at + ((at * 7919) % 17) - 8}` : at % 997 === 5 ? 'Nobody' : '';
    const notes = Array.from({ length: 44 }, (_, part) => sentences[(at * 7 + part * part) % 4]!).join('');
    const cells = [
      `company-${at}.example`,
      parent,
      at % 101 === 1 ? 'many' : at % 5000,
      at % 3 === 0 ? 'Köln' : 'Łódź',
    ];
    const line = `${name},${cells.join(',')},"Note ${at}. ${notes.replaceAll('"', '""')}"\n`;
    size += Buffer.byteLength(line);
    written.rows = at + 1;
    yield line;
  }
}

function countsIn(stdout: string): { loaded: number; refused: number } {
  const [, loaded, refused] = /^([\d,]+) rows? loaded .*, ([\d,]+) refused\.$/m.exec(stdout) ?? [];
  const number = (text: string | undefined): number => Number(text?.replaceAll(',', ''));
  return { loaded: number(loaded), refused: number(refused) };
}
