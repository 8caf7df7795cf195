/** Files: up, and down again by whoever brought them or may read a record that has them. */
import { z } from 'zod';
import type { Context } from '../core/context/context.ts';
import { invalid, issue, notFound } from '../core/errors/problem.ts';
import { isUuid } from '../core/identity/uuid-v7.ts';
import { findFile, storeFile } from '../platform/files/stored-file.ts';
import { list } from '../engine/read/list.ts';
import { defineOperation, type Download, type Upload } from './operation.ts';

const FileInput = z.strictObject({
  file: z.custom<Upload>(
    (value) => typeof value === 'object' && value !== null,
    'Send the file in a part named “file”.',
  ),
});

const StoredFile = z.object({ id: z.string(), name: z.string(), size: z.number(), mime: z.string() });

const storeOf = (context: Context): NonNullable<Context['files']> => {
  if (context.files) return context.files;
  throw new Error('This door has no file store.');
};

/** Whether some record that the caller may read, in a field that the caller may read, has the file. */
async function fileReadable(context: Context, id: string): Promise<boolean> {
  for (const object of context.catalog.objects.values()) {
    for (const field of object.fields.values()) {
      if (!field.type.holdsFile) continue;
      const found = await list(context, {
        object: object.key,
        where: { [field.key]: id },
        fields: ['id'],
        limit: 1,
      }).catch(() => undefined);
      if (found && found.data.length > 0) return true;
    }
  }
  return false;
}

export const fileOperations = [
  defineOperation({
    name: 'files.upload',
    summary: 'Upload a file',
    description:
      'At most 50 MB, or what the server says in FILE_MAX_BYTES, in a part named “file”. The id goes into a field of a record, or into `advance`.',
    input: FileInput,
    output: StoredFile,
    http: { method: 'POST', path: '/api/v1/files', status: 201, multipart: 'file' },
    async run(context, { file }) {
      if (file.size === 0) {
        throw invalid([
          issue('file', 'empty_file', 'The file is empty.', 'Choose a file with something in it.'),
        ]);
      }
      const { storedAs: _, ...stored } = await storeFile(context.pool, {
        store: storeOf(context),
        by: context.principal,
        upload: file,
      });
      return stored;
    },
  }),
  defineOperation({
    name: 'files.download',
    summary: 'Download a file',
    description: 'For whoever uploaded it, or may read a record that has it.',
    input: z.strictObject({ id: z.string().max(60) }),
    http: { method: 'GET', path: '/api/v1/files/{id}', download: true },
    async run(context, { id }): Promise<Download> {
      const found = isUuid(id) ? await findFile(context.pool, { id, by: context.principal }) : undefined;
      if (!found || !(found.own || (await fileReadable(context, id)))) throw notFound('file');
      const { name, mime, size } = found.file;
      return { name, mime, size, body: await storeOf(context).open(found.storedAs) };
    },
  }),
];
