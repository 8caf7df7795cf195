/** Why a workbook is not read. */
import { issue, refusal, type Problem } from '../../../core/errors/problem.ts';
import { notReadable } from '../file-bytes.ts';

/** Keeps what was wrong for the log. */
export const broken = (cause: unknown): Error =>
  Object.assign(
    notReadable(
      'broken_workbook',
      'The workbook is damaged and cannot be read.',
      'Open it in a spreadsheet program and save it again as .xlsx or CSV.',
    ),
    { cause },
  );

export const bomb = (): Problem =>
  notReadable(
    'workbook_too_large',
    'The workbook unpacks to far more than a file of its size should hold, so reading it was stopped.',
    'Save the sheet as CSV and import that; if the file came from somebody you do not know, do not open it.',
  );

export const tooManyTexts = (): Problem =>
  notReadable(
    'workbook_too_large',
    'The workbook holds more different texts than can be read from a workbook.',
    'Save the sheet as CSV and import that.',
  );

export const harmful = (): Problem =>
  notReadable(
    'harmful_workbook',
    'The workbook holds something that no spreadsheet program writes, so reading it was stopped.',
    'Open it in a spreadsheet program and save it again as .xlsx or CSV; if it came from somebody you do not know, do not open it.',
  );

export const encrypted = (): Problem =>
  notReadable(
    'encrypted_workbook',
    'The workbook is protected with a password.',
    'Open it, take the password away, and save it again.',
  );

export const tooWide = (line: number, most: number): Problem =>
  refusal(422, 'too_many_columns', [
    issue(
      'file',
      'too_many_columns',
      'Row {line} has more than {most} columns.',
      'Keep the columns that are to be imported, and save it again.',
      { line, most },
    ),
  ]);
