/** `import FILE --draft-mapping`: what the draft found, in a few lines; the rest stands in the file. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Draft, DraftInput } from '../engine/importing/draft/draft-mapping.ts';
import { usageError } from './failure.ts';
import { isFolder } from './import.ts';
import { refuseOfOneFile } from './import-folder.ts';
import { thousands } from './progress.ts';

type Options = Pick<DraftInput, 'object' | 'encoding' | 'delimiter' | 'header' | 'sheet'> & {
  /** File to write, or of a folder a folder. */
  to: string;
  force?: boolean;
};

export async function runDraft(file: string, options: Options): Promise<void> {
  const { withContext } = await import('./context.ts');
  const { to, force, object, encoding, delimiter, header, sheet } = options;
  if (await isFolder(file)) {
    refuseOfOneFile(options);
    const { draftFolder } = await import('../engine/importing/draft/draft-folder.ts');
    const { drafts, left, files } = await withContext((context) => draftFolder(context, file));
    await mkdir(to, { recursive: true });
    await store(new Map([...files].map(([name, text]) => [join(to, name), text])), force);
    for (const draft of drafts) console.log(`${(await draftLines(draft)).join('\n')}\n`);
    for (const { name, why } of left) console.log(`${name}: not drafted. ${why}`);
    console.log(`${files.size} files are written to ${to}. Look through them, then try them:`);
    console.log(`./groundwork import ${file} --mapping ${to} --dry-run`);
    return;
  }
  const { draftMapping } = await import('../engine/importing/draft/draft-mapping.ts');
  const { draftYaml } = await import('../engine/importing/draft/draft-yaml.ts');
  const asked = { path: file, fileName: basename(file), object, encoding, delimiter, header, sheet };
  const draft = await withContext((context) => draftMapping(context, asked));
  await mkdir(dirname(to), { recursive: true });
  await store(new Map([[to, draftYaml(draft)]]), force);
  console.log((await draftLines(draft)).join('\n'));
  console.log(`\n${to} is written. Look through it, then try it:`);
  console.log(`./groundwork import ${file} --mapping ${to} --dry-run`);
}

/** Nothing is written over unless asked for, which is looked at before the first is written. */
async function store(files: ReadonlyMap<string, string>, force = false): Promise<void> {
  const there = [...files.keys()].find((path) => existsSync(path));
  if (there !== undefined && !force)
    throw usageError(`${there} is there already. Name another place, or add --force to write over it.`);
  for (const [path, text] of files) await writeFile(path, text);
}

async function draftLines(draft: Draft): Promise<string[]> {
  const { questionsOf } = await import('../engine/importing/draft/draft-yaml.ts');
  const { fileName, rows, whole, object, columns } = draft;
  const widest = Math.min(40, Math.max(0, ...columns.map(({ header }) => header.length)));
  return [
    `${fileName}: ${whole ? '' : 'the first '}${rows === 1 ? '1 row' : `${thousands(rows)} rows`}, taken for ${object.label.many}`,
    ...columns.map(({ header, taken, isOwnId, joined, rest }) => {
      const name = header.padEnd(widest);
      if (isOwnId) return `  ${name} → our id`;
      if (joined !== undefined) return `  ${name} → part of another column`;
      if (!taken) return `  ${name}   not imported`;
      return `  ${name} → ${taken.field.label}${rest ? ` and ${rest.label}` : ''} (${Math.round(taken.confidence * 100)} %)`;
    }),
    ...questionsOf(draft).map((question) => `  To decide: ${question}`),
  ];
}
