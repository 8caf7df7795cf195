/**
 * Imports run one way: core ← kinds ← engine ← operations ← doors. What a layer may reach is said here once,
 * with the reason that the message gives. `platform` serves engine, operations and doors; the web knows the
 * server by its answers alone, and of its code by types.
 */
import type { Finding } from './finding.ts';
import { isTest } from './project-files.ts';
import type { Source } from './syntax.ts';

type Layer =
  | 'core'
  | 'kinds'
  | 'look'
  | 'engine'
  | 'operations'
  | 'platform'
  | 'http'
  | 'cli'
  | 'worker'
  | 'web'
  | 'testing';

type Rule = { runs: readonly Layer[]; types?: readonly Layer[]; why: string };

const door = (...self: Layer[]): Rule => ({
  runs: [...self, 'operations', 'engine', 'platform', 'kinds', 'core'],
  why: 'A door translates for one kind of caller; what two doors need is an operation or lies in platform.',
});

const rules: Readonly<Record<Layer, Rule>> = {
  core: {
    runs: ['core'],
    why: 'Core is the contract that all others stand on; what it imported, everything would import.',
  },
  kinds: {
    runs: ['kinds', 'core'],
    why: 'A kind is a plug: the engine asks it, it knows neither engine nor screen (the screen’s half is its .view.tsx).',
  },
  look: {
    runs: ['look', 'web'],
    types: ['core', 'kinds'],
    why: 'The browser’s half of a kind is drawn from the catalog as JSON; of the server’s code it knows types.',
  },
  engine: {
    runs: ['engine', 'platform', 'kinds', 'core'],
    why: 'The engine is asked by operations; it does not know who asks.',
  },
  operations: {
    runs: ['operations', 'engine', 'platform', 'kinds', 'core'],
    why: 'An operation is the same for every door, so it knows none.',
  },
  platform: {
    runs: ['platform', 'core'],
    why: 'Platform is the ground under the engine and can be used without it.',
  },
  // The server process is its own worker too: start.ts opens both.
  http: door('http', 'worker'),
  cli: door('cli'),
  worker: door('worker'),
  web: {
    runs: ['web', 'look'],
    types: ['core', 'kinds', 'operations'],
    why: 'The web talks HTTP; it takes types from the server’s code and no rule.',
  },
  testing: {
    runs: [
      'testing',
      'core',
      'kinds',
      'look',
      'engine',
      'operations',
      'platform',
      'http',
      'cli',
      'worker',
      'web',
    ],
    why: '',
  },
};

/** Declarations without a rule in them: what the browser may run of core. */
const runsInBrowser = new Set(['src/core/kinds/field-view.ts']);

/** Packages that one layer alone may run, each with its reason. */
const keptTo: readonly { package: RegExp; layers: readonly Layer[]; why: string }[] = [
  {
    package: /^better-auth(\/|$)|^@better-auth\//,
    layers: ['platform'],
    why: 'Sign-in is one folder, platform/auth, so that it can be replaced.',
  },
  {
    package: /^(fastify$|@fastify\/)/,
    layers: ['http', 'testing'],
    why: 'Only the HTTP door knows its framework.',
  },
  {
    package: /^pg-boss$/,
    layers: ['platform'],
    why: 'The queue is one file, platform/jobs, so that it can be replaced.',
  },
  { package: /^commander$/, layers: ['cli', 'testing'], why: 'Only the CLI knows how commands are read.' },
  {
    package: /^(react|react-dom|react-i18next|i18next)(\/|$)|^@mantine\/|^@tabler\/|^@tanstack\//,
    layers: ['web', 'look'],
    why: 'Only the browser draws.',
  },
];

const layerOf = (path: string): Layer | undefined => {
  if (isTest(path)) return 'testing';
  if (/^src\/kinds\/.*(\.tsx|\/views\.ts)$/.test(path)) return 'look';
  const folder = /^src\/([a-z]+)\//.exec(path)?.[1];
  return folder !== undefined && folder in rules ? (folder as Layer) : undefined;
};

/** Imports that run against the direction. */
export function againstDirection({ path, imports }: Source): Finding[] {
  const layer = layerOf(path);
  if (layer === undefined || layer === 'testing') return [];
  const rule = rules[layer];
  return imports.flatMap(({ from, typeOnly, line }): Finding[] => {
    const refuse = (say: string): Finding[] => [{ file: path, line, say }];
    if (!from.startsWith('src/')) return outside(layer, from, typeOnly).flatMap(refuse);
    const target = layerOf(from);
    if (target === 'testing' && !from.endsWith('.cases.ts')) {
      return refuse(`imports ${from}, which is there for tests; move what the product needs out of it.`);
    }
    if (target === undefined || target === 'testing' || rule.runs.includes(target)) return [];
    // Styles and the like lie beside their component.
    if (!/\.tsx?$/.test(from)) return [];
    if (rule.types?.includes(target) && (typeOnly || runsInBrowser.has(from))) return [];
    // Plain data that both halves of a kind need, such as a list of codes.
    if (layer === 'look' && from.endsWith('.data.ts') && folderOf(from) === folderOf(path)) return [];
    const only = rule.types?.includes(target) ? ', of which only types may be imported (import type)' : '';
    return refuse(`${layer} imports ${from}${only}. ${rule.why}`);
  });
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

function outside(layer: Layer, from: string, typeOnly: boolean): string[] {
  if (typeOnly) return [];
  if (from.startsWith('packs/') || from.startsWith('e2e/') || from.startsWith('bench/')) {
    return [`imports ${from}, which is no code of the product.`];
  }
  const anywhere = layer === 'core' || layer === 'kinds';
  if (anywhere && (from.startsWith('node:') || from === 'pg')) {
    return [`${layer} imports ${from}, but runs anywhere, in a browser too; use what all of them have.`];
  }
  if ((layer === 'web' || layer === 'look') && (from.startsWith('node:') || from === 'pg')) {
    return [`${layer} imports ${from}, which no browser has.`];
  }
  return keptTo
    .filter((kept) => kept.package.test(from) && !kept.layers.includes(layer))
    .map((kept) => `${layer} imports ${from}. ${kept.why}`);
}
