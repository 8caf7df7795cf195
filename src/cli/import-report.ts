/** What an import tells the person at the keyboard: which column went where, what was decided, what was refused. */
import type { ObjectModel } from '../core/catalog/catalog.ts';
import type { Issue } from '../core/errors/problem.ts';
import type { Undone } from '../engine/batches/undo.ts';
import type { ImportPlan } from '../engine/importing/import-plan.ts';
import type { ImportResult } from '../engine/importing/import-result.ts';
import { issueLine } from './failure.ts';
import { thousands } from './progress.ts';

/** Problems printed; all of them are kept with the batch. */
const mostShown = 20;

export function importPlanLines(file: string, plan: ImportPlan, object: ObjectModel | undefined): string[] {
  const widest = Math.min(40, Math.max(0, ...plan.columns.map(({ header }) => header.length)));
  return [
    plan.sheet === undefined
      ? `${file}: ${rowsOf(plan.total)} in ${plan.encoding}, separated by ${plan.delimiter}`
      : `${file}: ${rowsOf(plan.total)} in the sheet “${plan.sheet}”`,
    ...plan.columns.map(({ header, field }) => `  ${header.padEnd(widest)} → ${labelOf(object, field)}`),
    ...plan.skipped_columns.map(({ header, why }) => `  ${header.padEnd(widest)}   not imported: ${why}`),
    ...plan.notes,
  ];
}

const labelOf = (object: ObjectModel | undefined, field: string): string =>
  field
    .split(' + ')
    .map((key) => {
      const [own, by] = key.split('.');
      const label = object?.fields.get(own!)?.label ?? key;
      return by ? `${label}, found by its ${by.replaceAll('_', ' ')}` : label;
    })
    .join(' and ');

/** `closing`: how to undo it and the line that names the batch, which are the last. */
export function importResultLines(
  result: ImportResult,
  object: ObjectModel | undefined,
  { dryRun, closing = true }: { dryRun: boolean; closing?: boolean },
): string[] {
  const lines = ['', summary(result, dryRun)];
  const refused = grouped(
    result.refused.map(({ line, errors, candidates }) => ({
      line,
      text: errors.map(issueLine).join(' ') + named(candidates),
    })),
  );
  const left = grouped(
    result.left.map(({ line, errors, raw, field }) => ({ line, text: leftText(object, field, raw, errors) })),
  );
  if (refused.length > 0) lines.push('', `Refused (${thousands(result.refused_total)}):`, ...shown(refused));
  if (left.length > 0) {
    const room = Math.max(3, mostShown - Math.min(mostShown, refused.length));
    lines.push(
      '',
      `Loaded all the same, with something to look at (${thousands(result.left_total)}):`,
      ...shown(left, room),
    );
  }
  if (result.batch !== null) {
    if (refused.length + left.length > 0)
      lines.push(
        '',
        `To mend them and feed them again: ./groundwork import problems ${result.batch} --out problems.csv`,
      );
    if (result.held) lines.push('Links of it wait for the files behind it.');
    if (result.stopped && closing) lines.push(`To go on: ./groundwork import resume ${result.batch}`);
    if (closing) lines.push(`To undo: ./groundwork import undo ${result.batch}`, `batch ${result.batch}`);
  }
  return lines;
}

function summary(result: ImportResult, dryRun: boolean): string {
  const parts = [
    `${thousands(result.created)} new`,
    ...(result.changed > 0 ? [`${thousands(result.changed)} changed`] : []),
    ...(result.unchanged > 0 ? [`${thousands(result.unchanged)} as they were`] : []),
  ];
  const rest = result.stopped
    ? `, stopped before the end: ${rowsOf(result.total - result.done - result.refused_total)} not tried`
    : '';
  return dryRun
    ? `Dry run: ${rowsOf(result.done)} would load (${parts.join(', ')}), ${thousands(result.refused_total)} would be refused${rest}. Nothing was stored.`
    : `${rowsOf(result.done)} loaded (${parts.join(', ')}), ${thousands(result.refused_total)} refused${rest}.`;
}

const rowsOf = (count: number): string => `${thousands(count)} ${count === 1 ? 'row' : 'rows'}`;

function leftText(
  object: ObjectModel | undefined,
  field: string | null,
  raw: string | null,
  errors: readonly Issue[],
): string {
  const what = errors.map(issueLine).join(' ');
  if (field === null) return what;
  const text = (raw ?? '').replace(/\s+/g, ' ');
  return `${object?.fields.get(field)?.label ?? field} “${text.length > 60 ? `${text.slice(0, 57)}…` : text}” left empty. ${what}`;
}

/** The same finding on many lines is said once. */
function grouped(all: readonly { line: number; text: string }[]): { lines: number[]; text: string }[] {
  const byText = new Map<string, number[]>();
  for (const { line, text } of all) {
    // Findings that name their line in the sentence are one by one.
    const lines = byText.get(text);
    if (lines) lines.push(line);
    else byText.set(text, [line]);
  }
  return [...byText].map(([text, lines]) => ({ lines, text }));
}

function shown(groups: readonly { lines: number[]; text: string }[], most = mostShown): string[] {
  const lines = groups.slice(0, most).map(({ lines, text }) => {
    const some = lines.slice(0, 5).join(', ');
    const where =
      lines.length === 1
        ? `line ${some}`
        : `lines ${some}${lines.length > 5 ? ` and ${thousands(lines.length - 5)} more` : ''}`;
    return `  ${where}: ${text}`;
  });
  return groups.length > most
    ? [...lines, `  … and ${thousands(groups.length - most)} more of other kinds`]
    : lines;
}

function named(candidates: unknown): string {
  if (!Array.isArray(candidates)) return '';
  const names = candidates.flatMap((one: { id?: unknown; name?: unknown }) =>
    typeof one?.id === 'string' ? [`${String(one.name ?? 'a record')} (${one.id})`] : [],
  );
  return names.length > 0 ? ` There already: ${names.slice(0, 3).join(', ')}.` : '';
}

export function undoneLines(undone: Undone): string[] {
  const stopped = undone.state === 'done' ? '' : ' It stopped on the way.';
  const lines = [`${thousands(undone.done)} records are as they were before.${stopped}`];
  if (undone.kept_total > 0) lines.push(`Kept (${thousands(undone.kept_total)}):`);
  for (const { object, id, name, label, why, by, present } of undone.kept.slice(0, mostShown)) {
    const what = `${name === null ? object : `${object} “${name}”`} ${id}${label ? `, ${label}` : ''}`;
    const now = present === undefined || present === null ? '' : ` Now: ${JSON.stringify(present)}.`;
    lines.push(`  ${what}: ${why}${by === undefined ? '' : ` By ${by}.`}${now}`);
  }
  if (undone.kept_total > mostShown)
    lines.push(
      `  … and ${thousands(undone.kept_total - mostShown)} more: GET /api/v1/batches/${undone.batch}/kept`,
    );
  if (undone.state !== 'done') lines.push(`To go on: ./groundwork import resume ${undone.batch}`);
  return [...lines, `batch ${undone.batch}`];
}
