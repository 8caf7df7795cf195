/**
 * A first draft of a mapping file: what stands in each column, which field it may fill and how sure that is, what its
 * values may mean, and what somebody has to decide. Nothing is written.
 */
import { basename, extname } from 'node:path';
import type { FieldModel, ObjectModel } from '../../../core/catalog/catalog.ts';
import type { Context } from '../../../core/context/context.ts';
import { forbidden, issue, refusal } from '../../../core/errors/problem.ts';
import type { ParseEnv } from '../../../core/kinds/field-type.ts';
import { accessOf, parseEnvOf } from '../../access/access.ts';
import { readableObject } from '../../read/select.ts';
import type { ColumnMap } from '../column-map.ts';
import { mapColumns } from '../map-columns.ts';
import { mayFill } from '../open-import.ts';
import { openTable } from '../open-table.ts';
import { survey, type Survey } from '../survey.ts';
import type { HeaderAsked, TableFile } from '../table-file.ts';
import { tellObject, type Told } from '../tell-object.ts';
import { beginning, profileOf, type ColumnProfile, type TableProfile } from './column-profile.ts';
import { guessColumns, mostly, type ColumnGuess, type Guesses } from './guess-columns.ts';
import { guessNames, guessValues, type ValueGuess } from './guess-values.ts';
import { namesHere, type KnownNames } from './known-names.ts';
import { overlapOf, type Overlap } from './overlap.ts';

export type DraftInput = {
  /** File on this machine's disk. */
  path: string;
  /** As people call it. */
  fileName: string;
  /** Key of the object; default: as the file's name or its columns say. */
  object?: string;
  encoding?: string;
  delimiter?: string;
  header?: HeaderAsked;
  sheet?: string;
};

export type DraftColumn = ColumnGuess & {
  profile: ColumnProfile;
  /** Of a link: where its values are found. */
  overlap?: Overlap;
};

export type Draft = {
  fileName: string;
  asked: DraftInput;
  object: ObjectModel;
  by: Told['by'] | 'asked';
  file: TableFile;
  rows: number;
  /** False: only the first rows were looked at. */
  whole: boolean;
  columns: DraftColumn[];
  joined: Guesses['joined'];
  values: ValueGuess[];
  /** The pipeline whose stages the file has, and whether the object has others. */
  pipeline?: { key: string; others: string[] };
  history: boolean;
  /** Column by which records are found again. */
  key?: FieldModel;
  /** What the records are called, where no column says it: the column that tells them apart. */
  nameFrom?: { field: FieldModel; header: string };
  /** Must be filled, and no column does. */
  unfilled: FieldModel[];
  decided: Survey;
  env: ParseEnv;
};

/** A file that is opened and looked at, before anything is guessed. */
export type Looked = {
  asked: DraftInput;
  file: TableFile;
  object: ObjectModel;
  by: Draft['by'];
  fields: ReadonlyMap<string, FieldModel>;
  profile: TableProfile;
  history: boolean;
};

/** @throws Problem for a missing right, a file that is no table, and one that does not tell what its rows are */
export async function draftMapping(context: Context, input: DraftInput): Promise<Draft> {
  const looked = await lookAt(context, input);
  return draftOf(context, looked, namesOnce(context));
}

/** `cells`: how many of its cells are looked at. */
export async function lookAt(context: Context, input: DraftInput, cells?: number): Promise<Looked> {
  const access = accessOf(context);
  if (!context.may('imports.run')) throw forbidden('import files');
  const { path, encoding, delimiter, header, sheet } = input;
  const file = await openTable(path, { encoding, delimiter, header, sheet });
  const history = context.may('imports.history');
  const fillable = (object: ObjectModel): ReadonlyMap<string, FieldModel> =>
    new Map(
      [...object.fields].filter(
        ([, field]) => access.may('import', object.key) && mayFill(access, field, history),
      ),
    );
  const profile = await profileOf(file, cells);
  const told = input.object === undefined ? tell(context, input, { file, profile, fillable }) : undefined;
  const key = input.object ?? told?.object.key;
  if (key === undefined) {
    throw refusal(422, 'which_object', [
      issue(
        'object',
        'which_object',
        'Neither the name of {file} nor its columns say which records its rows are.',
        'Say the object, such as accounts.',
        { file: input.fileName },
      ),
    ]);
  }
  const object = readableObject(context, access, key);
  if (!access.may('import', object.key)) throw forbidden(`import ${object.label.many.toLowerCase()}`);
  return {
    asked: input,
    file,
    object,
    by: told?.by ?? 'asked',
    fields: fillable(object),
    profile,
    history,
  };
}

/** By name and columns as the import does; but rows that name a record again and again are not that record. */
function tell(
  context: Context,
  { fileName, sheet }: DraftInput,
  given: {
    file: TableFile;
    profile: TableProfile;
    fillable: (object: ObjectModel) => ReadonlyMap<string, FieldModel>;
  },
): Told | undefined {
  const { file, profile, fillable } = given;
  const mapFor = (object: ObjectModel): ColumnMap => {
    const fields = fillable(object);
    return mapColumns({
      catalog: context.catalog,
      object,
      header: file.header,
      writable: ({ key }) => fields.has(key),
    });
  };
  const repeats = (object: ObjectModel): boolean => {
    const { columns } = mapFor(object);
    const named = columns.filter(({ field }) => object.nameFields.includes(field.key));
    return (
      profile.rows >= 5 &&
      named.length === 1 &&
      profile.columns[named[0]!.index]!.distinct * 2 <= profile.rows &&
      !columns.some(({ index, field }) => field.key === object.oldIdField && profile.columns[index]!.unique)
    );
  };
  const told = tellObject(context.catalog, sheet ?? basename(fileName, extname(fileName)), mapFor);
  if (!told || !repeats(told.object)) return told;
  const objects = new Map([...context.catalog.objects].filter(([, object]) => object !== told.object));
  const other = tellObject({ ...context.catalog, objects }, '', mapFor);
  return other && !repeats(other.object) ? other : told;
}

