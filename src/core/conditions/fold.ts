/**
 * The one folded form of text: what is stored beside text columns, what search reads, and what literals of
 * conditions are turned into. Changing it makes stored folds stale: then every fold column must be rewritten.
 */

/** Letters that Unicode does not decompose but people type without their stroke or ligature. */
const letters: Readonly<Record<string, string>> = {
  ß: 'ss',
  ł: 'l',
  ø: 'o',
  æ: 'ae',
  œ: 'oe',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ħ: 'h',
  ŧ: 't',
  ı: 'i',
  ς: 'σ',
  '‘': "'",
  '’': "'",
  ʼ: "'",
  '′': "'",
  '“': '"',
  '”': '"',
  '„': '"',
  '‐': '-',
  '‒': '-',
  '–': '-',
  '—': '-',
  '−': '-',
};
const replaceable = new RegExp(`[${Object.keys(letters).join('')}]`, 'gu');

// Accents of Latin, Greek and Cyrillic, Hebrew points and Arabic vowel marks: spelling variants. Vowel signs
// of Indic scripts and the Japanese voicing marks tell words apart and stay.
// oxlint-disable-next-line no-misleading-character-class
const marks =
  /[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]/gu;
// Among them the stroke that stretches Arabic letters.
const invisible = /[\p{Default_Ignorable_Code_Point}\p{Cf}\u0640]/gu;
const spaces = /[\s\p{Cc}\p{Z}]+/gu;
const plainAscii = /^[\x20-\x7e]*$/;

/**
 * Case, accents, width, ligatures, typographic quotes and dashes, invisible characters and runs of white
 * space make no difference to it. Total, idempotent, and safe to send to PostgreSQL (no NUL, well-formed).
 * Text made only of such characters folds to its lower-case self, so that it never reads as missing.
 */
export function fold(text: string): string {
  if (plainAscii.test(text)) return text.toLowerCase().replace(/ {2,}/g, ' ').trim();
  const whole = text.toWellFormed();
  const folded = bare(
    bare(whole)
      .toLowerCase()
      .replace(replaceable, (letter) => letters[letter]!),
  )
    .replace(spaces, ' ')
    .trim()
    .normalize('NFC');
  return folded === '' ? whole.replace(spaces, ' ').trim().toLowerCase() : folded;
}

const bare = (text: string): string => text.normalize('NFKD').replace(marks, '').replace(invisible, '');
