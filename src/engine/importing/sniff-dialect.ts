/** How a file separates its cells and lines, judged from its beginning: the reading in which the rows agree. */
import { headerAt, usualWidth } from './find-header.ts';
import { csvTokenizer, type CsvRecord, type Dialect } from './tokenize-csv.ts';

const usual = [',', ';', '\t', '|'] as const;
/** Taken only where every row agrees, as they stand in ordinary text too. */
const unusual = ['^', '~', '¦', '§', '\x1f', '\x01', '#', '!', ':', ' '] as const;
export const delimiterNames: Readonly<Record<string, string>> = {
  ',': 'comma',
  ';': 'semicolon',
  '\t': 'tab',
  '|': 'pipe',
  ' ': 'space',
};

/** The sign that a name means; any other text is the sign itself. */
export const delimiterOf = (name: string): string =>
  Object.entries(delimiterNames).find(([, known]) => known === name.toLowerCase())?.[0] ?? name;

/** `whole` says that `text` is all of the file and not cut in a record. A first line `sep=;` decides. */
export function sniffDialect(text: string, whole: boolean): Dialect {
  const newline = lineEndOf(text);
  const said = separatorLine.exec(text)?.[1];
  if (said) return signsOf({ delimiter: said, newline }, text, whole);
  let best: Dialect = { delimiter: ',', newline };
  let highest = 0;
  const weigh = (delimiter: string, strict: boolean): void => {
    const score = agreement(beginning({ delimiter, newline }, text, whole), strict);
    if (score > highest) [best, highest] = [{ delimiter, newline }, score];
  };
  for (const delimiter of usual) weigh(delimiter, false);
  if (highest === 0) for (const delimiter of unusual) weigh(delimiter, true);
  return signsOf(best, text, whole);
}

/** Excel's first line that names the separator. */
export const separatorLine = /^sep=([^\r\n])(\r\n|\r|\n|$)/i;

function lineEndOf(text: string): '\n' | '\r' {
  let quoted = false;
  let old = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') quoted = !quoted;
    else if (char === '\n' && !quoted) return '\n';
    else if (char === '\r' && !quoted && text[at + 1] !== '\n') old = true;
  }
  return old ? '\r' : '\n';
}

/** Other quotation marks and escapes than the usual ones, where only with them the rows agree. */
function signsOf(dialect: Dialect, text: string, whole: boolean): Dialect {
  const candidates: Dialect[] = [];
  if (text.includes('\\"')) candidates.push({ ...dialect, escape: '\\' });
  if (text.includes('\0"')) candidates.push({ ...dialect, escape: '\0' });
  if (text.includes(`${dialect.delimiter}'`) || text.includes(`${dialect.newline}'`))
    candidates.push({ ...dialect, quote: "'" });
  if (candidates.length === 0) return dialect;
  let best = dialect;
  let fewest = unclear(beginning(dialect, text, whole));
  for (const candidate of candidates) {
    const count = unclear(beginning(candidate, text, whole));
    if (count < fewest) [best, fewest] = [candidate, count];
  }
  return best;
}

function beginning(dialect: Dialect, text: string, whole: boolean): CsvRecord[] {
  const tokens = csvTokenizer(dialect);
  const records = tokens.push(text);
  if (whole || records.length === 0) records.push(...tokens.end());
  return records.slice(0, 500);
}

const unclear = (records: readonly CsvRecord[]): number => {
  const width = usualWidth(records);
  return records.filter((row) => row.cells.length !== width || row.flaw || row.stray).length;
};

/**
 * Between 0 and 1: the share of rows as wide as the header, worth more the wider it is; 0 for one column. Of a sign
 * that stands in ordinary text too, every row must have as many, and more than one.
 */
function agreement(records: readonly CsvRecord[], strict: boolean): number {
  const at = headerAt(records);
  const rows = records.slice(at);
  const width = rows[0]?.cells.length ?? 0;
  if (width < (strict ? 3 : 2)) return 0;
  const clean = rows.filter((row) => row.cells.length === width && !row.flaw && !row.stray).length;
  const share = clean / rows.length;
  if (strict && (share < 1 || rows.length < 2)) return 0;
  return share * (1 - 1 / (width + 1)) * (at > 0 ? 0.9 : 1);
}
