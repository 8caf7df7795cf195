/**
 * Which encoding a file's text is in. Certain where the bytes prove it (a mark, valid UTF-8, NUL patterns);
 * otherwise the reading that makes the most likely letters of some language wins, and where two readings
 * are about as likely the person is asked, because garbled names are found years later.
 */
import { issue, refusal } from '../../core/errors/problem.ts';
import { notReadable, type FileBytes } from './file-bytes.ts';
import { commonHan, lettersOf, marks, type Language } from './language-letters.ts';

export type Encoding = {
  /** Name for `textDecoder`. */
  name: string;
  /** Not proved by the bytes but judged by what reads well. */
  guessed: boolean;
  /** A word as it reads, where the encoding was judged. */
  example?: string;
};

const western = [
  'french',
  'german',
  'spanish',
  'portuguese',
  'italian',
  'nordic',
  'swedish',
  'icelandic',
] as const;
const central = ['polish', 'czech', 'slovak', 'hungarian', 'romanian', 'southSlavic', 'german'] as const;
const slavic = ['russian', 'ukrainian', 'bulgarian', 'serbian'] as const;

type Candidate = { name: string; prior: number; languages: readonly Language[] };
/** Priors in nats: what most files without a mark are, before any of their letters is seen. */
const singleByte: readonly Candidate[] = [
  { name: 'windows-1252', prior: 3, languages: western },
  { name: 'windows-1250', prior: 0, languages: central },
  { name: 'iso-8859-2', prior: -1, languages: central },
  { name: 'windows-1251', prior: 0, languages: slavic },
  { name: 'koi8-r', prior: -1, languages: ['russian'] },
  { name: 'iso-8859-5', prior: -1, languages: slavic },
  { name: 'windows-1253', prior: 0, languages: ['greek'] },
  { name: 'iso-8859-7', prior: -1, languages: ['greek'] },
  { name: 'windows-1254', prior: 0, languages: ['turkish'] },
  { name: 'windows-1255', prior: 0, languages: ['hebrew'] },
  { name: 'iso-8859-8', prior: -1, languages: ['hebrew'] },
  { name: 'windows-1256', prior: 0, languages: ['arabic'] },
  { name: 'iso-8859-6', prior: -1, languages: ['arabic'] },
  { name: 'windows-1257', prior: 0, languages: ['latvian', 'lithuanian', 'estonian'] },
  { name: 'windows-1258', prior: -1, languages: ['vietnamese'] },
  { name: 'windows-874', prior: 0, languages: ['thai'] },
];
const multiByte = ['shift_jis', 'euc-jp', 'gb18030', 'big5', 'euc-kr'] as const;

/** How many nats the best reading must lead by. */
const clear = 3;

/** Gives the encoding, `asked` if given. Throws a problem that names the likely ones when it is unclear. */
export function detectEncoding(bytes: FileBytes, asked?: string): Encoding {
  if (asked !== undefined) return given(bytes, asked);
  const proved = bytes.bom ?? bytes.wide;
  if (proved) return { name: proved, guessed: false };
  if (bytes.ascii && bytes.escapes) return escaped(bytes);
  if (bytes.utf8) return { name: 'utf-8', guessed: false };
  const readings = ranked(bytes.sample);
  const best = readings[0]!;
  const rivals = readings.filter(({ text, score }) => text !== best.text && best.score - score < clear);
  if (rivals.length === 0)
    return { name: best.name, guessed: true, example: exampleOf(best.text, readings[1]?.text) };
  const told = [best, ...rivals.slice(0, 3)].map(({ name, text }) => {
    const other = name === best.name ? rivals[0]!.text : best.text;
    return `${name} (“${exampleOf(text, other)}”)`;
  });
  throw refusal(422, 'encoding_unclear', [
    issue(
      'encoding',
      'encoding_unclear',
      'The file is not UTF-8, and its letters could be read in several ways: {told}.',
      'Say which one reads right, such as encoding {name}.',
      { told: told.join(', '), name: best.name },
    ),
  ]);
}

function given(bytes: FileBytes, asked: string): Encoding {
  const name = asked.trim().toLowerCase();
  if (/^utf-?32(le|be)?$/.test(name)) {
    return {
      name: name.endsWith('be') || bytes.bom === 'utf-32be' ? 'utf-32be' : 'utf-32le',
      guessed: false,
    };
  }
  let label: string;
  try {
    label = new TextDecoder(name).encoding;
  } catch {
    throw refusal(422, 'unknown_encoding', [
      issue(
        'encoding',
        'unknown_encoding',
        'There is no encoding “{asked}”.',
        'Use a name such as utf-8, utf-16le, windows-1252, iso-8859-2, windows-1251 or shift_jis, or leave it out.',
        { asked },
      ),
    ]);
  }
  // “UTF-16” and a byte order are often confused; the bytes know.
  const order = bytes.wide ?? bytes.bom;
  if (label.startsWith('utf-16') && order?.startsWith('utf-16')) label = order;
  if (label === 'utf-8' && !bytes.utf8) {
    throw notReadable(
      'not_utf8',
      'The file is not valid UTF-8.',
      'Leave the encoding out to have it found, or name the one it is in.',
    );
  }
  return { name: label, guessed: false };
}

