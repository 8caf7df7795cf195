/**
 * A cell's number as the text that the field types read exactly: dates in ISO form, decimals with a point and
 * no thousands marks, whatever the workbook's country is.
 */
import { Big } from 'big.js';
import type { NumberFormat } from './number-format.ts';

/** Days between 1900-01-01 as the first day and the first day of 1904. */
const days1904 = 1462;
const dayMs = 86_400_000;
/** 9999-12-31. */
const lastDay = 2_958_465;

export function numberText(
  stored: string,
  format: NumberFormat,
  how: { date1904: boolean; decimal: '.' | ',' },
): string {
  const number = Number(stored);
  if (stored.trim() === '' || !Number.isFinite(number)) return stored;
  if (format.kind === 'plain') return withMark(plainNumber(stored, number), how.decimal);
  if (format.kind === 'percent' && Number.isFinite(number * 100))
    return `${withMark(plainNumber(String(number * 100), number * 100), how.decimal)}%`;
  if (format.kind === 'money') return `${format.sign} ${withMark(plainNumber(stored, number), how.decimal)}`;
  const moment = format.kind === 'percent' ? undefined : momentText(number, format.kind, how.date1904);
  return moment ?? withMark(plainNumber(stored, number), how.decimal);
}

/** Fifteen digits are what a spreadsheet keeps of a number; more of them are noise of its arithmetic. */
function plainNumber(stored: string, number: number): string {
  if (/^-?\d+$/.test(stored)) return stored;
  return new Big(number.toPrecision(15)).toFixed();
}

const withMark = (text: string, decimal: '.' | ','): string =>
  decimal === '.' ? text : text.replace('.', decimal);

/** A day is one, its hours are parts of it. Day 60 is 29 February 1900, which never was: days before count one more. */
function momentText(
  serial: number,
  kind: 'date' | 'datetime' | 'time' | 'elapsed',
  date1904: boolean,
): string | undefined {
  if (kind === 'elapsed') return Math.abs(serial) > lastDay ? undefined : elapsedText(serial);
  const days = date1904 ? serial + days1904 : serial;
  if (days < 0 || days >= lastDay + 1) return undefined;
  const seconds = Math.round(days * 86_400);
  const day = Math.floor(seconds / 86_400);
  if (day > lastDay) return undefined;
  const clock = seconds - day * 86_400;
  // A time alone stands on the day before the first, or on the first.
  if (kind === 'time' && day <= 1) return clockText(clock);
  const from1900 = day < 60 ? day + 1 : day;
  const date = new Date(Date.UTC(1899, 11, 30) + from1900 * dayMs).toISOString().slice(0, 10);
  return clock === 0 && kind !== 'datetime' ? date : `${date} ${clockText(clock)}`;
}

const two = (value: number): string => String(value).padStart(2, '0');

const clockText = (seconds: number): string =>
  `${two(Math.floor(seconds / 3_600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;

function elapsedText(days: number): string {
  const seconds = Math.round(Math.abs(days) * 86_400);
  const hours = Math.floor(seconds / 3_600);
  return `${days < 0 ? '-' : ''}${hours}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
