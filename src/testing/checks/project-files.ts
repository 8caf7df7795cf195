/**
 * The files of the checkout as the checks read them. It walks the folders and does not ask git, which a
 * machine that only runs the product need not have.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../../..');

/** What is made and not kept; the same names as in .gitignore. */
const made = new Set(['node_modules', '.git', 'data', 'dist', 'coverage', 'test-results', '.cache']);

export type ProjectFile = { path: string; text: string };

/** Paths below `folder`, relative to the checkout, with forward slashes, in order. */
export function projectPaths(folder = ''): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => !made.has(entry.name) && !entry.name.endsWith('.log'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return projectPaths(path);
      return entry.isFile() ? [path] : [];
    });
}

export const readProjectFile = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The files whose path fits, with their text. */
export function projectFiles(fits: (path: string) => boolean, folder = ''): ProjectFile[] {
  return projectPaths(folder)
    .filter(fits)
    .map((path) => ({ path, text: readProjectFile(path) }));
}

export const isCode = (path: string): boolean => /\.tsx?$/.test(path) && !path.endsWith('.d.ts');

/** Tests, their samples and the servers they start: code that no user runs. */
export const isTest = (path: string): boolean =>
  /\.test\.tsx?$|\.cases\.ts$|\/test-[^/]*\.tsx?$|^src\/kinds\/(.*\/)?sample-[^/]*\.ts$/.test(path) ||
  path.startsWith('src/testing/') ||
  path.startsWith('e2e/');