/** ISO-2022: only the Japanese one is still read by anything; the others would come out as noise. */
function escaped({ sample }: FileBytes): Encoding {
  if (/\x1b\$[@B]|\x1b\(J/.test(sample.toString('latin1'))) return { name: 'iso-2022-jp', guessed: true };
  throw notReadable(
    'encoding_unknown',
    'The file is in an old Korean or Chinese encoding (ISO-2022).',
    'Save it as UTF-8 in the program it comes from, then import that.',
  );
}

type Reading = { name: string; text: string; score: number };

function ranked(sample: Buffer): Reading[] {
  const readings: Reading[] = singleByte.map(({ name, prior, languages }) => {
    const text = new TextDecoder(name).decode(sample);
    return {
      name,
      text,
      score: prior + Math.max(...languages.map((language) => likelihood(text, language, languages))),
    };
  });
  for (const name of multiByte) {
    const text = new TextDecoder(name).decode(sample);
    const language =
      name === 'shift_jis' || name === 'euc-jp' ? 'japanese' : name === 'euc-kr' ? 'korean' : 'chinese';
    readings.push({ name, text, score: wideLikelihood(text, language) });
  }
  return readings.sort((a, b) => b.score - a.score);
}

const odd = Math.log(1e-5); // a sign between letters where none belongs
const rare = Math.log(1e-4);
const mark = Math.log(0.01);
const impossible = Math.log(1e-9); // a control character, or no character at all

/** Log probability of the text's letters beyond ASCII in a language that borrows a little from its neighbours. */
function likelihood(text: string, language: Language, neighbours: readonly Language[]): number {
  const chances = chancesOf(language, neighbours);
  let sum = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (char <= '\x7f') continue;
    const before = text[at - 1] ?? ' ';
    const chance = chances.get(char);
    if (chance !== undefined) {
      sum += chance;
      if (!isLetter(before)) continue;
      // A capital after a small letter, or two scripts in one word: the bytes mean something else.
      if (isCapital(char) && before !== before.toUpperCase()) sum += rare / 2;
      if (before <= '\x7f' && !isLatin(char)) sum += rare;
    } else if (char < '\xa0' || char === '\ufffd') {
      sum += impossible;
    } else {
      const [left, right] = [isLetter(before), isLetter(text[at + 1] ?? ' ')];
      const known = marks.includes(char) && !(left && right && char !== '’');
      sum += known ? mark : left || right ? odd : rare;
    }
  }
  return sum;
}

const isLetter = (char: string): boolean => /\p{L}/u.test(char);
const isCapital = (char: string): boolean => char !== char.toLowerCase();
const isLatin = (char: string): boolean => /[\p{Script=Latin}\p{M}]/u.test(char);

const chanceCache = new Map<string, Map<string, number>>();

/** Letter → log of its chance. */
function chancesOf(language: Language, neighbours: readonly Language[]): Map<string, number> {
  const name = `${language} ${neighbours.join(' ')}`;
  let found = chanceCache.get(name);
  if (!found) {
    const shares = new Map<string, number>();
    const add = (of: Language, weight: number): void => {
      for (const [letter, share] of frequencies(of))
        shares.set(letter, (shares.get(letter) ?? 0) + share * weight);
    };
    add(language, 0.9);
    for (const other of neighbours) add(other, 0.1 / neighbours.length);
    found = new Map([...shares].map(([letter, share]) => [letter, Math.log(share)]));
    chanceCache.set(name, found);
  }
  return found;
}

/** By rank, as languages have it: the third letter a third as often as the first. */
function frequencies(language: Language): Map<string, number> {
  const letters = [...lettersOf[language]];
  const total = letters.reduce((sum, _, rank) => sum + 1 / (rank + 3), 0);
  const found = new Map<string, number>();
  letters.forEach((letter, rank) => {
    const share = 1 / (rank + 3) / total;
    found.set(letter, share);
    const capital = letter.toUpperCase();
    if (capital !== letter && capital.length === 1 && !found.has(capital)) found.set(capital, share / 12);
  });
  return found;
}

const han = new Set(commonHan);

/** The same for two-byte encodings: whole classes of characters are likely, as no list could hold them all. */
function wideLikelihood(text: string, language: 'japanese' | 'chinese' | 'korean'): number {
  let sum = 0;
  for (const char of text) {
    if (char <= '\x7f') continue;
    const code = char.codePointAt(0)!;
    if (char === '\ufffd') sum += impossible;
    else if (code >= 0x3000 && code <= 0x303f) sum += Math.log(1 / 50);
    else if (code >= 0x3040 && code <= 0x30ff) sum += Math.log(language === 'japanese' ? 1 / 150 : 1e-6);
    else if (code >= 0xac00 && code <= 0xd7a3) sum += Math.log(language === 'korean' ? 1 / 800 : 1e-6);
    else if (code >= 0xff00 && code <= 0xff60) sum += Math.log(1 / 300);
    else if (code >= 0x4e00 && code <= 0x9fff) {
      sum += Math.log(
        han.has(char) ? (language === 'korean' ? 1e-5 : 1 / 300) : language === 'korean' ? 1e-6 : 1 / 12_000,
      );
    } else sum += Math.log(1e-6);
  }
  return sum;
}

/** The first word in which the two readings differ, or the first beyond ASCII. */
function exampleOf(text: string, other?: string): string {
  const words = text.split(/[\s,;|"\t]+/u);
  const others = other?.split(/[\s,;|"\t]+/u) ?? [];
  const found =
    words.find((word, at) => /[^\x00-\x7f]/.test(word) && word !== others[at]) ??
    words.find((word) => /[^\x00-\x7f]/.test(word));
  return [...(found ?? '')].slice(0, 30).join('');
}
