/** What callers sent may hold NULs and halves of characters, which the database takes nowhere. */
export const storable = (text: string): string => text.replaceAll('\0', '�').toWellFormed();

export const storableJson = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner === 'string') return storable(inner);
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).map(([key, one]) => [storable(key), one]));
  });
