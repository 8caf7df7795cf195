/** How far a long command has come, on stderr: a bar on a terminal, now and then a line elsewhere. */
export type Progress = {
  update(state: { done: number; total: number; note?: string }): void;
  /** Takes the bar away. */
  end(): void;
};

type Out = { isTTY?: boolean; columns?: number; write(text: string): unknown };

const barEveryMs = 100;
const lineEveryMs = 5_000;

/** `clock` gives milliseconds. */
export function showProgress(
  what: string,
  out: Out = process.stderr,
  clock: () => number = () => performance.now(),
): Progress {
  const began = clock();
  let last = out.isTTY ? -Infinity : began;
  let drawn = false;
  return {
    update({ done, total, note }) {
      const now = clock();
      if (now - last < (out.isTTY ? barEveryMs : lineEveryMs)) return;
      last = now;
      const seconds = (now - began) / 1000;
      const rate = seconds > 0 ? done / seconds : 0;
      const left = rate > 0 && seconds > 0.5 ? `, ${duration((total - done) / rate)} left` : '';
      const share = total > 0 ? Math.min(1, done / total) : 1;
      const text = `${Math.floor(share * 100)} %  ${thousands(done)} of ${thousands(total)} ${what}, ${thousands(Math.round(rate))}/s${left}${note ? `, ${note}` : ''}`;
      if (!out.isTTY) {
        out.write(`${text}\n`);
        return;
      }
      const width = Math.max(0, Math.min(30, (out.columns ?? 80) - text.length - 4));
      const filled = Math.round(share * width);
      const bar = width > 5 ? `${'█'.repeat(filled)}${'░'.repeat(width - filled)} ` : '';
      out.write(`\r\x1b[K${bar}${text}`);
      drawn = true;
    },
    end() {
      if (drawn) out.write('\r\x1b[K');
      drawn = false;
    },
  };
}

/** 12345 → 12,345. */
export const thousands = (count: number): string => count.toLocaleString('en');

/** Seconds → `2 h 05 min`, `3 min 20 s`, `8 s`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [h, min, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  if (h > 0) return `${h} h ${String(min).padStart(2, '0')} min`;
  return min > 0 ? `${min} min ${String(s).padStart(2, '0')} s` : `${s} s`;
}
