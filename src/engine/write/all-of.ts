/** Statements of one transaction that are on their way together. */

/** What a statement answers in a transaction that another one has broken. */
const brokenBefore = '25P02';

/**
 * As Promise.all, but only when all have ended: nobody may go on sending statements behind a rollback. Throws
 * what broke the transaction, not what the others got for it.
 */
export async function allOf<T extends readonly Promise<unknown>[]>(
  work: readonly [...T],
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const ended = await Promise.allSettled<unknown>(work);
  const failures = ended.flatMap((one) => (one.status === 'rejected' ? [one.reason as Error] : []));
  const first =
    failures.find((failure) => !('code' in failure) || failure.code !== brokenBefore) ?? failures[0];
  if (first) throw first;
  return ended.map((one) => (one.status === 'fulfilled' ? one.value : undefined)) as {
    -readonly [K in keyof T]: Awaited<T[K]>;
  };
}
