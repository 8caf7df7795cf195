/** Bytes → text as they arrive, in any encoding the platform knows and in UTF-32, which it does not. */
export type StreamDecoder = { push(bytes: Uint8Array): string; end(): string };

/** A byte order mark is left out; bytes that are no text become U+FFFD. */
export function textDecoder(encoding: string): StreamDecoder {
  if (encoding === 'utf-32le' || encoding === 'utf-32be') return utf32(encoding === 'utf-32le');
  const decoder = new TextDecoder(encoding);
  let started = false;
  return {
    push(bytes) {
      const text = decoder.decode(bytes, { stream: true });
      if (started || text === '') return text;
      started = true;
      return text.startsWith('\ufffe') ? text.slice(1) : text; // a mark of the other byte order
    },
    end: () => decoder.decode(),
  };
}

function utf32(little: boolean): StreamDecoder {
  let rest = new Uint8Array(0);
  let started = false;
  return {
    push(bytes) {
      const all = Buffer.concat([rest, bytes]);
      const whole = all.length - (all.length % 4);
      const parts: string[] = [];
      for (let at = 0; at < whole; at += 4) {
        const code = little ? all.readUInt32LE(at) : all.readUInt32BE(at);
        if (started || code !== 0xfeff) parts.push(code < 0x110000 ? String.fromCodePoint(code) : '\ufffd');
        started = true;
      }
      rest = Uint8Array.from(all.subarray(whole));
      return parts.join('').toWellFormed();
    },
    end: () => (rest.length > 0 ? '\ufffd' : ''),
  };
}
