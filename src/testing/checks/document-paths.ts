/** Paths that a document names must exist: a map of a house that has been rebuilt is worse than none. */
import { existsSync, globSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { Finding } from './finding.ts';
import { root, type ProjectFile } from './project-files.ts';

/** First steps of the paths that belong to the checkout. */
const ours =
  /^(src|docs|packs|migrations|e2e|bench|\.ci)(\/|$)|^[\w.-]+\.(md|json|ts)$|^(LICENSE|groundwork)$/;

/** What is made by running and need not lie there. */
const made = /^(data|dist|coverage|test-results|node_modules)(\/|$)|^bench\/results/;

/**
 * In backquotes: `src/core/sql/sql.ts`, `src/kinds/fields/`; a `<name>` or `*` in it stands for at least one
 * that exists. In links: `[words](docs/guide/words.md)`, from the document's own folder.
 */
export function missingPaths({ path, text }: ProjectFile): Finding[] {
  const found: Finding[] = [];
  let fenced = false;
  text.split('\n').forEach((line, index) => {
    if (/^\s*```/.test(line)) fenced = !fenced;
    if (fenced) return;
    const refuse = (named: string): void => {
      found.push({ file: path, line: index + 1, say: `names ${named}, which does not exist.` });
    };
    for (const [, quoted] of line.matchAll(/`([^`\s]+)`/g)) {
      const named = quoted!.replace(/[#:].*$/, '').replace(/\/$/, '');
      if (!ours.test(named) || made.test(named)) continue;
      if (!exists(named) && !isNameOfAFile(named)) refuse(quoted!);
    }
    for (const [, target] of line.matchAll(/\]\(([^)\s]+)\)/g)) {
      const named = target!.replace(/#.*$/, '');
      if (named === '' || /^[a-z]+:/.test(named) || named.startsWith('/')) continue;
      if (!exists(posix.join(posix.dirname(path), named))) refuse(target!);
    }
  });
  return found;
}

/** A bare name, in a text that has said before where it lies. */
const isNameOfAFile = (named: string): boolean =>
  !named.includes('/') && globSync(`{src,bench,e2e}/**/${named}`, { cwd: root }).length > 0;

function exists(named: string): boolean {
  const pattern = named.replaceAll(/<[^>]+>|…/g, '*');
  return pattern.includes('*') ? globSync(pattern, { cwd: root }).length > 0 : existsSync(join(root, named));
}
