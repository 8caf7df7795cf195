/** A text as a LIKE pattern that means itself: its own %, _ and \ are escaped. */
export const likePattern = (text: unknown): string => String(text).replace(/[\\%_]/g, '\\$&');
