/**
 * Text that a spreadsheet would run as a formula. In files that we write such a cell gets an apostrophe in front,
 * which a spreadsheet shows as text; read back from a file of ours it loses it again, and is equal. So does text
 * that begins with apostrophes before such a sign.
 */
const runs = /^'*[=+\-@\t\r]/;
const neutralised = /^'+[=+\-@\t\r]/;

export const neutralise = (cell: string): string => (runs.test(cell) ? `'${cell}` : cell);

/** Only for cells of a file that `neutralise` was used on. */
export const restore = (cell: string): string => (neutralised.test(cell) ? cell.slice(1) : cell);
