/**
 * CSV text → records, as the text arrives. Our own rather than a library's because an import may lose
 * nothing silently: a quote that never closes costs its one line and not the rest of the file, and each
 * record knows its line and whether its quotes were unclear.
 */
export type Dialect = {
  /** One character. */
  delimiter: string;
  /** What ends a record; with `\n`, a `\r` before it belongs to the line end too. */
  newline: '\n' | '\r';
  /** Encloses a cell; default `"`. */
  quote?: "'";
  /** Stands before a quotation mark that is text, beside the doubled one. */
  escape?: '\\' | '\0';
};

/** Why a record's cells cannot be trusted. */
export type Flaw = 'unclosed_quote' | 'cell_too_large' | 'record_too_large' | 'too_many_columns';

export type CsvRecord = {
  /** Line of the file on which the record begins, from 1. */
  line: number;
  cells: string[];
  /** A quotation mark stood where none belongs and was taken as text. */
  stray: boolean;
  /** Set on a record that must be refused; `cells` is then empty and `raw` its beginning. */
  flaw?: Flaw;
  raw?: string;
};

export type CsvTokenizer = {
  /** The records that are complete after this text. */
  push(text: string): CsvRecord[];
  /** The records that the end of the file completes. */
  end(): CsvRecord[];
};

/** Longest cell taken, in characters. */
export const maxCell = 1024 * 1024;
/** How far a record's end is looked for before its first line is given up; bounds the memory. */
export const maxRecord = 8 * maxCell;
/** As many as spreadsheet programs have. */
export const maxColumns = 16_384;
const rawKept = 400;

const cr = 13;
const space = 32;

type Found = { record: CsvRecord; next: number; lines: number };
type Cell = { text: string; next: number; lines: number; stray: boolean; ended: boolean };

