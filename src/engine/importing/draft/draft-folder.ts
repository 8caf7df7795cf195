/**
 * Drafts for the files of a folder that belong together: a mapping for each, and an import.yaml that says their order.
 * Links are told by what files have in common; what a column names and no file brings is loaded from that column first.
 */
import { readdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { Document } from 'yaml';
import type { ObjectModel } from '../../../core/catalog/catalog.ts';
import { fold } from '../../../core/conditions/fold.ts';
import type { Context } from '../../../core/context/context.ts';
import { isProblem, issue, refusal } from '../../../core/errors/problem.ts';
import { ordered, readAsTables } from '../folder-plan.ts';
import { sheetsOf } from '../open-table.ts';
import { draftOf, lookAt, namesOnce, type Draft, type DraftColumn, type Looked } from './draft-mapping.ts';
import { draftYaml } from './draft-yaml.ts';
import { guessColumns, mostly } from './guess-columns.ts';
import type { KnownNames } from './known-names.ts';
import { parseEnvOf } from '../../access/access.ts';

export type FolderDraft = {
  drafts: Draft[];
  /** What cannot be drafted, and why. */
  left: { name: string; why: string }[];
  /** Name of a file → its text, all for one folder. */
  files: Map<string, string>;
};

/** Cells of all files that are looked at together. */
const mostCells = 2_000_000;

/** @throws Problem where no file of the folder can be drafted */
export async function draftFolder(context: Context, folder: string): Promise<FolderDraft> {
  const names = (await readdir(folder, { withFileTypes: true }))
    .filter(
      (entry) =>
        entry.isFile() && !entry.name.startsWith('.') && readAsTables.has(extname(entry.name).toLowerCase()),
    )
    .map(({ name }) => name)
    .sort();
  const looked: Looked[] = [];
  const left: FolderDraft['left'] = [];
  for (const name of names) {
    try {
      const path = join(folder, name);
      const sheets = await sheetsOf(path);
      for (const sheet of sheets.length > 1 ? sheets : [undefined]) {
        looked.push(
          await lookAt(context, { path, fileName: name, sheet }, Math.floor(mostCells / names.length)),
        );
      }
    } catch (error) {
      if (!isProblem(error)) throw error;
      left.push({ name, why: error.body.errors.map(({ message }) => message).join(' ') || error.message });
    }
  }
  if (looked.length === 0) {
    throw refusal(422, 'no_files', [
      issue(
        'folder',
        'no_files',
        'No file of the folder can be taken: {why}',
        'Name another folder, or draft a file by itself with its object.',
        {
          why:
            left.map(({ name, why }) => `${name}: ${why}`).join(' ') ||
            'there is no CSV file or workbook in it',
        },
      ),
    ]);
  }
  const here = namesOnce(context);
  const brought = new Map<string, KnownNames[]>();
  for (const one of looked) {
    for (const { object, known } of bringing(context, one))
      brought.set(object, [...(brought.get(object) ?? []), known]);
  }
  const namesOf = async (object: string): Promise<readonly KnownNames[]> => [
    ...(brought.get(object) ?? []),
    ...(await here(object)),
  ];
  const drafts: Draft[] = [];
  for (const one of looked) drafts.push(await draftOf(context, one, namesOf));
  return { drafts, left, files: filesOf(context, drafts) };
}

/** What the columns of a file bring that others may link to: names, and ids of the old system. */
function bringing(context: Context, looked: Looked): { object: string; known: KnownNames }[] {
  const { object, fields, file, profile, asked } = looked;
  const { columns } = guessColumns({
    env: parseEnvOf(context),
    object,
    fields,
    header: file.header,
    profiles: profile.columns,
    namesOf: () => [],
  });
  const name = object.nameFields.length === 1 ? object.nameFields[0] : undefined;
  return columns.flatMap(({ taken, index, header }) => {
    const key = taken?.field.key;
    if (key === undefined || (key !== name && key !== object.oldIdField)) return [];
    const { values, seen } = profile.columns[index]!;
    const spelled = new Map(values.map(([text]) => [fold(text), text]));
    const names = new Map([...seen].map((text) => [text, spelled.get(text) ?? text]));
    const by = key === name ? undefined : key;
    const where = `${asked.fileName}, “${header}”`;
    return [{ object: object.key, known: { where, by, names, whole: profile.whole } }];
  });
}

type Step = {
  object: ObjectModel;
  links: string[];
  line: { file: string; object: string; sheet?: string; mapping: string };
  text: string;
};

function filesOf(context: Context, drafts: readonly Draft[]): Map<string, string> {
  const steps = distinct(drafts.flatMap((draft) => [...parentSteps(context, draft, drafts), stepOf(draft)]));
  const list = new Document({ imports: ordered(steps).map(({ line }) => line) });
  list.commentBefore =
    ' Draft of the order in which the files are loaded. A file may be read several times, each time as something else.';
  return new Map([
    ['import.yaml', list.toString()],
    ...steps.map(({ line, text }) => [line.mapping, text] as const),
  ]);
}

/** `a b.csv` and `a-b.csv` each have a mapping of their own, and `import.csv` has one beside the list. */
function distinct(steps: readonly Step[]): Step[] {
  const used = new Set(['import.yaml']);
  return steps.map((step) => {
    const base = step.line.mapping.replace(/\.yaml$/, '');
    let mapping = step.line.mapping;
    for (let at = 2; used.has(mapping.toLowerCase()); at++) mapping = `${base}-${at}.yaml`;
    used.add(mapping.toLowerCase());
    return { ...step, line: { ...step.line, mapping } };
  });
}

function stepOf(draft: Draft): Step {
  const links = new Set(draft.columns.flatMap(({ taken }) => taken?.field.type.linkTo?.(taken.field) ?? []));
  return {
    object: draft.object,
    links: [...links],
    line: lineOf(draft, draft.object.key, mappingName(draft)),
    text: draftYaml(draft),
  };
}

/**
 * A column links to records that are nowhere, each in several rows: they are loaded from it first, by their names. Only
 * where a name is all that such a record needs.
 */
function parentSteps(context: Context, draft: Draft, drafts: readonly Draft[]): Step[] {
  return draft.columns.flatMap((column): Step[] => {
    const target = parentOf(context, column, drafts);
    if (!target) return [];
    const name = target.nameFields[0]!;
    const document = new Document({
      object: target.key,
      key: name,
      columns: Object.fromEntries(
        draft.columns.map(({ header }) => [header, header === column.header ? name : null]),
      ),
    });
    document.commentBefore = ` ${draft.fileName}, read for what its column ${JSON.stringify(column.header)} names and no other file brings.`;
    return [
      {
        object: target,
        links: [],
        line: lineOf(draft, target.key, mappingName(draft, column.header)),
        text: document.toString({ lineWidth: 0 }),
      },
    ];
  });
}

function parentOf(
  context: Context,
  { taken, profile, overlap }: DraftColumn,
  drafts: readonly Draft[],
): ObjectModel | undefined {
  const key = taken?.by === undefined ? taken?.field.type.linkTo?.(taken.field) : undefined;
  const target = key === undefined ? undefined : context.catalog.objects.get(key);
  if (!target || target.nameFields.length !== 1 || (overlap?.share ?? 0) >= mostly) return undefined;
  if (profile.distinct * 2 > profile.filled) return undefined;
  const elsewhere = drafts.some(
    (draft) => draft.object === target && !draft.columns.some((column) => column.profile === profile),
  );
  const needsMore = [...target.fields.values()].some(
    (field) =>
      field.required &&
      field.key !== target.nameFields[0] &&
      !field.maintained &&
      field.type.role === undefined &&
      field.definition.default === undefined,
  );
  return elsewhere || needsMore ? undefined : target;
}

const lineOf = ({ fileName, asked }: Draft, object: string, mapping: string): Step['line'] => ({
  file: fileName,
  object,
  ...(asked.sheet === undefined ? {} : { sheet: asked.sheet }),
  mapping,
});

const mappingName = ({ fileName, asked }: Draft, column?: string): string =>
  [basename(fileName, extname(fileName)), asked.sheet, column]
    .filter((part) => part !== undefined)
    .map((part) => part.replace(/[^\p{L}\p{N}_-]+/gu, '-'))
    .join('.') + '.yaml';
