/** A multipart request → its text fields and at most one file, spooled to disk while it arrives. */
import type { FastifyRequest } from 'fastify';
import { invalid, isProblem, issue, refusal } from '../core/errors/problem.ts';
import { isStorableText } from '../core/json/parse-json.ts';
import type { Upload } from '../operations/operation.ts';
import { mimeOf, safeFileName } from '../platform/files/file-name.ts';
import type { LocalFileStore } from '../platform/files/file-store.ts';
import type { Spooled } from '../platform/files/incoming.ts';

/** Of a form, beside its file; in bytes, where it is a size. */
export const formLimits = { files: 1, fields: 50, fieldSize: 1024 * 1024, headerPairs: 100 };

/** How large the file may be, in bytes, and by which setting. */
type Limit = { sort: 'file' | 'import'; most: number };

export type Received = {
  body: Record<string, unknown>;
  /** The same for the same fields and content. */
  fingerprint: string;
  discard(): Promise<void>;
};

/** @throws Problem 415 when it is not multipart, 400 when it breaks off, 413 when the file is too large. */
export async function receiveUpload(
  request: FastifyRequest,
  files: LocalFileStore,
  limit: Limit,
): Promise<Received> {
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
  // Told before a byte of it is read, where the request says how large it is.
  const form = formLimits.fields * formLimits.fieldSize;
  if (Number(request.headers['content-length'] ?? 0) > limit.most + form) throw tooLarge(limit);
  const body: Record<string, unknown> = {};
  let spooled: Spooled | undefined;
  const discard = async () => spooled?.discard();
  try {
    for await (const part of request.parts({ limits: { fileSize: limit.most } })) {
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
    if ((error as { code?: unknown }).code === 'FST_REQ_FILE_TOO_LARGE') throw tooLarge(limit);
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

const tooLarge = ({ sort, most }: Limit) =>
  refusal(413, 'file_too_large', [
    issue(
      'file',
      'file_too_large',
      'The file is larger than {most}.',
      sort === 'import'
        ? 'Send it in several parts, load it on the server with ./groundwork import, or have IMPORT_MAX_BYTES raised there.'
        : 'Send a smaller file, or have FILE_MAX_BYTES raised on the server.',
      { most: sizeText(most) },
    ),
  ]);

/** In the largest unit that it fills: 50 MB, 1.5 GB. */
function sizeText(bytes: number): string {
  const units = ['bytes', 'KB', 'MB', 'GB', 'TB'];
  const unit = Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${Math.floor((bytes / 1024 ** unit) * 10) / 10} ${units[unit]}`;
}

const brokenOff = () =>
  refusal(400, 'malformed_multipart', [
    issue(
      '',
      'malformed_multipart',
      'The form breaks off or cannot be read.',
      'Send the whole file again as multipart/form-data.',
    ),
  ]);
