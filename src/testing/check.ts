/**
 * `npm test`: every check and test of the house, each a line with its time, all of them run even when one
 * fails. The last line is the sum of what the test runners counted, alone, for whoever reads the log.
 *   npm test -- --only types,lint      some of the checks
 *   npm test -- --files src/core       the tests whose path holds the word, and nothing else
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { auditDependencies } from './checks/audit.ts';
import { ensureWebBuild } from '../http/web-build.ts';
import { dependencyFindings } from './checks/dependencies.ts';
import { missingPaths } from './checks/document-paths.ts';
import { findingLines, type Finding } from './checks/finding.ts';
import { againstDirection } from './checks/import-directions.ts';
import { namedKinds, type KindKeys } from './checks/kind-names.ts';
import { leaks, lockFindings, mayLeak } from './checks/leaks.ts';
import { isCode, projectFiles, readProjectFile, root } from './checks/project-files.ts';
import { staleReference } from './checks/reference.ts';
import { binOf, runTool } from './checks/run-tool.ts';
import { parseSource } from './checks/syntax.ts';
import {
  added,
  noTests,
  playwrightTotals,
  readTotals,
  totalsLine,
  vitestTotals,
  type Totals,
} from './checks/test-totals.ts';
import { sqlOutsideItsDoor } from './checks/write-door.ts';
import { findChromium } from './chromium.ts';

type Result = {
  state: 'ok' | 'failed' | 'not available' | 'skipped';
  /** A few words behind the name. */
  detail?: string;
  /** What is wrong, below the line. */
  output?: string;
  totals?: Totals;
};
type Check = { name: string; run(): Promise<Result> };

const reports = mkdtempSync(join(tmpdir(), 'groundwork-check-'));

const fromTool = async (script: string, args: readonly string[]): Promise<Result> => {
  const { code, output } = await runTool(script, args);
  return code === 0 ? { state: 'ok' } : { state: 'failed', output: output || `It ended with code ${code}.` };
};

const fromFindings = (findings: readonly Finding[]): Result =>
  findings.length === 0
    ? { state: 'ok' }
    : { state: 'failed', detail: `${findings.length} found`, output: findingLines(findings) };

const sources = () => projectFiles(isCode, 'src').map(({ path, text }) => parseSource(path, text));

async function kindKeys(): Promise<KindKeys> {
  const { kinds } = await import('../kinds/index.ts');
  const keys = (all: object): Set<string> => new Set(Object.keys(all));
  return {
    fields: keys(kinds.fields),
    operators: keys(kinds.operators),
    checkpoints: keys(kinds.checkpoints),
  };
}

/** Looked at, not run: two at a time. */
const still: readonly Check[] = [
  { name: 'types', run: () => fromTool(binOf('typescript', 'tsc'), []) },
  {
    name: 'lint',
    run: () => fromTool(binOf('oxlint'), ['--type-aware', '--deny-warnings', '--format=unix', '.']),
  },
  {
    name: 'format',
    run: () => fromTool(binOf('prettier'), ['--check', '--log-level=warn', '.']),
  },
  {
    name: 'unused',
    run: () => fromTool(binOf('knip'), ['--no-progress', '--reporter=compact']),
  },
  {
    name: 'imports',
    run: () => Promise.resolve(fromFindings(sources().flatMap(againstDirection))),
  },
  {
    name: 'write-door',
    run: () => Promise.resolve(fromFindings(sources().flatMap(sqlOutsideItsDoor))),
  },
  {
    name: 'kind-names',
    async run() {
      const keys = await kindKeys();
      return fromFindings(sources().flatMap((source) => namedKinds(source, keys)));
    },
  },
  { name: 'reference', run: async () => fromFindings(await staleReference()) },
  {
    name: 'documents',
    run: () =>
      Promise.resolve(fromFindings(projectFiles((path) => path.endsWith('.md')).flatMap(missingPaths))),
  },
  {
    name: 'dependencies',
    run: () =>
      Promise.resolve(
        fromFindings(
          dependencyFindings(
            JSON.parse(readProjectFile('package.json')) as Parameters<typeof dependencyFindings>[0],
            readProjectFile('docs/dependencies.md'),
          ),
        ),
      ),
  },
  {
    name: 'leaks',
    run: () =>
      Promise.resolve(
        fromFindings([
          ...lockFindings(readProjectFile('package-lock.json')),
          ...projectFiles(mayLeak).flatMap(leaks),
        ]),
      ),
  },
  { name: 'audit', run: auditDependencies },
  {
    name: 'web-build',
    async run() {
      const { built } = await ensureWebBuild(() => {});
      return { state: 'ok', detail: built ? undefined : 'as it was' };
    },
  },
];

