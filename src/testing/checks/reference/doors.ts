/** Pages about the doors: operations as the API has them, commands of the CLI. */
import { Command } from 'commander';
import { z } from 'zod';
import type { Operation } from '../../../operations/operation.ts';
import { projectPaths, root } from '../project-files.ts';
import { code, page, plain, propertyTable, table } from './markdown.ts';

const nounOf = (operation: Operation): string => operation.name.split('.')[0]!;

export function apiPage(operations: readonly Operation[]): string {
  const nouns = [...new Set(operations.map(nounOf))].sort();
  return page('API operations', [
    'Every operation of the API. The [guide](../guide/api.md) shows how they are used; `/api/openapi.json` of a running server describes every object of its workspace with all fields.',
    table(
      ['Operation', 'Route', ''],
      operations
        .map(({ name, http, summary }) => [
          `[${name}](#${anchor(name)})`,
          code(`${http.method} ${http.path}`),
          plain(summary),
        ])
        .sort((a, b) => (a[0]! < b[0]! ? -1 : 1)),
    ),
    ...nouns.flatMap((noun) =>
      operations
        .filter((operation) => nounOf(operation) === noun)
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map(operationPart),
    ),
  ]);
}

const anchor = (name: string): string => name.toLowerCase().replaceAll(/[^\w-]/g, '');

function operationPart({ name, summary, description, http, input }: Operation): string {
  const schema = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' });
  const inPath = [...http.path.matchAll(/\{(\w+)\}/g)].map(([, key]) => key!);
  const notes = [
    http.open ? 'Open without signing in.' : '',
    http.idempotent ? 'Takes an `Idempotency-Key`.' : '',
    http.multipart ? 'Takes `multipart/form-data` with one file.' : '',
    http.download ? 'Answers a file.' : '',
    http.later ? 'Answers 202 when it goes on in the background.' : '',
    http.status === undefined || http.status === 200 ? '' : `Answers ${http.status}.`,
  ].filter((note) => note !== '');
  return [
    `## ${name}`,
    `${code(`${http.method} ${http.path}`)}: ${plain(summary)}.${description ? ` ${plain(description)}` : ''}`,
    notes.join(' '),
    propertyTable(schema, inPath),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** Each file of the CLI gives its commands by a function whose name ends in “Commands”. */
async function cliProgram(): Promise<Command> {
  const program = new Command('groundwork');
  for (const path of projectPaths('src/cli')) {
    if (!path.endsWith('.ts') || path.endsWith('.test.ts') || path.endsWith('/main.ts')) continue;
    const exported = (await import(`${root}/${path}`)) as Record<string, unknown>;
    for (const [name, add] of Object.entries(exported)) {
      if (name.endsWith('Commands') && typeof add === 'function') (add as (to: Command) => void)(program);
    }
  }
  return program;
}

export async function cliPage(): Promise<string> {
  const program = await cliProgram();
  return page('Command line', [
    'Run at the root of the checkout, while the server runs or when it does not. `DATA_DIR` and `DATABASE_URL` say which workspace.',
    ...sorted(program.commands).flatMap((command) => commandParts(command, './groundwork')),
  ]);
}

const sorted = (commands: readonly Command[]): Command[] =>
  [...commands].sort((a, b) => (a.name() < b.name() ? -1 : 1));

function commandParts(command: Command, before: string): string[] {
  const name = `${before} ${command.name()}`;
  const operands = command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
  );
  const options = command.options.map((option) => [
    code(option.flags),
    option.mandatory ? 'required' : '',
    plain(option.description),
  ]);
  const children = sorted(command.commands).flatMap((child) => commandParts(child, name));
  // A noun that only gathers verbs has nothing of its own to say.
  if (operands.length === 0 && options.length === 0 && children.length > 0) return children;
  const part = [
    `## ${[name, ...operands].join(' ').replace('./', '')}`.replaceAll('<', '&lt;'),
    plain(command.description()),
    options.length === 0 ? '' : table(['Option', '', 'Meaning'], options),
  ]
    .filter((text) => text !== '')
    .join('\n\n');
  return [part, ...children];
}
