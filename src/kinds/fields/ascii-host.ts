/** A host name in its one ASCII spelling, shared by addresses of mail and of the web. */

const label = /^[\p{L}\p{N}\p{M}]([\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}])?$/u;

/**
 * Lower case, international names as `xn--…`. Undefined when it is no host name: empty or overlong labels,
 * hyphens at a label's ends, characters that IDNA forbids. A trailing dot is not accepted.
 */
export function asciiHost(host: string): string | undefined {
  const labels = host.split('.');
  if (!labels.every((part) => label.test(part))) return undefined;
  let ascii = host.toLowerCase();
  if (!/^[a-z0-9.-]+$/.test(ascii)) {
    try {
      ascii = new URL(`https://${host}`).hostname;
    } catch {
      return undefined;
    }
  }
  const fits = ascii.length <= 253 && ascii.split('.').every((part) => part.length > 0 && part.length <= 63);
  return fits ? ascii : undefined;
}
