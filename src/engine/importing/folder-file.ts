/** `import.yaml` of a folder: which of its files are loaded as what, in which order. */
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { issue, refusal, type Issue } from '../../core/errors/problem.ts';

const FolderStep = z.strictObject({
  file: z.string().min(1).meta({ description: 'Name of a file of the folder; one may come several times' }),
  object: z.string().min(1).meta({ description: 'Key of the object whose records its rows are' }),
  mapping: z.string().min(1).optional().meta({ description: 'Mapping file, beside this one' }),
  key: z.string().min(1).optional().meta({ description: 'Field by which existing records are updated' }),
  history: z.boolean().optional().meta({ description: 'New records may stand in any stage' }),
  sheet: z.string().min(1).optional(),
  encoding: z.string().min(1).optional(),
  delimiter: z.string().min(1).optional(),
});
export type FolderStep = z.infer<typeof FolderStep>;

const FolderFile = z.strictObject({
  imports: z.array(FolderStep).min(1),
});
export type FolderFile = z.infer<typeof FolderFile>;

/** Throws a 422 problem that names each finding with its place. */
export function parseFolderFile(text: string): FolderFile {
  const document = parseDocument(text, { uniqueKeys: true });
  const [broken] = document.errors;
  if (broken) throw bad([finding('', broken.message.split('\n')[0]!)]);
  const parsed = FolderFile.safeParse(document.toJS({ maxAliasCount: 100 }) ?? {});
  if (parsed.success) return parsed.data;
  throw bad(parsed.error.issues.map((found) => finding(found.path.map(String).join('.'), found.message)));
}

const finding = (at: string, what: string): Issue =>
  issue(
    `import.yaml${at === '' ? '' : `.${at}`}`,
    'bad_folder_file',
    'import.yaml{at}: {what}',
    'See the page on imports in the guide.',
    { at: at === '' ? '' : `, ${at}`, what },
  );

const bad = (errors: readonly Issue[]) => refusal(422, 'bad_folder_file', errors);
