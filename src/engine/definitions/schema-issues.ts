/** What a file of definitions has against it before any other is looked at: its name, and its sort's schema. */
import type { z } from 'zod';
import { sortKeys, sorts, type Sort } from '../../core/definitions/index.ts';
import { issue, type Issue } from '../../core/errors/problem.ts';
import type { DefinitionFile, Read } from './read-yaml.ts';

export type Source = { file: DefinitionFile; read: Read };

/** Sort and key of a file by its path; an issue where the path says neither. */
export function nameOf(path: string): { sort: Sort; key: string } | Issue {
  const [folder, name, more] = path.split('/');
  const key = /^([a-z][a-z0-9]*(?:_[a-z0-9]+)*)\.ya?ml$/.exec(name ?? '')?.[1];
  if (!folder || !(sortKeys as string[]).includes(folder) || more !== undefined) {
    return issue(
      path,
      'unknown_sort',
      'There is no sort of definition called “{folder}”.',
      'Put the file into one of the folders {sorts}.',
      {
        folder,
        sorts: sortKeys.join(', '),
      },
    );
  }
  if (!key || key.length > 48) {
    return issue(
      path,
      'bad_name',
      'The file name “{name}” is not the key of a definition.',
      'Name it after its key in snake_case, at most 48 characters, such as next_steps.yaml.',
      { name },
    );
  }
  return { sort: folder as Sort, key };
}

/** What the zod schema of its sort has against a definition, each finding with file and line. */
export function schemaIssues(sort: Sort, key: string, value: unknown, source?: Source): Issue[] {
  const parsed = (sorts[sort] as z.ZodType).safeParse(value);
  if (parsed.success) return [];
  return parsed.error.issues.flatMap((found) => {
    const extra = found.code === 'unrecognized_keys' ? found.keys : [undefined];
    return extra.map((unknown) => {
      const path = unknown === undefined ? found.path : [...found.path, unknown];
      return placed(
        issue(
          [
            sort,
            key,
            ...path.map((part) =>
              typeof part === 'number' ? nameIn(value, found.path, part) : String(part),
            ),
          ].join('.'),
          unknown === undefined ? 'invalid_definition' : 'unknown_key',
          unknown === undefined ? '{message}' : 'There is no key “{unknown}” here.',
          unknown === undefined ? 'See the reference page of {sort}.' : 'Take it out or mend its spelling.',
          { message: sentence(found, value), unknown, sort },
        ),
        path,
        source,
      );
    });
  });
}

/** A part of a keyed array is named by its key. */
function nameIn(value: unknown, path: readonly PropertyKey[], index: number): string {
  let node: any = value;
  for (const part of path) {
    if (part === index && Array.isArray(node)) break;
    node = node?.[part as string];
  }
  const key = Array.isArray(node) ? node[index]?.key : undefined;
  return typeof key === 'string' ? key : String(index);
}

function sentence(found: z.core.$ZodIssue, value: unknown): string {
  const given = found.path.reduce<any>((node, part) => node?.[part as string], value);
  if (found.code === 'invalid_type' && given === undefined)
    return `“${String(found.path.at(-1) ?? 'It')}” is missing.`;
  return found.message;
}

/** The issue with `file:line` in front of its sentence. */
export function placed(found: Issue, path: readonly PropertyKey[], source?: Source): Issue {
  if (!source) return found;
  return { ...found, message: `${source.file.path}:${source.read.lineOf(path)}: ${found.message}` };
}
