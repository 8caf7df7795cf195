/**
 * Which field each column may fill, and how sure that is: by its name, as the import itself would take it, then by
 * names that are alike, by what stands in it, and by what it shares with other files.
 */
import type { FieldModel, ObjectModel } from '../../../core/catalog/catalog.ts';
import type { ParseEnv } from '../../../core/kinds/field-type.ts';
import { bare, type ColumnMap } from '../column-map.ts';
import { mapByName } from '../map-by-name.ts';
import type { TableColumn } from '../table-file.ts';
import { alike } from './alike.ts';
import type { ColumnProfile } from './column-profile.ts';
import { overlapOf, type Overlap } from './overlap.ts';
import type { KnownNames } from './known-names.ts';

export type Candidate = {
  field: FieldModel;
  /** The linked record is found by this field of it. */
  by?: string;
  /** From 0 to 1. */
  confidence: number;
  /** What speaks for it. */
  how: 'key' | 'label' | 'synonym' | 'likeness' | 'content';
};

export type ColumnGuess = {
  header: string;
  index: number;
  /** The object's id is in it, as this CRM gave it. */
  isOwnId: boolean;
  taken?: Candidate;
  /** A whole name in one column, whose last word fills another field: the import does that where no mapping names it. */
  rest?: FieldModel;
  /** It belongs to another column, whose index this is: pieces of one value, or its currency or id. */
  joined?: number;
  /** What else it may be, best first. */
  candidates: Candidate[];
};

export type Guesses = {
  columns: ColumnGuess[];
  /** Several columns for one field, in their order. */
  joined: { field: FieldModel; headers: string[] }[];
};

/** From here on a guess is written into the mapping; below it stands in a comment. */
const sure = 0.7;
const worthTelling = 0.5;
/** Share of the values of a column that must be found for it to be a link to where they are. */
export const mostly = 0.5;
const mostCandidates = 3;

/** How sure a name makes one, before the values are looked at. */
const byHow = { mapping: 1, key: 1, label: 1, synonym: 0.95, likeness: 0.85 };

export function guessColumns(input: {
  env: ParseEnv;
  object: ObjectModel;
  fields: ReadonlyMap<string, FieldModel>;
  header: readonly TableColumn[];
  profiles: readonly ColumnProfile[];
  /** Names of the records of an object. */
  namesOf(object: string): readonly KnownNames[];
}): Guesses {
  const { env, object, fields, header, profiles } = input;
  const map: ColumnMap = { columns: [], skipped: [], constants: [], values: new Map() };
  const taken = new Map<string, string>();
  const decided = new Set<number>();
  mapByName({
    catalog: env.catalog,
    object,
    fields,
    header,
    map,
    taken,
    isFree: (index) => !decided.has(index),
    decide: (index) => decided.add(index),
  });
  const guesses = header.map(({ name }, index): ColumnGuess => ({
    header: name,
    index,
    isOwnId: false,
    candidates: [],
  }));
  if (map.id) {
    const guess = guesses[map.id.index]!;
    if (profiles[map.id.index]!.sort === 'uuid') guess.isOwnId = true;
    else if (map.id.old) guess.taken = { field: map.id.old, confidence: 0.9, how: 'likeness' };
  }
  const joined: Guesses['joined'] = [];
  for (const { index, field, by, rest, pieces, beside, how } of map.columns) {
    if (pieces) {
      const parts = pieces.filter((piece) => typeof piece === 'number');
      joined.push({ field, headers: parts.map((at) => header[at]!.name) });
      for (const at of parts) guesses[at]!.joined = index;
      continue;
    }
    if (beside !== undefined) guesses[beside]!.joined = index;
    const guess = guesses[index]!;
    guess.rest = rest;
    const base = byHow[how];
    const fit = rest ? 1 : fitOf(input, field, profiles[index]!);
    guess.taken = {
      field,
      by: by ?? (beside === undefined ? mostlyBy(input, field, profiles[index]!) : undefined),
      confidence: rounded(base * (0.5 + 0.5 * fit)),
      how: how === 'mapping' ? 'key' : how,
    };
  }
  const open = guesses.filter(
    ({ index, taken: found, isOwnId, joined: part }) =>
      !found && !isOwnId && part === undefined && header[index]!.renamed !== 'ours',
  );
  const free = [...fields.values()].filter((field) => !taken.has(field.key) && !field.system);
  for (const guess of open) {
    guess.candidates = free
      .map((field) => candidateOf(input, field, profiles[guess.index]!, free))
      .filter(({ confidence }) => confidence >= worthTelling)
      .sort((a, b) => b.confidence - a.confidence);
  }
  const pairs = open.flatMap((guess) => guess.candidates.map((candidate) => ({ guess, candidate })));
  for (const { guess, candidate } of pairs.sort((a, b) => b.candidate.confidence - a.candidate.confidence)) {
    if (candidate.confidence < sure || guess.taken || taken.has(candidate.field.key)) continue;
    guess.taken = candidate;
    taken.set(candidate.field.key, guess.header);
  }
  for (const guess of open) {
    guess.candidates = guess.candidates
      .filter(({ field }) => field !== guess.taken?.field && (guess.taken || !taken.has(field.key)))
      .slice(0, mostCandidates);
  }
  return { columns: guesses, joined };
}

