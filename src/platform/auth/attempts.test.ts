import { expect, test } from 'vitest';
import { countAttempts } from './attempts.ts';

const code = (run: () => void): unknown => {
  try {
    run();
    return undefined;
  } catch (error) {
    return (error as { body: { extra: unknown } }).body.extra;
  }
};

test('the last failure allowed is allowed, the next try is not, and time heals', () => {
  let now = 0;
  const attempts = countAttempts({ seconds: 60, now: () => now });
  const counted = [{ key: 'a', most: 3 }];
  for (let round = 0; round < 3; round++) {
    attempts.check(counted);
    attempts.failed(counted);
  }
  now = 20_000;
  expect(code(() => attempts.check(counted))).toEqual({ retry_after: 40 });
  expect(code(() => attempts.check([{ key: 'b', most: 3 }]))).toBeUndefined();
  now = 60_000;
  expect(code(() => attempts.check(counted))).toBeUndefined();
});

test('a success forgets the failures before it', () => {
  const attempts = countAttempts({ seconds: 60 });
  const counted = [{ key: 'a', most: 1 }];
  attempts.failed(counted);
  attempts.succeeded(counted);
  expect(code(() => attempts.check(counted))).toBeUndefined();
});

test('a flood of keys costs bounded memory and forgets no more than it must', () => {
  const attempts = countAttempts({ seconds: 60 });
  for (let index = 0; index < 60_000; index++) attempts.failed([{ key: String(index), most: 1 }]);
  attempts.failed([{ key: 'last', most: 1 }]);
  expect(code(() => attempts.check([{ key: 'last', most: 1 }]))).toBeDefined();
});
