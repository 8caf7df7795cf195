/** Statements of one transaction that are on their way together. */

/** What a statement answers in a transaction that another one has broken. */
const brokenBefore = '25P02';

/**
 * As Promise.all, but only when all have ended: nobody may go on sending statements behind a rollback. Throws
 * what broke the transaction, not what the others got for it.
 */
export async function allOf<T extends readonly unknown[]>(
  work: readonly [...{ [K in keyof T]: Promise<T[K]> }],
): Promise<T> {
  const ended = await Promise.allSettled(work);
  const failures = ended.flatMap((one) =>
    one.status === 'rejected' ? [one.reason as { code?: string }] : [],
  );
  if (failures.length > 0) throw failures.find((failure) => failure.code !== brokenBefore) ?? failures[0]!;
  return ended.map((one) => (one as PromiseFulfilledResult<unknown>).value) as unknown as T;
}
