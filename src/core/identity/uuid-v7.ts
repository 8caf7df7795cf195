/** UUIDv7 made by the app (RFC 9562): time-ordered, monotonic within a process even inside one millisecond. */

let lastMs = 0;
let sequence = 0;
const pool = new Uint8Array(8 * 512);
let used = pool.length;

export function uuidV7(): string {
  let ms = Date.now();
  if (ms > lastMs) {
    lastMs = ms;
    sequence = word(randomBytes8()) & 0x7ff; // starts low enough to count up within the millisecond
  } else {
    sequence += 1;
    if (sequence > 0xfff) {
      lastMs += 1;
      sequence = 0;
    }
    ms = lastMs;
  }
  const tail = randomBytes8();
  const time = ms.toString(16).padStart(12, '0');
  const version = (0x7000 | sequence).toString(16);
  const variant = ((word(tail) & 0x3fff) | 0x8000).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-${version}-${variant}-${hex(tail.subarray(2))}`;
}

const word = (bytes: Uint8Array): number => (bytes[0]! << 8) | bytes[1]!;
const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

function randomBytes8(): Uint8Array {
  if (used >= pool.length) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  const slice = pool.subarray(used, used + 8);
  used += 8;
  return slice;
}

const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const isUuid = (value: unknown): value is string => typeof value === 'string' && pattern.test(value);
