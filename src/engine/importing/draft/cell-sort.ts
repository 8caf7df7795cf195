/** What sort of thing a cell holds, by how it is written. */
import { isUuid } from '../../../core/identity/uuid-v7.ts';

export type CellSort =
  'uuid' | 'email' | 'url' | 'date' | 'datetime' | 'number' | 'money' | 'phone' | 'yes_no' | 'text';

const day = String.raw`(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2}))`;
const onlyDay = new RegExp(`^${day}$`);
const dayAndTime = new RegExp(`^${day}[T ]\\d{1,2}:\\d{2}\\S{0,20}( ?[AP]M)?$`, 'i');
const number = /^[-+]?(\d{1,3}([ ,.']\d{3})+|\d+)([.,]\d+)?$/;
const currency = /^(?:\p{Sc}|[A-Z]{3}) ?[-+]?\d[\d.,' ]*$|^[-+]?\d[\d.,' ]*(?:\p{Sc}| [A-Z]{3})$/u;
const yesNo = new Set(['yes', 'no', 'true', 'false', 'ja', 'nein', 'y', 'n']);

/** Longer text is text. */
const longest = 200;

export function sortOf(text: string): CellSort {
  if (text.length > longest) return 'text';
  const isId: boolean = isUuid(text);
  if (isId) return 'uuid';
  if (/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text)) return 'email';
  if (/^(https?:\/\/|www\.)\S+$/i.test(text)) return 'url';
  if (onlyDay.test(text)) return 'date';
  if (dayAndTime.test(text)) return 'datetime';
  if (/^\+\d/.test(text) && digits(text) >= 7) return 'phone';
  if (number.test(text)) return 'number';
  if (currency.test(text)) return 'money';
  if (/^[\d\s().\-/]+(x\d+)?$/.test(text) && digits(text) >= 7) return 'phone';
  return yesNo.has(text.toLowerCase()) ? 'yes_no' : 'text';
}

const digits = (text: string): number => text.replace(/\D/g, '').length;

/** The two ways in which a text may be put in order: day first and decimal point, month first and decimal comma. */
export function orderKeys(text: string, sort: CellSort): [number, number] | undefined {
  if (sort === 'date' || sort === 'datetime') {
    const [a, b, c] = text.split(/[^\d]/).map(Number) as [number, number, number];
    if (a > 31) return [a * 10_000 + b * 100 + c, a * 10_000 + b * 100 + c];
    const year = c < 100 ? c + 2000 : c;
    return [year * 10_000 + b * 100 + a, year * 10_000 + a * 100 + b];
  }
  if (sort !== 'number' && sort !== 'money') return undefined;
  const bare = text.replace(/[^\d.,-]/g, '');
  const keys = [bare.replaceAll(',', ''), bare.replaceAll('.', '').replace(',', '.')].map(Number);
  return [keys[0]!, keys[1]!];
}
