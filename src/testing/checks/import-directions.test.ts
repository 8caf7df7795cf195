import { expect, test } from 'vitest';
import { againstDirection } from './import-directions.ts';
import { parseSource } from './syntax.ts';

const check = (path: string, text: string) => againstDirection(parseSource(path, text)).map(({ say }) => say);

test('core cannot import the engine, and is told why', () => {
  expect(check('src/core/a.ts', "import { write } from '../engine/write/write.ts';")).toEqual([
    expect.stringMatching(/^core imports src\/engine\/write\/write\.ts\. Core is the contract/),
  ]);
});

test('an operation cannot import a door, not even its types', () => {
  expect(check('src/operations/a.ts', "import type { Server } from '../http/server.ts';")).toHaveLength(1);
});

test('a door cannot import another door', () => {
  expect(check('src/cli/a.ts', "import { start } from '../http/start.ts';")).toHaveLength(1);
});

test('each layer may import those below it', () => {
  expect(
    check(
      'src/http/a.ts',
      "import { o } from '../operations/index.ts';\nimport { l } from '../platform/log/log.ts';",
    ),
  ).toEqual([]);
  expect(check('src/engine/a.ts', "import { kinds } from '../kinds/index.ts';")).toEqual([]);
});

test('the web takes types of core and nothing that runs', () => {
  expect(check('src/web/a.tsx', "import type { Fix } from '../core/errors/problem.ts';")).toEqual([]);
  expect(check('src/web/a.tsx', "import { type Fix } from '../core/errors/problem.ts';")).toEqual([]);
  expect(check('src/web/a.tsx', "import { fill } from '../core/errors/problem.ts';")).toHaveLength(1);
  expect(check('src/web/a.tsx', "export { fill } from '../core/errors/problem.ts';")).toHaveLength(1);
  expect(check('src/web/a.tsx', "const p = await import('../engine/read/get.ts');")).toHaveLength(1);
});

test('a kind’s browser half cannot run its server half', () => {
  const path = 'src/kinds/fields/money/money.view.tsx';
  expect(check(path, "import { money } from './money.ts';")).toHaveLength(1);
  expect(check(path, "import { defineFieldView } from '../../../core/kinds/field-view.ts';")).toEqual([]);
  expect(check('src/kinds/fields/money/money.ts', "import { v } from './money.view.tsx';")).toHaveLength(1);
});

test('what runs anywhere asks nothing of Node', () => {
  expect(check('src/core/a.ts', "import { randomBytes } from 'node:crypto';")).toHaveLength(1);
  expect(check('src/core/a.ts', "import type { Readable } from 'node:stream';")).toEqual([]);
});

test('sign-in, the web framework and React each stay in their place', () => {
  expect(check('src/engine/a.ts', "import { betterAuth } from 'better-auth';")).toHaveLength(1);
  expect(check('src/platform/auth/a.ts', "import { betterAuth } from 'better-auth';")).toEqual([]);
  expect(check('src/operations/a.ts', "import fastify from 'fastify';")).toHaveLength(1);
  expect(check('src/kinds/a.ts', "import { useState } from 'react';")).toHaveLength(1);
});

test('the product does not import what is there for tests', () => {
  expect(check('src/engine/a.ts', "import { testDatabase } from '../testing/database.ts';")).toHaveLength(1);
  expect(check('src/engine/a.test.ts', "import { testDatabase } from '../testing/database.ts';")).toEqual([]);
});