/** One after the other: each has the machine to itself. */
const moving = (files: readonly string[]): readonly Check[] => [
  {
    name: 'tests',
    async run() {
      const report = join(reports, 'vitest.json');
      const { code } = await runTool(
        binOf('vitest'),
        ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...files],
        { show: true },
      );
      const totals = readTotals(report, vitestTotals);
      if (totals.passed + totals.failed === 0) {
        return { state: 'failed', output: 'No test ran.', totals: { ...totals, failed: 1 } };
      }
      return { state: code === 0 ? 'ok' : 'failed', totals };
    },
  },
  {
    name: 'browser',
    async run() {
      if (!existsSync(join(root, 'e2e'))) return { state: 'failed', output: 'There is no folder e2e.' };
      const chromium = await findChromium();
      if (chromium === undefined) {
        return {
          state: 'skipped',
          detail: 'no Chromium for this machine; install one and name it in CHROMIUM_PATH',
        };
      }
      const report = join(reports, 'playwright.json');
      const { code } = await runTool(
        binOf('@playwright/test', 'playwright'),
        ['test', '--reporter=list,json'],
        {
          show: true,
          env: { PLAYWRIGHT_JSON_OUTPUT_NAME: report, CHROMIUM_PATH: chromium },
        },
      );
      return { state: code === 0 ? 'ok' : 'failed', totals: readTotals(report, playwrightTotals) };
    },
  },
];

const signs = { ok: '✓', failed: '✗', 'not available': '–', skipped: '–' } as const;

type Timed = { name: string; result: Result; line: string };

async function timed({ name, run }: Check): Promise<Timed> {
  const began = performance.now();
  let result: Result;
  try {
    result = await run();
  } catch (error) {
    const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
    result = { state: 'failed', output: said };
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1).padStart(7);
  const words = [
    result.state === 'ok' ? '' : result.state,
    result.detail ?? '',
    result.totals ? totalsLine(result.totals).replaceAll(', ', ' · ') : '',
  ]
    .filter((word) => word !== '')
    .join(': ');
  return { name, result, line: `${signs[result.state]} ${name.padEnd(14)}${seconds} s  ${words}`.trimEnd() };
}

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

function show({ line, result }: Timed): void {
  print(line);
  if (result.output !== undefined) print(result.output.replaceAll(/^/gm, '    '));
}

/** Starts at most `most` at a time; each answer is a promise, in the order of the checks. */
function startAll(checks: readonly Check[], most: number): Promise<Timed>[] {
  const slots: Promise<unknown>[] = Array.from({ length: Math.max(1, most) }, () => Promise.resolve());
  return checks.map((check, index) => {
    const slot = index % slots.length;
    const done = afterThat(slots[slot]!, check);
    slots[slot] = done;
    return done;
  });
}

async function afterThat(before: Promise<unknown>, check: Check): Promise<Timed> {
  await before;
  return timed(check);
}

function chosen(): { still: readonly Check[]; moving: readonly Check[] } {
  const { values, positionals } = parseArgs({
    options: { only: { type: 'string', multiple: true }, files: { type: 'string', multiple: true } },
    allowPositionals: true,
  });
  const files = [...(values.files ?? []), ...(values.files ? positionals : [])];
  const all = { still, moving: moving(files) };
  const names = [...all.still, ...all.moving].map(({ name }) => name);
  const only = (values.only ?? (values.files ? ['tests'] : [])).flatMap((list) => list.split(','));
  const unknown = only.filter((name) => !names.includes(name));
  if (unknown.length > 0 || (positionals.length > 0 && !values.files)) {
    print(`There is no check “${[...unknown, ...positionals].join(', ')}”. There are: ${names.join(', ')}.`);
    process.exit(2);
  }
  const wanted = ({ name }: Check): boolean => only.length === 0 || only.includes(name);
  return { still: all.still.filter(wanted), moving: all.moving.filter(wanted) };
}

async function main(): Promise<void> {
  const checks = chosen();
  const results: Timed[] = [];
  for (const running of startAll(checks.still, Math.min(2, availableParallelism()))) {
    const done = await running;
    results.push(done);
    show(done);
  }
  for (const check of checks.moving) {
    print('');
    const done = await timed(check);
    results.push(done);
    print('');
    show(done);
  }
  rmSync(reports, { recursive: true, force: true });
  const named = (state: Result['state']): string[] =>
    results.filter(({ result }) => result.state === state).map(({ name }) => name);
  print('');
  for (const [state, words] of [
    ['failed', 'Failed'],
    ['skipped', 'Skipped'],
    ['not available', 'Not available'],
  ] as const) {
    if (named(state).length > 0) print(`${words}: ${named(state).join(', ')}`);
  }
  print(`Checks: ${named('ok').length} of ${results.length} are fine`);
  if (checks.moving.length > 0) {
    print(totalsLine(results.reduce((sum, { result }) => added(sum, result.totals ?? noTests), noTests)));
  }
  process.exitCode = named('failed').length > 0 ? 1 : 0;
}

await main();
