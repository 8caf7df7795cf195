/** A multipart request → its text fields and at most one file, spooled to disk while it arrives. */
import type { FastifyRequest } from 'fastify';
import { invalid, isProblem, issue, refusal } from '../core/errors/problem.ts';
import { isStorableText } from '../core/json/parse-json.ts';
import type { Upload } from '../operations/operation.ts';
import { mimeOf, safeFileName } from '../platform/files/file-name.ts';
import type { LocalFileStore, Spooled } from '../platform/files/file-store.ts';

/** Bytes. */
export const largestUpload = 50 * 1024 * 1024;

export type Received = {
  body: Record<string, unknown>;
  /** The same for the same fields and content. */
  fingerprint: string;
  discard(): Promise<void>;
};

/** @throws Problem 415 when it is not multipart, 400 when it breaks off, 413 when the file is too large. */
export async function receiveUpload(request: FastifyRequest, files: LocalFileStore): Promise<Received> {
  if (!request.isMultipart()) {
    throw refusal(415, 'unsupported_media_type', [
      issue(
        '',
        'unsupported_media_type',
        'A file is expected here.',
        'Send multipart/form-data with a part named “file”.',
      ),
    ]);
  }
  const body: Record<string, unknown> = {};
  let spooled: Spooled | undefined;
  const discard = async () => spooled?.discard();
  try {
    for await (const part of request.parts()) {
      if (part.type === 'file') {
        if (part.fieldname !== 'file') {
          part.file.resume();
          throw invalid([
            issue(
              part.fieldname,
              'unknown_key',
              'A file is taken in the part “file” only.',
              'Name the part “file”.',
            ),
          ]);
        }
        spooled = await files.spool(part.file);
        const { path, size, sha256, head } = spooled;
        body['file'] = {
          name: safeFileName(part.filename),
          mime: mimeOf(head, part.mimetype),
          size,
          sha256,
          path,
        } satisfies Upload;
      } else {
        const text = String(part.value);
        if (!isStorableText(text) || text.includes('\uFFFD')) {
          throw invalid([
            issue(
              part.fieldname,
              'unstorable_text',
              'This text holds a character that cannot be stored.',
              'Send it as UTF-8, without NUL.',
            ),
          ]);
        }
        Object.defineProperty(body, part.fieldname, {
          value: text,
          enumerable: true,
          writable: true,
          configurable: true,
        });
      }
    }
    return { body, fingerprint: fingerprintOf(body), discard };
  } catch (error) {
    await discard();
    throw isOurs(error) ? error : brokenOff();
  }
}

const fingerprintOf = (body: Record<string, unknown>): string =>
  JSON.stringify(
    Object.entries(body)
      .map(([key, value]) => [
        key,
        typeof value === 'string' ? value : [(value as Upload).name, (value as Upload).sha256],
      ])
      .sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1)),
  );

/** Problems, the framework's refusals and the disk's errors keep their meaning; the rest is the form's parser. */
const isOurs = (error: unknown): boolean =>
  isProblem(error) ||
  typeof (error as { statusCode?: unknown }).statusCode === 'number' ||
  'syscall' in (error as object);

const brokenOff = () =>
  refusal(400, 'malformed_multipart', [
    issue(
      '',
      'malformed_multipart',
      'The form breaks off or cannot be read.',
      'Send the whole file again as multipart/form-data.',
    ),
  ]);
