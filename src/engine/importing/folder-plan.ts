/**
 * The files of a folder as a plan: which is loaded as what, in which order, settled for all of them before a row is
 * written. Either `import.yaml` says it, or names and columns do; then what others link to comes first.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { ObjectModel } from '../../core/catalog/catalog.ts';
import type { Context } from '../../core/context/context.ts';
import { isProblem, issue, refusal, type Issue } from '../../core/errors/problem.ts';
import { accessOf } from '../access/access.ts';
import { parseFolderFile, type FolderStep } from './folder-file.ts';
import { mapColumns } from './map-columns.ts';
import type { ImportOptions } from './import-options.ts';
import { mayFill, openImport } from './open-import.ts';
import { openTable, sheetsOf } from './open-table.ts';
import { asMapped } from './mapping-file.ts';
import { readMapping } from './read-mapping.ts';
import { tellObject, type Told } from './tell-object.ts';

export type PlannedFile = {
  path: string;
  /** As people call it: the file, and its sheet where it has several. */
  name: string;
  object: ObjectModel;
  by: Told['by'] | 'import.yaml';
  /** Objects that its columns link to. */
  links: string[];
  options: ImportOptions;
};

export type FolderPlan = { files: PlannedFile[]; left: { name: string; why: string }[] };

export type FolderInput = {
  folder: string;
  /** A folder of mapping files with or without an import.yaml, or that file itself; default: the folder itself. */
  mapping?: string;
  strict?: boolean;
  history?: boolean;
};

const tables = new Set(['.csv', '.tsv', '.tab', '.psv', '.xlsx', '.xlsm']);
/** Tables that cannot be read: they are refused rather than left out. */
const otherTables = new Set(['.xls', '.xlsb', '.ods', '.numbers']);
/** Endings of files that are taken for tables. */
export const readAsTables: ReadonlySet<string> = new Set([...tables, ...otherTables]);

/** Throws a 422 problem that names every file about which something is unclear. */
export async function planFolder(context: Context, input: FolderInput): Promise<FolderPlan> {
  const names = (await readdir(input.folder, { withFileTypes: true }))
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort();
  const mappings = input.mapping ?? input.folder;
  const list = /\.ya?ml$/i.test(mappings) ? mappings : join(mappings, 'import.yaml');
  const given = existsSync(list) ? parseFolderFile(await readFile(list, 'utf8')).imports : undefined;
  const found = findings();
  const files: PlannedFile[] = [];
  const add = async (name: string, work: () => Promise<PlannedFile | undefined>): Promise<void> => {
    const file = await found.about(name, work);
    if (file) files.push(file);
  };
  if (given) {
    for (const step of given) await add(step.file, () => plannedAsGiven(context, input, step, dirname(list)));
  } else {
    for (const name of names) {
      const ending = extname(name).toLowerCase();
      if (!readAsTables.has(ending)) continue;
      const sheets = await found.about(name, () => sheetsOf(join(input.folder, name)));
      for (const sheet of sheets && sheets.length > 1 ? sheets : [undefined])
        await add(name, () => plannedByItself(context, input, { name, sheet, mappings, found }));
    }
  }
  found.throwAny();
  if (files.length === 0) {
    throw refusal(422, 'no_files', [
      issue('folder', 'no_files', 'There is no CSV file or workbook in the folder.', 'Name another folder.'),
    ]);
  }
  const read = new Set(files.map(({ path }) => basename(path)));
  const why = given ? 'import.yaml does not name it' : 'it is no CSV file or workbook by its name';
  return {
    files: awaiting(given ? files : ordered(files)),
    left: names.filter((name) => !read.has(name) && !/\.ya?ml$/i.test(name)).map((name) => ({ name, why })),
  };
}