/** What records of an object are called here, read once. */
export function namesOnce(context: Context): (object: string) => Promise<readonly KnownNames[]> {
  const known = new Map<string, Promise<KnownNames[]>>();
  return (key) => {
    const object = context.catalog.objects.get(key);
    if (!object || !accessOf(context).may('read', key)) return Promise.resolve([]);
    let names = known.get(key);
    if (!names) known.set(key, (names = namesHere(context, object)));
    return names;
  };
}

export async function draftOf(
  context: Context,
  looked: Looked,
  namesOf: (object: string) => Promise<readonly KnownNames[]>,
): Promise<Draft> {
  const { asked, file, object, by, fields, profile } = looked;
  const linked = [...new Set([...fields.values()].flatMap((field) => field.type.linkTo?.(field) ?? []))];
  const names = new Map(await Promise.all(linked.map(async (key) => [key, await namesOf(key)] as const)));
  const known = (key: string): readonly KnownNames[] => names.get(key) ?? [];
  const env = parseEnvOf(context);
  const guesses = guessColumns({
    env,
    object,
    fields,
    header: file.header,
    profiles: profile.columns,
    namesOf: known,
  });
  const columns = guesses.columns.map((guess): DraftColumn => {
    const target = guess.taken && guess.taken.field.type.linkTo?.(guess.taken.field);
    const column = profile.columns[guess.index]!;
    return {
      ...guess,
      profile: column,
      overlap: target === undefined ? undefined : overlapOf(column, known(target)),
    };
  });
  const filled = new Set([
    ...columns.flatMap(({ taken, rest }) => [taken?.field.key, rest?.key]),
    ...guesses.joined.map(({ field }) => field.key),
  ]);
  const decided = await surveyed(context, looked, columns);
  const apart = columns.find(({ profile: one }) => one.unique && one.sort !== 'date');
  const [nameKey, ...more] = object.nameFields;
  const nameField = nameKey === undefined || more.length > 0 ? undefined : fields.get(nameKey);
  const nameFrom =
    nameField && nameField.required && !filled.has(nameField.key) && apart
      ? { field: nameField, header: apart.header }
      : undefined;
  const staged = columns.find(({ taken }) => taken?.field.type.role === 'stage');
  return {
    fileName: asked.fileName,
    asked,
    object,
    by,
    file,
    rows: profile.rows,
    whole: profile.whole,
    columns,
    joined: guesses.joined,
    values: columns.flatMap((column) => valuesOf(column, env)),
    pipeline: pipelineOf(object, filled, staged),
    history: looked.history && staged !== undefined,
    key: keyOf(object, columns),
    nameFrom,
    unfilled: [...fields.values()].filter(
      (field) =>
        field.required &&
        !filled.has(field.key) &&
        field.key !== nameFrom?.field.key &&
        field.definition.default === undefined &&
        field.type.role === undefined,
    ),
    decided,
    env,
  };
}

function valuesOf({ taken, rest, profile, overlap }: DraftColumn, env: ParseEnv): ValueGuess[] {
  if (!taken || rest) return [];
  if (!taken.field.type.linkTo) return guessValues(taken.field, profile, env);
  return taken.by === undefined && overlap && overlap.share >= mostly ? guessNames(taken.field, overlap) : [];
}

/** The old system's id finds a record again, where it stands in every row and never twice. */
function keyOf(object: ObjectModel, columns: readonly DraftColumn[]): FieldModel | undefined {
  const found = columns.find(({ taken }) => taken?.field.key === object.oldIdField);
  return found?.profile.unique ? found.taken!.field : undefined;
}

/** The pipeline that knows most of the stages; it is said where the object has several and no column tells it. */
function pipelineOf(
  object: ObjectModel,
  filled: ReadonlySet<string | undefined>,
  staged: DraftColumn | undefined,
): Draft['pipeline'] {
  if (!staged || object.pipelines.length < 2 || filled.has(object.pipelineField)) return undefined;
  const knows = (stages: readonly { key: string; label: string }[]): number => {
    const names = new Set(stages.flatMap(({ key, label }) => [key, label.toLowerCase()]));
    return staged.profile.values.filter(([text]) => names.has(text.toLowerCase())).length;
  };
  const best = object.pipelines.reduce((found, one) =>
    knows(one.stages) > knows(found.stages) ? one : found,
  );
  return {
    key: best.key,
    others: object.pipelines.filter((one) => one !== best).map(({ key }) => key),
  };
}

/** The same pass that the import makes, over the rows that were looked at. */
function surveyed(context: Context, { file }: Looked, columns: readonly DraftColumn[]): Promise<Survey> {
  const mapped = columns.flatMap(({ taken, header, index }) =>
    taken ? [{ index, header, field: taken.field, how: 'mapping' as const }] : [],
  );
  return survey(
    beginning(file),
    { columns: mapped, skipped: [], constants: [], values: new Map() },
    { country: context.workspace.country },
  );
}
