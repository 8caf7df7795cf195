/**
 * What a folder of files would make of the definitions in force: pure data, nothing is asked of the
 * database. Absent files leave their definition alone; absent fields are hidden, never dropped.
 */
import type { Definitions, Sort } from '../../core/definitions/index.ts';
import { issue, type Issue } from '../../core/errors/problem.ts';
import { changeLines, difference, lay, same, type Difference } from './layers.ts';
import { readDefinitions, type ReadDefinition } from './read-files.ts';
import { readYaml, type DefinitionFile } from './read-yaml.ts';
import { schemaIssues, type Source } from './schema-issues.ts';
import { shapes } from './shape.ts';
import {
  nameFor,
  resolve,
  resolveOne,
  split,
  type Base,
  type DefinitionState,
  type Name,
  type OwnEntry,
} from './state.ts';
import { groundworkFile, textOf } from './text-of.ts';
import { amendYaml } from './write-yaml.ts';

export type Change = {
  sort: Sort;
  key: string;
  /** `text`: only comments or layout differ. */
  change: 'added' | 'changed' | 'retired' | 'text';
  /** `- path: value` and `+ path: value`. */
  lines: string[];
};

export type Proposal = {
  issues: Issue[];
  changes: Change[];
  /** What the workspace's layer says from then on, of the definitions that change; undefined: nothing. */
  own: Map<Name, OwnEntry | undefined>;
  /** Everything resolved, as it would be. A definition with issues stands as it did. */
  definitions: Definitions;
  /** Where the definitions were read, so that later findings can name file and line. */
  sources: Map<Name, Source>;
  /** Definitions that would be new and could not be read: what names them is no error of its own. */
  unread: string[];
};

export type ProposalInput = { files: readonly DefinitionFile[]; prune?: boolean };

/** `stood`: the packs that the files stand on, as `groundwork.yaml` names them. */
export function propose(state: DefinitionState, stood: Base, input: ProposalInput): Proposal {
  const own = new Map<Name, OwnEntry | undefined>();
  const changes: Change[] = [];
  const sources = new Map<Name, Source>();
  const unread: string[] = [];
  const { definitions: read, issues } = readDefinitions(
    input.files.filter((file) => file.path !== groundworkFile),
  );
  const add = (name: Name, entry: OwnEntry | undefined): void => {
    const { sort, key } = split(name);
    const before = resolveOne(state, name);
    const after = lay(state.base.get(name)?.definition, entry?.changes, shapes[sort]);
    const found = changeOf(sort, key, before, after);
    own.set(name, entry);
    changes.push(found);
  };
  for (const each of read) {
    const name = nameFor(each.sort, each.key);
    if (each.file.text === textOf(state, name)) continue;
    const found = schemaIssues(each.sort, each.key, each.value, each);
    if (found.length > 0) {
      issues.push(...found);
      if (resolveOne(state, name) === undefined) unread.push(each.key);
      continue;
    }
    sources.set(name, each);
    const entry = entryFor(state, stood, each);
    // A file that an upgrade of its pack has overtaken, and that says nothing of its own, is no change.
    const overtaken = !same(stood.get(name)?.definition, state.base.get(name)?.definition);
    if (overtaken && same(entry?.changes, state.own.get(name)?.changes)) continue;
    add(name, entry);
  }
  if (input.prune) for (const name of absent(state, input.files)) add(name, retired(state, name));
  const next = new Map(state.own);
  for (const [name, entry] of own) {
    if (entry) next.set(name, entry);
    else next.delete(name);
  }
  return { issues, changes, own, definitions: resolve({ base: state.base, own: next }), sources, unread };
}

function entryFor(state: DefinitionState, stood: Base, read: ReadDefinition): OwnEntry | undefined {
  const name = nameFor(read.sort, read.key);
  const shape = shapes[read.sort];
  const stoodOn = stood.get(name)?.definition;
  const wanted = hideAbsentFields(
    resolveOne(state, name),
    read.value,
    stoodOn,
    state.base.get(name)?.definition,
  );
  const changes: Difference | undefined = difference(stoodOn, wanted, shape);
  const text = read.file.text === state.base.get(name)?.text ? undefined : read.file.text;
  return changes === undefined && text === undefined ? undefined : { changes, text };
}

/**
 * A field that the file leaves out is retired: records hold its values. Not so a field that a pack brought
 * after the file was exported.
 */
function hideAbsentFields(present: unknown, wanted: unknown, stood: unknown, base: unknown): unknown {
  const fields = fieldsOf(wanted);
  if (!fields) return wanted;
  const hidden = Object.entries(fieldsOf(present) ?? {}).filter(
    ([key]) => !Object.hasOwn(fields, key) && (has(stood, key) || !has(base, key)),
  );
  if (hidden.length === 0) return wanted;
  return {
    ...(wanted as object),
    fields: {
      ...fields,
      ...Object.fromEntries(hidden.map(([key, field]) => [key, { ...field, retired: true }])),
    },
  };
}

const fieldsOf = (definition: unknown): Record<string, object> | undefined =>
  (definition as { fields?: Record<string, object> } | undefined)?.fields;
const has = (definition: unknown, key: string): boolean => Object.hasOwn(fieldsOf(definition) ?? {}, key);

function absent(state: DefinitionState, files: readonly DefinitionFile[]): Name[] {
  const there = new Set(files.map((file) => file.path.replace(/\.ya?ml$/, '')));
  return [...new Set([...state.base.keys(), ...state.own.keys()])].filter((name) => {
    const value = resolveOne(state, name) as { retired?: boolean } | undefined;
    return !there.has(name) && value !== undefined && !value.retired;
  });
}

function retired(state: DefinitionState, name: Name): OwnEntry {
  const { sort } = split(name);
  const value = { ...(resolveOne(state, name) as object), retired: true };
  return {
    changes: difference(state.base.get(name)?.definition, value, shapes[sort]),
    text: amendYaml(sort, textOf(state, name)!, value),
  };
}

/** What became of a definition. */
export function changeOf(sort: Sort, key: string, before: unknown, after: unknown): Change {
  const lives = (value: unknown): boolean => value !== undefined && !(value as { retired?: boolean }).retired;
  const lines = changeLines(before, after, shapes[sort]);
  if (before === undefined) return { sort, key, change: 'added', lines };
  if (lives(before) && !lives(after)) return { sort, key, change: 'retired', lines };
  return {
    sort,
    key,
    change: difference(before, after, shapes[sort]) === undefined ? 'text' : 'changed',
    lines,
  };
}

/** Packs and versions that the files say they stand on; undefined when they do not say. */
export function standsOn(files: readonly DefinitionFile[]): {
  packs?: Record<string, string>;
  issues: Issue[];
} {
  const file = files.find((each) => each.path === groundworkFile);
  if (!file) return { issues: [] };
  const read = readYaml(file);
  const packs = (read.value as { packs?: unknown } | undefined)?.packs;
  if (read.issues.length > 0) return { issues: read.issues };
  if (
    typeof packs !== 'object' ||
    packs === null ||
    !Object.values(packs).every((each) => typeof each === 'string')
  ) {
    return {
      issues: [
        issue(
          `${file.path}:1`,
          'invalid_definition',
          'It does not say on which packs these files stand.',
          'Export again, or take the file out to compare with the packs in force.',
        ),
      ],
    };
  }
  return { packs: packs as Record<string, string>, issues: [] };
}