async function plannedAsGiven(
  context: Context,
  input: FolderInput,
  step: FolderStep,
  folder: string,
): Promise<PlannedFile> {
  const { file, mapping, history, ...rest } = step;
  const path = join(input.folder, file);
  const options: ImportOptions = {
    ...rest,
    strict: input.strict,
    history: (history ?? false) || (input.history ?? false),
    mapping: mapping === undefined ? undefined : await readMapping(join(folder, mapping)),
  };
  return planned(context, {
    path,
    name: nameOf(file, step.sheet),
    by: 'import.yaml',
    options: asMapped(options),
  });
}

async function plannedByItself(
  context: Context,
  input: FolderInput,
  from: { name: string; sheet: string | undefined; mappings: string; found: Findings },
): Promise<PlannedFile | undefined> {
  const { name, sheet } = from;
  const path = join(input.folder, name);
  const file = await openTable(path, { sheet });
  const access = accessOf(context);
  const told = tellObject(context.catalog, sheet ?? basename(name, extname(name)), (object) =>
    mapColumns({
      catalog: context.catalog,
      object,
      header: file.header,
      writable: (field) => access.may('import', object.key) && mayFill(access, field, input.history ?? false),
    }),
  );
  if (!told) {
    from.found.add(
      issue(
        name,
        'which_object',
        'Neither the name of {file} nor its columns say which records its rows are.',
        'Say it in an import.yaml in the folder, as the guide on importing shows.',
        { file: nameOf(name, sheet) },
      ),
    );
    return undefined;
  }
  const beside = join(from.mappings, `${basename(name, extname(name))}.yaml`);
  const options: ImportOptions = {
    object: told.object.key,
    strict: input.strict,
    history: input.history,
    sheet,
    mapping: sheet === undefined && existsSync(beside) ? await readMapping(beside) : undefined,
  };
  return planned(context, { path, name: nameOf(name, sheet), by: told.by, options });
}

/** Opens the file as the import will, so that what is wrong with it is known before any other is loaded. */
async function planned(
  context: Context,
  file: Pick<PlannedFile, 'path' | 'name' | 'by' | 'options'>,
): Promise<PlannedFile> {
  const { object, map } = await openImport(context, file.path, file.options);
  const links = new Set(map.columns.flatMap(({ field }) => field.type.linkTo?.(field) ?? []));
  return { ...file, object, links: [...links] };
}

const nameOf = (file: string, sheet: string | undefined): string =>
  sheet === undefined ? file : `${file}, sheet “${sheet}”`;

/** What others link to first. In a circle the file goes first that links to the fewest of those behind it. */
export function ordered<T extends Pick<PlannedFile, 'object' | 'links'>>(files: readonly T[]): T[] {
  const rest = [...files];
  const inOrder: T[] = [];
  const behind = (file: T): number =>
    rest.filter((other) => other.object !== file.object && file.links.includes(other.object.key)).length;
  while (rest.length > 0) {
    const next = rest.reduce((best, file) => (behind(file) < behind(best) ? file : best));
    inOrder.push(next);
    rest.splice(rest.indexOf(next), 1);
  }
  return inOrder;
}

/** Links to what comes with later files wait for them. */
const awaiting = (files: readonly PlannedFile[]): PlannedFile[] =>
  files.map((file, at) => {
    const later = new Set(files.slice(at + 1).map(({ object }) => object.key));
    const awaits = file.links.filter((link) => later.has(link));
    return awaits.length === 0 ? file : { ...file, options: { ...file.options, awaits } };
  });

type Findings = ReturnType<typeof findings>;

/** What is unclear about files, gathered so that it can be mended in one go. */
function findings() {
  const issues: Issue[] = [];
  return {
    add: (one: Issue): void => void issues.push(one),
    /** What `work` gives; nothing where the file has a problem, which is noted. */
    async about<T>(file: string, work: () => Promise<T>): Promise<T | undefined> {
      try {
        return await work();
      } catch (error) {
        if (!isProblem(error)) throw error;
        for (const one of error.body.errors)
          issues.push({ ...one, path: file, message: `${file}: ${one.message}` });
        if (error.body.errors.length === 0) throw error;
        return undefined;
      }
    },
    throwAny(): void {
      if (issues.length > 0) throw refusal(422, 'unclear_folder', issues);
    },
  };
}
