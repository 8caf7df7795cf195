/** How names and lists are put into English sentences: by explanations, operators and checkpoints alike. */

/** "a", "a or b", "a, b or c". */
export const listed = (words: readonly string[], last: 'and' | 'or'): string =>
  words.length < 2 ? (words[0] ?? 'nothing') : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)!}`;

/** "Close date" → "close date" inside a sentence, but "VAT number" stays. */
export const small = (label: string): string =>
  /^\p{Lu}\p{Ll}/u.test(label) ? label[0]!.toLowerCase() + label.slice(1) : label;

/** "an activity", "a deal". */
export const withArticle = (word: string): string => `${/^[aeiou]/i.test(word) ? 'an' : 'a'} ${word}`;