type Input = Parameters<typeof guessColumns>[0];

function candidateOf(
  input: Input,
  field: FieldModel,
  profile: ColumnProfile,
  free: readonly FieldModel[],
): Candidate {
  const likeness = Math.max(0, ...namesOf(field).map((name) => alike(profile.header, name)));
  const overlap = overlapWith(input, field, profile);
  if (overlap && overlap.share >= mostly && profile.distinct >= 3) {
    const confidence = rounded(Math.max(0.5 + 0.4 * overlap.share, likeness));
    return { field, by: overlap.by, confidence, how: 'content' };
  }
  if (field.key === input.object.oldIdField && profile.unique && namesAnId(profile.header))
    return { field, confidence: 0.8, how: 'content' };
  const fit = fitOf(input, field, profile);
  const byName = likeness < 0.5 ? 0 : likeness * (0.3 + 0.7 * fit);
  // Only an address, a number to call and the like are told by their look, and the first field for them is meant.
  const looks = (one: FieldModel): boolean =>
    profile.filled >= 3 && isTelling(one, input.env) && fitOf(input, one, profile) >= 0.9;
  const byLook = looks(field)
    ? free.find((one) => one.type === field.type && looks(one)) === field
      ? 0.75
      : 0.5
    : 0;
  return byName >= byLook
    ? { field, confidence: rounded(byName), how: 'likeness' }
    : { field, confidence: byLook, how: 'content' };
}

function overlapWith(input: Input, field: FieldModel, profile: ColumnProfile): Overlap | undefined {
  const target = field.type.linkTo?.(field);
  return target === undefined ? undefined : overlapOf(profile, input.namesOf(target));
}

/** The field by which most of what stands in the column is found; undefined: by name, or hardly at all. */
function mostlyBy(input: Input, field: FieldModel, profile: ColumnProfile): string | undefined {
  const overlap = overlapWith(input, field, profile);
  return overlap && overlap.share >= mostly ? overlap.by : undefined;
}

/** Share of what stands in the column that the field can take. */
function fitOf(input: Input, field: FieldModel, profile: ColumnProfile): number {
  if (profile.filled === 0) return 0.5;
  if (field.type.linkTo) {
    const known = input.namesOf(field.type.linkTo(field));
    return known.length === 0 ? 0.8 : Math.max(0.5, overlapOf(profile, known)?.share ?? 0);
  }
  let [fits, all] = [0, 0];
  for (const [text, rows] of profile.values.slice(0, 100)) {
    all += rows;
    if (taken(field, text, input.env)) fits += rows;
  }
  return all === 0 ? 0.5 : fits / all;
}

/** Whether the field can take the text, days in one order or the other. */
export function taken(field: FieldModel, text: string, env: ParseEnv): boolean {
  const read = field.type.parseText ?? field.type.parse;
  return (
    read(text, field, { ...env, dateOrder: 'dmy' }).ok || read(text, field, { ...env, dateOrder: 'mdy' }).ok
  );
}

/** Neither words nor numbers nor days fit: what fits is meant for it. */
const isTelling = (field: FieldModel, env: ParseEnv): boolean =>
  !['neither nor 1a §', '7', '2024-01-31', 'yes'].some((text) => taken(field, text, env));

const namesAnId = (header: string): boolean =>
  /(^|[^\p{L}])(id|no|nr|number|key|code|nummer|uuid|guid)$/iu.test(header.trim()) ||
  /\p{Ll}(ID|Id)$/u.test(header);

const namesOf = (field: FieldModel): string[] =>
  [field.key, field.label, ...(field.definition.synonyms ?? [])].filter((name) => bare(name).length > 2);

const rounded = (confidence: number): number => Math.round(confidence * 100) / 100;
