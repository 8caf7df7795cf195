/**
 * The reference pages in docs/reference. `npm run reference` writes them; the check compares what stands
 * there with what the code and packs say now.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Finding } from './finding.ts';
import { projectPaths, root } from './project-files.ts';
import { referencePages } from './reference/pages.ts';

const folder = 'docs/reference';

const standing = (): string[] => (existsSync(join(root, folder)) ? projectPaths(folder) : []);

/** Pages that are missing, differ, or that nothing makes any more. */
export async function staleReference(): Promise<Finding[]> {
  const pages = await referencePages();
  const mend = 'run “npm run reference”.';
  const found: Finding[] = [];
  for (const [name, text] of pages) {
    const file = `${folder}/${name}`;
    if (!existsSync(join(root, file))) found.push({ file, say: `is missing; ${mend}` });
    else if (readFileSync(join(root, file), 'utf8') !== text) found.push({ file, say: `is stale; ${mend}` });
  }
  for (const file of standing()) {
    if (!pages.has(file.slice(folder.length + 1))) found.push({ file, say: `is made by nothing; ${mend}` });
  }
  return found;
}

/** Writes all pages and takes away what is none of them. Gives their number. */
export async function writeReference(): Promise<number> {
  const pages = await referencePages();
  for (const file of standing()) {
    if (!pages.has(file.slice(folder.length + 1))) rmSync(join(root, file));
  }
  for (const [name, text] of pages) {
    const path = join(root, folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return pages.size;
}

if (import.meta.main) {
  process.stdout.write(`${await writeReference()} pages written to ${folder}\n`);
}
