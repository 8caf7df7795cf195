/** What a check of our own found: where, and what to do about it. */
export type Finding = { file: string; line?: number; say: string };

/** `src/a.ts:12  sentence`, one a line, in the order of the files. */
export function findingLines(findings: readonly Finding[]): string {
  const place = ({ file, line }: Finding): string => (line === undefined ? file : `${file}:${line}`);
  return [...findings]
    .sort((a, b) => (a.file === b.file ? (a.line ?? 0) - (b.line ?? 0) : a.file < b.file ? -1 : 1))
    .map((finding) => `${place(finding)}  ${finding.say}`)
    .join('\n');
}
