/** The bench's table: what was measured, beside what, the ratio and its budget. */
import { cpus } from 'node:os';

export type Line = {
  what: string;
  /** The product's figure, with its unit. */
  ours: string;
  beside: { name: string; figure: string; ratio: number; budget?: { at: 'least' | 'most'; ratio: number } }[];
};

const met = (ratio: number, budget: { at: 'least' | 'most'; ratio: number }): boolean =>
  budget.at === 'least' ? ratio >= budget.ratio : ratio <= budget.ratio;

export function report(
  lines: readonly Line[],
  sizes: Record<string, number>,
): { text: string; json: string } {
  const rows = lines.flatMap((line) =>
    line.beside.map((other, index) => {
      const budget = other.budget
        ? `${other.budget.at === 'least' ? '≥' : '≤'} ${other.budget.ratio}${met(other.ratio, other.budget) ? '' : ' missed'}`
        : '';
      return `| ${index === 0 ? line.what : ''} | ${index === 0 ? line.ours : ''} | ${other.name} | ${other.figure} | ${other.ratio.toFixed(2)} | ${budget} |`;
    }),
  );
  const text = [
    '# Bench',
    '',
    `${Object.entries(sizes)
      .map(([name, count]) => `${count.toLocaleString('en')} ${name}`)
      .join(
        ', ',
      )}; Node ${process.version}, ${cpus().length} cores. Both sides of a row were measured in this run; the machine is shared, so read the ratios.`,
    '',
    '| what | Groundwork | beside | its figure | ratio | budget |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
  return { text, json: `${JSON.stringify({ sizes, node: process.version, lines }, null, 2)}\n` };
}
