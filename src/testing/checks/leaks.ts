/**
 * What must not be in the repository: where and on which machine it was written, and from where its
 * packages were fetched. The names looked for are this machine's own, so none stands here.
 */
import { homedir, hostname } from 'node:os';
import { dirname } from 'node:path';
import type { Finding } from './finding.ts';
import { root, type ProjectFile } from './project-files.ts';

const text = /\.(tsx?|js|mjs|json|md|ya?ml|sql|css|html|svg|csv|txt|sh)$|(^|\/)[^./]+$|^\.[\w./-]+$/;

/** Whether a file can hold a leak that a person would read. The lock file has a check of its own. */
export const mayLeak = (path: string): boolean => text.test(path) && path !== 'package-lock.json';

const escaped = (words: string): string => words.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Patterns of this machine, and those of any. */
function patterns(): { pattern: RegExp; say: string }[] {
  const folders = [root, dirname(root), homedir()].filter(
    (folder) => folder.length > 2 && folder !== '/root',
  );
  const registry = process.env['npm_config_registry'];
  const host = registry === undefined ? undefined : new URL(registry).hostname;
  return [
    ...folders.map((folder) => ({
      pattern: new RegExp(`(?<![\\w.])${escaped(folder)}(/|\\b)`),
      say: 'names a folder of the machine it was written on; write a path from the checkout.',
    })),
    ...[hostname(), host]
      .filter((name) => name !== undefined && name.length > 3 && name !== 'localhost')
      .map((name) => ({
        pattern: new RegExp(`(?<![\\w.])${escaped(name!)}(?![\\w])`),
        say: 'names the machine it was written on, or the registry it used; leave it out.',
      })),
    {
      pattern: /(?<![\w.])\/(home|Users)\/[a-z][\w.-]*\/|\b[A-Z]:\\Users\\/,
      say: 'names somebody’s home folder; write a path from the checkout.',
    },
    {
      pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
      say: 'holds a private key; take it out and replace the key, for it is known now.',
    },
  ];
}

/** Lines that tell where they were written. */
export function leaks({ path, text }: ProjectFile): Finding[] {
  const found: Finding[] = [];
  const looked = patterns();
  text.split('\n').forEach((line, index) => {
    const leak = looked.find(({ pattern }) => pattern.test(line));
    if (leak) found.push({ file: path, line: index + 1, say: leak.say });
  });
  return found;
}

type Lock = {
  lockfileVersion: number;
  packages: Record<string, { resolved?: string; link?: boolean; version?: string; integrity?: string }>;
};

/**
 * The lock file names versions and their hashes and no address, so that it installs from any registry.
 * `allowed` are addresses inside the checkout.
 */
export function lockFindings(text: string): Finding[] {
  const { packages } = JSON.parse(text) as Lock;
  return Object.entries(packages).flatMap(([name, entry]): Finding[] => {
    if (name === '' || entry.link === true) return [];
    const file = 'package-lock.json';
    if (entry.resolved !== undefined) {
      return [
        {
          file,
          say: `${name} carries a download address; install with “npm install --omit-lockfile-registry-resolved”.`,
        },
      ];
    }
    if (entry.integrity === undefined) {
      return [{ file, say: `${name} has no hash, so that what is installed cannot be told from a forgery.` }];
    }
    return [];
  });
}
