/** Names and types of files as callers give them, made safe to show, to save and to send. */

/** The last part of a path, without what is invisible or turns the reading order round; at most 200 characters. */
export function safeFileName(given: string | undefined): string {
  const last = (given ?? '').normalize('NFC').toWellFormed().split(/[/\\]/).at(-1)!;
  const shown = last
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '')
    .replaceAll(/[<>:"|?*]/g, '_')
    .replace(/^[\s.]+|[\s.]+$/g, '');
  if (shown === '') return 'file';
  const characters = [...shown];
  if (characters.length <= 200) return shown;
  const ending = /\.[^.\s]{1,10}$/u.exec(shown)?.[0] ?? '';
  return characters.slice(0, 200 - [...ending].length).join('') + ending;
}

const signatures: readonly { mime: string; starts: string; at?: number }[] = [
  { mime: 'application/pdf', starts: '255044462d' },
  { mime: 'image/png', starts: '89504e470d0a1a0a' },
  { mime: 'image/jpeg', starts: 'ffd8ff' },
  { mime: 'image/gif', starts: '47494638' },
  { mime: 'image/webp', starts: '57454250', at: 8 },
];

/** By the first bytes where they tell; else as declared, unless a browser would run it; else unknown. */
export function mimeOf(head: Buffer, declared: string | undefined): string {
  for (const { mime, starts, at = 0 } of signatures) {
    const bytes = Buffer.from(starts, 'hex');
    if (head.subarray(at, at + bytes.length).equals(bytes)) return mime;
  }
  const plain = (declared ?? '').toLowerCase().split(';')[0]!.trim();
  const known = /^(application|audio|font|image|message|model|text|video)\/[a-z0-9][a-z0-9.+-]{0,100}$/.test(
    plain,
  );
  const runs = /html|xml|javascript|ecmascript|svg/.test(plain) && !plain.includes('officedocument');
  return known && !runs ? plain : 'application/octet-stream';
}

/** A Content-Disposition that saves the file under its name and never opens it in the page. */
export function attachment(name: string): string {
  const ascii =
    name
      .normalize('NFKD')
      .replaceAll(/[^\x20-\x7e]/g, '')
      .replaceAll(/["\\%]/g, '_') || 'file';
  const encoded = encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
