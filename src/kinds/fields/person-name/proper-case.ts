/** Names that came in capitals, as names are written. Wrong guesses cost nothing: what was typed is kept. */

const particles = new Set(
  'van von der den de del della di da do dos das du la le el al bin ibn ter ten zu zum zur af av y e of the und and'.split(
    ' ',
  ),
);
const fixed: Readonly<Record<string, string>> = {
  JR: 'Jr',
  SR: 'Sr',
  DR: 'Dr',
  MR: 'Mr',
  MRS: 'Mrs',
  MS: 'Ms',
  ST: 'St',
  NG: 'Ng',
  PHD: 'PhD',
};
const roman = /^(II|III|IV|VI|VII|VIII|IX)$/;
const word = /[\p{L}\p{M}]+/gu;

/**
 * Changes only a name without any small letter. Initials and Roman numerals stay, particles inside become
 * small, O' D' Mc and hyphens begin anew. Giving the result again changes nothing.
 */
export function properCase(name: string): string {
  if (/\p{Ll}/u.test(name) || !/\p{Lu}/u.test(name)) return name;
  const words = name.split(' ');
  const alone = words.length === 1;
  const written = words.map((part, index) => {
    const last = index === words.length - 1;
    if (!last && particles.has(part.toLowerCase())) return part.toLowerCase();
    return part.replace(word, (letters, at: number) =>
      oneWord(letters, alone, part.slice(at + letters.length)),
    );
  });
  return written.join(' ');
}

function oneWord(letters: string, alone: boolean, after: string): string {
  if (Object.hasOwn(fixed, letters) && !alone) return fixed[letters]!;
  if (roman.test(letters) || [...letters].length === 1) return letters;
  // Two letters alone, or few without a vowel, are initials: AJ, JRR. Followed by a dot too.
  if (alone && [...letters].length === 2) return letters;
  if ([...letters].length <= 3 && (after.startsWith('.') || !/[AEIOUYÀ-ÖØ-Ý]/u.test(letters))) {
    return /^[A-Z]+$/.test(letters) ? letters : capital(letters);
  }
  if (/^MC\p{L}{3,}/u.test(letters)) return `Mc${capital(letters.slice(2))}`;
  return capital(letters);
}

function capital(letters: string): string {
  const [first, ...rest] = letters;
  return first! + rest.join('').toLowerCase();
}
