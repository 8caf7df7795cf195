/** A mapping file on disk, with the dictionaries that it names: files of two columns beside it. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { issue, refusal } from '../../core/errors/problem.ts';
import { parseMapping, type MappingFile } from './mapping-file.ts';
import { openTable } from './open-table.ts';

/** Lines that a dictionary may have. */
const mostMeanings = 100_000;

/** Throws a 422 problem for a mapping that cannot be understood, and for a dictionary that is none. */
export async function readMapping(path: string): Promise<MappingFile> {
  return withDictionaries(parseMapping(await readFile(path, 'utf8')), dirname(path));
}

/** What a dictionary says comes after what the mapping itself says. Files are looked for in `folder`. */
export async function withDictionaries(
  { dictionaries, ...mapping }: MappingFile,
  folder: string,
): Promise<MappingFile> {
  if (!dictionaries) return mapping;
  const values = { ...mapping.values };
  for (const [field, file] of Object.entries(dictionaries))
    values[field] = { ...(await meaningsIn(resolve(folder, file), file)), ...values[field] };
  return { ...mapping, values };
}

async function meaningsIn(path: string, name: string): Promise<Record<string, string | null>> {
  const file = await openTable(path, { header: 'none' });
  const meanings = new Map<string, string | null>();
  for await (const { rows } of file.rows()) {
    for (const { line, cells, refused } of rows) {
      const [raw = '', meaning = ''] = cells.map((cell) => cell.trim());
      if (refused || cells.length < 2 || meanings.size >= mostMeanings) {
        throw refusal(422, 'bad_dictionary', [
          issue(
            'mapping.dictionaries',
            'bad_dictionary',
            'Line {line} of the dictionary {name} cannot be taken.',
            'Let each line hold what stands in the file, and in a second column what it means; {most} lines at most.',
            { line, name, most: mostMeanings },
          ),
        ]);
      }
      if (raw !== '') meanings.set(raw, meaning === '' ? null : meaning);
    }
  }
  return Object.fromEntries(meanings);
}
