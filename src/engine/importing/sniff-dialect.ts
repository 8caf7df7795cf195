/** How a file separates its cells and lines, judged from its beginning: the reading in which the rows agree. */
import { csvTokenizer, type Dialect } from './tokenize-csv.ts';

export const delimiters = [',', ';', '\t', '|'] as const;
export const delimiterNames: Readonly<Record<string, string>> = {
  ',': 'comma',
  ';': 'semicolon',
  '\t': 'tab',
  '|': 'pipe',
};

/** The sign that a name means; any other text is the sign itself. */
export const delimiterOf = (name: string): string =>
  Object.entries(delimiterNames).find(([, known]) => known === name.toLowerCase())?.[0] ?? name;

/** `whole` says that `text` is all of the file and not cut in a record. A first line `sep=;` decides. */
export function sniffDialect(text: string, whole: boolean): Dialect {
  const newline = lineEndOf(text);
  const said = separatorLine.exec(text)?.[1];
  if (said) return { delimiter: said, newline };
  let best: Dialect = { delimiter: ',', newline };
  let highest = 0;
  for (const delimiter of delimiters) {
    const score = agreement({ delimiter, newline }, text, whole);
    if (score > highest) [best, highest] = [{ delimiter, newline }, score];
  }
  return best;
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

/** Between 0 and 1: the share of rows as wide as the header, worth more the wider it is; 0 for one column. */
function agreement(dialect: Dialect, text: string, whole: boolean): number {
  const tokens = csvTokenizer(dialect);
  const records = tokens.push(text);
  if (whole || records.length === 0) records.push(...tokens.end());
  const rows = records.slice(0, 500);
  const width = rows[0]?.cells.length ?? 0;
  if (width < 2) return 0;
  const clean = rows.filter((row) => row.cells.length === width && !row.flaw && !row.stray).length;
  return (clean / rows.length) * (1 - 1 / (width + 1));
}
