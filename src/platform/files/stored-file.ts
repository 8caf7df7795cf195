/** What is known about a stored file: its name as given, its size and type, and who brought it. */
import type { FileStore, Principal } from '../../core/context/context.ts';
import { uuidV7 } from '../../core/identity/uuid-v7.ts';
import { row, sql, type Queryable } from '../../core/sql/sql.ts';

export type StoredFile = { id: string; name: string; size: number; mime: string };

const signedBy = (principal: Principal): string => `${principal.kind}:${principal.id}`;

/** Keeps the bytes first: a line without bytes would be a lie, bytes without a line are only room. */
export async function storeFile(
  on: Queryable,
  input: {
    store: FileStore;
    by: Principal;
    upload: { name: string; mime: string; size: number; sha256: string; path: string };
  },
): Promise<StoredFile & { storedAs: string }> {
  const { store, by, upload } = input;
  const storedAs = await store.keep(upload);
  const id = uuidV7();
  await row(
    on,
    sql`INSERT INTO platform.files (id, name, size, mime, sha256, stored_as, created_by)
        VALUES (${id}, ${upload.name}, ${upload.size}, ${upload.mime}, ${Buffer.from(upload.sha256, 'hex')}, ${storedAs}, ${signedBy(by)})`,
  );
  return { id, name: upload.name, size: upload.size, mime: upload.mime, storedAs };
}

/** The file, where its bytes are, and whether this principal brought it. */
export async function findFile(
  on: Queryable,
  input: { id: string; by: Principal },
): Promise<{ file: StoredFile; storedAs: string; own: boolean } | undefined> {
  const found = await row<StoredFile & { stored_as: string; created_by: string }>(
    on,
    sql`SELECT id, name, size, mime, stored_as, created_by FROM platform.files WHERE id = ${input.id}::uuid`,
  );
  if (!found) return undefined;
  const { stored_as, created_by, ...file } = found;
  return { file, storedAs: stored_as, own: created_by === signedBy(input.by) };
}
