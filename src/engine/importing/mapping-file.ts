/** The mapping file: which column fills which field, and how its values are written. YAML, or the same as JSON. */
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { suggestion } from '../../core/catalog/nearest.ts';
import { issue, refusal, type Issue, type Problem } from '../../core/errors/problem.ts';

const Text = z.union([z.string(), z.number(), z.boolean()]).transform(String);

/** A question that somebody has yet to answer, where a field or a meaning belongs. */
export const undecided = '?';

export const MappingFile = z.strictObject({
  object: z.string().min(1).optional().meta({ description: 'Key of the object whose records the rows are' }),
  columns: z.record(z.string(), z.string().min(1).nullable()).optional().meta({
    description:
      'Column name → field key, `link.field` to find the linked record by that field, or null to skip',
  }),
  templates: z
    .record(z.string(), z.string().min(1).max(1_000))
    .optional()
    .meta({ description: 'Field → text with columns in braces, such as `{First name} {Last name}`' }),
  values: z
    .record(z.string(), z.record(z.string(), Text.nullable()))
    .optional()
    .meta({ description: 'Field → what stands in the file → what it means' }),
  dictionaries: z.record(z.string(), z.string().min(1)).optional().meta({
    description: 'Field → file of two columns beside this one: what stands in the file, what it means',
  }),
  constants: z.record(z.string(), Text).optional().meta({ description: 'Field → value for every row' }),
  key: z.string().optional().meta({ description: 'Field by which an existing record is found and updated' }),
  date_order: z.enum(['dmy', 'mdy', 'ymd']).optional(),
  decimal: z.enum(['.', ',']).optional(),
  header: z
    .union([z.int().min(1), z.literal('none')])
    .optional()
    .meta({ description: 'Line that names the columns, or `none`; then they are `column 1`, `column 2` …' }),
  encoding: z.string().min(1).max(40).optional(),
  delimiter: z.string().min(1).max(20).optional(),
  sheet: z.string().min(1).max(100).optional(),
  history: z.boolean().optional().meta({ description: 'New records may stand in any stage' }),
});
export type MappingFile = z.infer<typeof MappingFile>;

/** What is asked of an import, completed by what its mapping says. Throws a 422 problem where nobody says the object. */
export function asMapped<T extends Asked>(asked: T): T & { object: string } {
  const { object, encoding, delimiter, sheet, history } = asked.mapping ?? {};
  const found = asked.object || object;
  if (!found) {
    throw refusal(422, 'which_object', [
      issue('object', 'which_object', 'Nothing says what the rows are.', 'Say the object, such as accounts.'),
    ]);
  }
  if (object !== undefined && object !== found) {
    throw bad([
      issue(
        'object',
        'other_object',
        'The mapping is for {own}, and the rows shall be {asked}.',
        'Leave the object out, or take a mapping for it.',
        { own: object, asked: found },
      ),
    ]);
  }
  return {
    ...asked,
    object: found,
    encoding: asked.encoding ?? encoding,
    delimiter: asked.delimiter ?? delimiter,
    sheet: asked.sheet ?? sheet,
    history: asked.history || history,
  };
}

type Asked = Partial<Record<'object' | 'encoding' | 'delimiter' | 'sheet', string>> & {
  mapping?: MappingFile;
  history?: boolean;
};

const parts = Object.keys(MappingFile.shape);
const longest = 1024 * 1024;

/** Reads a mapping. Throws a 422 problem that names each finding with its place. */
export function parseMapping(text: string): MappingFile {
  if (text.length > longest)
    throw bad([issue('mapping', 'too_large', 'The mapping file is larger than a megabyte.', 'Shorten it.')]);
  const document = parseDocument(text, { prettyErrors: true, uniqueKeys: true });
  const broken = document.errors[0];
  if (broken) {
    throw bad([
      issue('mapping', 'bad_yaml', 'The mapping file is no YAML: {what}', 'Mend that line.', {
        what: broken.message.split('\n')[0],
      }),
    ]);
  }
  let source: unknown;
  try {
    source = document.toJS({ maxAliasCount: 100 }) ?? {};
  } catch {
    throw bad([
      issue(
        'mapping',
        'bad_yaml',
        'The mapping file repeats itself too often.',
        'Write its parts out instead of using anchors.',
      ),
    ]);
  }
  const parsed = MappingFile.safeParse(source);
  if (parsed.success) return parsed.data;
  throw bad(parsed.error.issues.flatMap(issuesOf));
}

function issuesOf(found: z.core.$ZodIssue): Issue[] {
  const path = ['mapping', ...found.path.map(String)].join('.');
  if (found.code === 'unrecognized_keys') {
    return found.keys.map((key) =>
      issue(`${path}.${key}`, 'unknown_part', 'A mapping file has no part “{key}”.', '{did}', {
        key,
        did: suggestion(key, parts, `Its parts are ${parts.join(', ')}.`),
      }),
    );
  }
  return [
    issue(
      path,
      'bad_mapping',
      '“{path}” in the mapping file: {what}.',
      'See the mapping files in the guide.',
      { path, what: found.message },
    ),
  ];
}

const bad = (errors: readonly Issue[]): Problem => refusal(422, 'bad_mapping', errors);
