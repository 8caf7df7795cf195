import { expect, test } from 'vitest';
import { duration, showProgress } from './progress.ts';

function progress(isTTY: boolean) {
  const written: string[] = [];
  let now = 0;
  const shown = showProgress('rows', { isTTY, columns: 100, write: (text) => written.push(text) }, () => now);
  return { shown, written, wait: (ms: number) => (now += ms) };
}

test('on a terminal a bar shows share, rate and time left, and is taken away at the end', () => {
  const { shown, written, wait } = progress(true);
  wait(2_000);
  shown.update({ done: 500, total: 2_000, note: '3 refused' });
  expect(written[0]).toContain('25 %  500 of 2,000 rows, 250/s, 6 s left, 3 refused');
  wait(10);
  shown.update({ done: 501, total: 2_000 });
  expect(written).toHaveLength(1);
  shown.end();
  expect(written.at(-1)).toBe('\r\x1b[K');
});

test('elsewhere it writes a plain line now and then', () => {
  const { shown, written, wait } = progress(false);
  for (let at = 0; at < 12; at++) {
    wait(1_000);
    shown.update({ done: at * 10, total: 120 });
  }
  shown.end();
  expect(written).toHaveLength(2);
  expect(written.join('')).toMatch(/^33 %.*\n75 %.*\n$/);
});

test.each([
  [0, '0 s'],
  [59.6, '1 min 00 s'],
  [200, '3 min 20 s'],
  [7_500, '2 h 05 min'],
])('%d seconds are %s', (seconds, words) => expect(duration(seconds)).toBe(words));