/** Blank lines give no record. `firstLine` is the line number of the text's first line. */
export function csvTokenizer(dialect: Dialect, firstLine = 1): CsvTokenizer {
  const { newline, escape } = dialect;
  const quoteSign = dialect.quote ?? '"';
  const quote = quoteSign.charCodeAt(0);
  const delimiter = dialect.delimiter.charCodeAt(0);
  const lineEnd = newline.charCodeAt(0);
  let buffer = '';
  let line = firstLine;
  let skipping = false;
  /** An unfinished record is looked at again only when it has grown, or a long one would cost its square. */
  let enough = 0;
  /** What was found ahead in the buffer as it stands. */
  let ahead = nothingAhead();

  /** True where a cell may end: at a delimiter, a line end or the end of the file. */
  const endsCell = (at: number): boolean => {
    if (at >= buffer.length) return true;
    const code = buffer.charCodeAt(at);
    if (code === delimiter || code === lineEnd) return true;
    return (
      code === cr && newline === '\n' && (at + 1 >= buffer.length || buffer.charCodeAt(at + 1) === lineEnd)
    );
  };
  const afterSpaces = (at: number): number => {
    while (buffer.charCodeAt(at) === space && delimiter !== space) at++;
    return at;
  };
  const linesIn = (from: number, to: number): number => {
    let count = 0;
    for (let at = nextLine(from); at >= 0 && at < to; at = nextLine(at + 1)) count++;
    return count;
  };
  /** Where the next line end stands, or -1; what a look ahead found is kept, or a long line would cost its square. */
  const nextLine = (from: number): number => {
    if (from < ahead.line.from || (ahead.line.at >= 0 && from > ahead.line.at))
      ahead.line = { from, at: buffer.indexOf(newline, from) };
    return ahead.line.at;
  };

  /** Whether an odd number of escapes stands before `at`, none of them before `from`. */
  const escapedAt = (at: number, from: number): boolean => {
    let before = at;
    while (before > from && buffer[before - 1] === escape) before--;
    return (at - before) % 2 === 1;
  };
  const unescaped = (text: string): string =>
    escape === undefined ? text : text.replaceAll(escape + escape, escape);

  /** The rest of a cell that is not quoted; undefined when more text is needed. */
  function plain(from: number, final: boolean): Cell | undefined {
    let stray = false;
    let end = from;
    for (; end < buffer.length; end++) {
      const code = buffer.charCodeAt(end);
      if (code === delimiter)
        return { text: buffer.slice(from, end), next: end + 1, lines: 0, stray, ended: false };
      if (code === lineEnd) break;
      // An apostrophe inside a word is no quotation mark.
      if (code === quote && quoteSign === '"') stray = true;
    }
    if (end === buffer.length && !final) return undefined;
    const cut = newline === '\n' && end > from && buffer.charCodeAt(end - 1) === cr ? end - 1 : end;
    return { text: buffer.slice(from, cut), next: end + 1, lines: 1, stray, ended: true };
  }

  /** Where the quote stands that closes the cell in the same line, after a quote at `at` that does not; or -1. */
  function closesLater(at: number, stop: number): number {
    const { from, until, found } = ahead.closing;
    // Between there and the quote that decided, every quote has the same answer.
    if (at >= from && at < until) return found;
    let next = buffer.indexOf(quoteSign, at + 1);
    let closing = -1;
    for (; next >= 0 && next < stop; next = buffer.indexOf(quoteSign, next + 1)) {
      if (buffer.charCodeAt(next - 1) === delimiter) break; // the opening quote of the next cell
      if (!endsCell(afterSpaces(next + 1))) continue;
      closing = next;
      break;
    }
    ahead.closing = { from: at, until: next >= 0 && next < stop ? next : stop, found: closing };
    return closing;
  }

  /** A quoted cell whose opening quote stands before `from`. */
  function quoted(from: number, final: boolean): Cell | 'unclosed' | undefined {
    const parts: string[] = [];
    let stray = false;
    let part = from;
    let closing = -1; // found by a look ahead: quotes before it are text
    for (let search = from; ;) {
      const at = buffer.indexOf(quoteSign, search);
      if (at < 0) return final || buffer.length - from > maxRecord ? 'unclosed' : undefined;
      if (at + 1 >= buffer.length && !final) return undefined;
      if (escape !== undefined && escapedAt(at, part)) {
        parts.push(unescaped(buffer.slice(part, at - 1)), quoteSign);
        part = search = at + 1;
        continue;
      }
      if (buffer.charCodeAt(at + 1) === quote) {
        parts.push(buffer.slice(part, at + 1));
        part = search = at + 2;
        continue;
      }
      const after = afterSpaces(at + 1);
      // A delimiter or line end may still be on its way.
      if (after + 1 >= buffer.length && !final && buffer.charCodeAt(after) !== delimiter) return undefined;
      if (endsCell(after)) {
        const text = parts.join('') + unescaped(buffer.slice(part, at));
        const rest = plain(after, final)!;
        return { text, next: rest.next, lines: linesIn(from, at) + rest.lines, stray, ended: rest.ended };
      }
      // The quote neither closes nor is doubled. Over a line break the opening quote was the mistake.
      if (!stray && linesIn(from, at) > 0) return 'unclosed';
      if (closing < at) {
        const stop = nextLine(at);
        if (stop < 0 && !final && buffer.length - from <= maxRecord) return undefined;
        closing = closesLater(at, stop < 0 ? buffer.length : stop);
      }
      stray = true;
      if (closing > at) {
        search = at + 1;
        continue;
      }
      const rest = plain(at + 1, final);
      if (!rest) return final ? 'unclosed' : undefined;
      return { ...rest, text: parts.join('') + buffer.slice(part, at) + rest.text, stray };
    }
  }

  /** Only the record's first line, to be refused. */
  function broken(start: number, final: boolean, flaw: Flaw): Found | undefined {
    const end = buffer.indexOf(newline, start);
    if (end < 0 && !final && buffer.length - start <= maxRecord) return undefined;
    const stop = end < 0 ? buffer.length : end;
    return {
      record: refused(line, buffer.slice(start, Math.min(stop, start + rawKept)), flaw),
      next: stop + 1,
      lines: 1,
    };
  }

  function recordAt(start: number, final: boolean): Found | undefined {
    const cells: string[] = [];
    let stray = false;
    let lines = 0;
    let large: string | undefined;
    let wide = false;
    for (let at = start; ;) {
      const opening = afterSpaces(at);
      const isQuoted = buffer.charCodeAt(opening) === quote;
      const cell = isQuoted ? quoted(opening + 1, final) : plain(at, final);
      if (cell === 'unclosed') return broken(start, final, 'unclosed_quote');
      if (!cell) return undefined;
      if (cell.text.length > maxCell) large ??= cell.text.slice(0, rawKept);
      if (cells.length < maxColumns) cells.push(cell.text);
      else wide = true;
      stray ||= cell.stray;
      lines += cell.lines;
      at = cell.next;
      if (!cell.ended) continue;
      if (wide) {
        const raw = buffer.slice(start, Math.min(at, start + rawKept));
        return { record: refused(line, raw, 'too_many_columns'), next: at, lines };
      }
      const record = large === undefined ? { line, cells, stray } : refused(line, large, 'cell_too_large');
      return { record, next: at, lines };
    }
  }

  function take(final: boolean): CsvRecord[] {
    const records: CsvRecord[] = [];
    let at = 0;
    while (at < buffer.length) {
      if (skipping) {
        const end = buffer.indexOf(newline, at);
        at = end < 0 ? buffer.length : end + 1;
        if (end >= 0) line++;
        skipping = end < 0;
        continue;
      }
      const found = recordAt(at, final);
      if (!found) {
        if (buffer.length - at <= maxRecord) break;
        records.push(refused(line, buffer.slice(at, at + rawKept), 'record_too_large'));
        skipping = true;
        continue;
      }
      if (found.record.cells.length !== 1 || found.record.cells[0] !== '') records.push(found.record);
      at = found.next;
      line += found.lines;
    }
    buffer = buffer.slice(at);
    ahead = nothingAhead();
    enough = buffer.length * 1.5;
    return records;
  }

  return {
    push(text) {
      buffer += text;
      ahead = nothingAhead();
      return buffer.length < enough ? [] : take(false);
    },
    end: () => take(true),
  };
}

const nothingAhead = () => ({
  line: { from: Infinity, at: -1 },
  closing: { from: Infinity, until: -1, found: -1 },
});

const refused = (line: number, raw: string, flaw: Flaw): CsvRecord => ({
  line,
  cells: [],
  stray: false,
  flaw,
  raw,
});
