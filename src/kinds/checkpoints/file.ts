import { z } from 'zod';
import { withArticle } from '../../core/conditions/sentence.ts';
import { Key } from '../../core/definitions/common.ts';
import type { CheckpointEnv } from '../../core/kinds/checkpoint-kind.ts';
import { askedCondition, linksFrom, someLinked } from './asked-condition.ts';
import { fieldsMissing, partMissing, several, valueWords } from './words.ts';

const settings = z.strictObject({
  document_kind: z
    .union([Key, z.array(Key).min(1)])
    .optional()
    .meta({ description: 'Kind of document, or several of which any one will do; default any' }),
  say: z.string().min(8).optional().meta({ description: 'What is missing, in other words' }),
  url_field: Key.default('url'),
  kind_field: Key.default('kind'),
});
type Settings = z.infer<typeof settings>;

/** Fields that may hold the document itself, of those the object has. */
const holders = (given: Settings, env: CheckpointEnv): string[] => {
  const model = env.catalog.objects.get(env.catalog.serving.document ?? '');
  return [...(model?.fields.values() ?? [])]
    .filter((field) => field.type.holdsFile || field.key === given.url_field)
    .map((field) => field.key);
};

export const file = askedCondition<Settings>({
  key: 'file',
  label: 'File or link attached',
  meaning: 'A document is attached to the record: a file, or the address where it is kept.',
  settings,
  at: 'document_kind',
  asks: (given, env) =>
    someLinked(
      env.catalog.serving.document,
      {
        any: holders(given, env).map((key) => ({ [key]: { missing: false } })),
        ...(given.document_kind === undefined ? {} : { [given.kind_field]: several(given.document_kind) }),
      },
      env,
    ),
  refuses(given, env) {
    const serving = env.catalog.serving.document;
    const part = partMissing('document', linksFrom(serving, env), env);
    if (part.length > 0) return part;
    return [
      ...(holders(given, env).length > 0 ? [] : fieldsMissing({ url_field: given.url_field }, serving!, env)),
      ...(given.document_kind === undefined
        ? []
        : fieldsMissing({ kind_field: given.kind_field }, serving!, env)),
    ];
  },
  missing(given, env) {
    const model = env.catalog.objects.get(env.catalog.serving.document ?? '');
    const kinds = given.document_kind === undefined ? [] : several(given.document_kind);
    const what =
      kinds.length > 0 ? valueWords(kinds, model?.fields.get(given.kind_field), env) : 'file or link';
    return {
      path: '',
      say: given.say ?? `No ${what} is attached yet.`,
      fix: {
        say: `Attach ${withArticle(what)}${kinds.length > 0 ? ', as a file or a link' : ''}.`,
        file: kinds.length > 0 ? { [given.kind_field]: kinds[0] } : {},
      },
    };
  },
});
