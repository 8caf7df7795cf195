import { afterAll, beforeAll, expect, test } from 'vitest';
import { isProblem } from '../../core/errors/problem.ts';
import { testWorkspace, type TestWorkspace } from '../../testing/workspace.ts';
import { onceByKey } from './idempotency.ts';

let workspace: TestWorkspace;
beforeAll(async () => {
  workspace = await testWorkspace();
});
afterAll(() => workspace.close());

const under = (key: string, body = 'one') => ({
  ...workspace.admin,
  catalog: workspace.admin.catalog,
  idempotency: { key, bodyHash: Buffer.from(body.padEnd(32)) },
});

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => (isProblem(error) ? `${error.body.status} ${error.body.code}` : String(error)),
  );

test('work under a key runs once; the same request gets the same answer, another body is refused', async () => {
  let times = 0;
  const work = async () => ({ times: ++times });
  expect(await onceByKey(under('a'), work)).toEqual({ times: 1 });
  expect(await onceByKey(under('a'), work)).toEqual({ times: 1 });
  expect(await codeOf(onceByKey(under('a', 'two'), work))).toBe('422 key_reused');
  expect(times).toBe(1);
});

test('while work under a key runs, the same request is told so', async () => {
  const gate = Promise.withResolvers<void>();
  const first = onceByKey(under('b'), () => gate.promise.then(() => 1));
  await expect.poll(() => codeOf(onceByKey(under('b'), async () => 2))).toBe('409 still_running');
  gate.resolve();
  expect(await first).toBe(1);
});

test('work that stopped halfway is not begun again under its key; work that was refused may be', async () => {
  expect(
    await codeOf(onceByKey(under('c'), () => Promise.reject(new Error('the machine went away')))),
  ).toContain('went away');
  expect(await codeOf(onceByKey(under('c'), async () => 1))).toBe('409 stopped_halfway');
  const refusing = () => workspace.change(workspace.admin, { create: 'deals', set: { nope: 1 } });
  expect(await codeOf(onceByKey(under('d'), refusing))).toBe('422 invalid');
  expect(await codeOf(onceByKey(under('d'), async () => 1))).toBe('done');
});
