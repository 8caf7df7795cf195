/**
 * How a field type looks: the browser's half of a field type, in `<type>.view.tsx` beside its other half.
 * Pages ask the view through this contract and never ask for the type's name. Values are as the API reads
 * them; an input gives the same shape back, and `write` turns it into what the API takes.
 */
import type { ReactNode } from 'react';
import type { PublicCatalog, PublicField } from '../catalog/public-catalog.ts';

export type FoundRecord = { id: string; name: string; detail?: string };

/** What drawing a value may depend on. */
export type ViewEnv = {
  catalog: PublicCatalog;
  /** BCP 47, for numbers and dates; undefined is the browser's own. */
  locale: string | undefined;
  /** The reader's IANA zone; undefined is the browser's own. */
  timeZone: string | undefined;
  now(): Date;
  /** Records of an object that hold the text in their search fields; the first few. */
  search(object: string, text: string): Promise<readonly FoundRecord[]>;
  /** Keeps a file and answers its id. */
  upload(file: File): Promise<{ id: string; name?: string }>;
  /** Address of a record's page. */
  address(object: string, id: string): string;
};

export type CellProps<V = any> = {
  value: V | null | undefined;
  field: PublicField;
  env: ViewEnv;
  /** The rest of the record, as far as it was read: a stage looks at its pipeline. */
  record?: Record<string, unknown>;
};

export type InputProps<V = any> = {
  /** Element id: the label points to it. */
  id: string;
  value: V | null | undefined;
  onChange(value: V | null): void;
  field: PublicField;
  env: ViewEnv;
  record?: Record<string, unknown>;
  /** Ids of the elements that describe the input. */
  describedBy?: string;
  invalid?: boolean;
  required?: boolean;
  autoFocus?: boolean;
  placeholder?: string;
  /** Name for assistive technology where no label stands beside it. */
  label?: string;
  /** Called when choosing is already answering (a list), so that an inline edit can save at once. */
  onPick?(value: V | null): void;
  /** The list stands open from the start: who clicked on a value wants to choose another. */
  openAtOnce?: boolean;
};

export type FieldView<V = any> = {
  /** Figures and dates stand at the end, in line with their sum. */
  align?: 'end';
  /** Width of its column, px. */
  width: number;
  /** Too long for a cell: shown on the record page, on a line of its own. */
  wide?: boolean;
  /** Its value is a kept file. */
  holdsFile?: boolean;
  /** In words, for sentences and titles; '' when missing. */
  text(value: V | null | undefined, field: PublicField, env: ViewEnv): string;
  Cell(props: CellProps<V>): ReactNode;
  /** Left out where the value is never typed by people. */
  Input?(props: InputProps<V>): ReactNode;
  /** Loads the input ahead of its first use, where it is loaded late. */
  preload?(): Promise<unknown>;
  /** One argument of a condition; default `Input`. Its value is the literal itself. */
  Argument?(props: InputProps): ReactNode;
  /** A literal of a condition in words; default `text`. */
  ArgumentWords?(props: CellProps): ReactNode;
  /** All values there can be, where they are a known handful. */
  choices?(field: PublicField, env: ViewEnv): readonly { key: string; label: string; active: boolean }[];
  /** Value as read → value as written; default as it is. */
  write?(value: V | null): unknown;
};

/** Declares the look of a field type; gives it back typed. */
export const defineFieldView = <V>(view: FieldView<V>): FieldView<V> => view;
