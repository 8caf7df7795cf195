/** What whoever runs a server watches: its metrics, and the lines of its log. */
import { gauges } from '../../../http/gauges.ts';
import { requestDurations } from '../../../http/metrics.ts';
import { isCode, isTest, projectFiles } from '../project-files.ts';
import { parseSource, walk, type Node } from '../syntax.ts';
import { code, page, plain, table } from './markdown.ts';

export function metricsPage(): string {
  const { name, help, labelNames } = requestDurations;
  const rows = [
    [code(name), 'histogram', labelNames.map(code).join(', '), plain(help)],
    ...gauges.map((gauge) => [
      code(gauge.name),
      'gauge',
      gauge.labels.map(code).join(', '),
      plain(gauge.help),
    ]),
  ];
  return page('Metrics', [
    'At `/metrics`, in the form that Prometheus reads; with `METRICS_TOKEN` set, for who sends it as “Authorization: Bearer …”. Beside these stand the usual ones of a Node process (`process_…`, `nodejs_…`). Labels are names of operations, jobs and states, never of people.',
    table(['metric', 'type', 'labels', 'what'], rows),
  ]);
}

const levels = new Set(['debug', 'info', 'warn', 'error', 'fatal']);

type Line = { level: string; says: string; fields: string[]; file: string };

/** `log.warn({ err, … }, 'a sentence')`, whatever the log is called. */
function lineIn(node: Node, file: string): Line | undefined {
  if (node.type !== 'CallExpression') return undefined;
  const callee = node['callee'] as Node;
  if (callee.type !== 'MemberExpression') return undefined;
  const level = (callee['property'] as Node)['name'];
  const log = callee['object'] as Node;
  const called = log.type === 'MemberExpression' ? (log['property'] as Node)['name'] : log['name'];
  if (called !== 'log' || typeof level !== 'string' || !levels.has(level)) return undefined;
  const args = node['arguments'] as Node[];
  const says = textOf(args.at(-1));
  if (says === undefined || args.length < 2) return undefined;
  const properties = (args[0]!['properties'] ?? []) as Node[];
  const fields = properties.flatMap((each) => {
    const key = (each['key'] as Node | undefined)?.['name'];
    return typeof key === 'string' ? [key] : [];
  });
  return { level, says, fields, file };
}

function textOf(node: Node | undefined): string | undefined {
  if (node?.type === 'Literal' && typeof node['value'] === 'string') return node['value'];
  if (node?.type !== 'TemplateLiteral') return undefined;
  const quasis = node['quasis'] as { value: { cooked: string } }[];
  return quasis.map(({ value }) => value.cooked).join('…');
}

export function logPage(): string {
  const lines: Line[] = [];
  const files = projectFiles(
    (path) => isCode(path) && !isTest(path) && !/^src\/(web|testing)\//.test(path),
    'src',
  );
  for (const { path, text } of files) {
    walk(parseSource(path, text).program, (node) => {
      const line = lineIn(node, path);
      if (line && !/test/.test(path)) lines.push(line);
    });
  }
  const order = ['error', 'warn', 'info', 'debug'];
  const rows = lines
    .sort((a, b) => order.indexOf(a.level) - order.indexOf(b.level) || (a.says < b.says ? -1 : 1))
    .map(({ level, says, fields, file }) => [level, plain(says), fields.map(code).join(', '), code(file)]);
  return page('Log', [
    'JSON lines on stderr, one event each: `level`, `time`, `msg`, and fields. `LOG_LEVEL` says from which level on. A line about a request carries its number as `request`, the same that a refusal names in “instance”; `who` is the id of a user or key.',
    'Never in it: values of records, names, addresses, what was searched or filtered, passwords, keys, cookies, bodies of requests.',
    table(['level', 'line', 'fields', 'from'], rows),
  ]);
}
