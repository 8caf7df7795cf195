/** What is asked of an import, and what of that is kept with its batch, so that whoever goes on asks the same. */
import type { MappingFile } from './mapping-file.ts';
import type { ImportPlan } from './import-plan.ts';
import type { ImportProgress } from './import-progress.ts';
import type { KeepableFile } from './source-file.ts';
import type { HeaderAsked } from './table-file.ts';

/** What an import keeps, to go on with the same. */
export type ImportOptions = {
  object: string;
  mapping?: MappingFile;
  /** Field, or `id`, by which existing records are found and updated. */
  key?: string;
  /** A value that cannot be taken refuses its row even where the field is optional. */
  strict?: boolean;
  /** New records may stand in any stage with their own dates; what is unmet becomes gaps. Needs `imports.history`. */
  history?: boolean;
  encoding?: string;
  delimiter?: string;
  /** Line that names the columns, or `none`; before what the mapping says. */
  header?: HeaderAsked;
  /** Of a workbook; default: the first sheet that is shown and holds rows. */
  sheet?: string;
  /** Objects whose records come with other files, after this one: links to them wait. */
  awaits?: string[];
};

export type ImportWatch = {
  onStart?(plan: ImportPlan): void;
  onProgress?(progress: ImportProgress): void;
  /** Stops between two chunks; what is written stays, under the batch, which can go on. */
  signal?: AbortSignal;
  /** Pauses at the end of the file if something of it waits; without it, that is settled then. */
  hold?: boolean;
};

export type ImportInput = ImportOptions &
  ImportWatch & {
    /** File on this machine's disk; read three times at most. */
    path: string;
    /** As people call it. */
    fileName: string;
    /** The file is moved into the file store, so that any app process can go on. */
    keep?: KeepableFile;
    /** Everything is tried and rolled back; no batch is made. */
    dryRun?: boolean;
    /** Begin once more, though the same file was begun and not ended. */
    anew?: boolean;
  };

/** A record, so that none can be forgotten. */
const kept: Record<keyof ImportOptions, true> = {
  object: true,
  mapping: true,
  key: true,
  strict: true,
  history: true,
  encoding: true,
  delimiter: true,
  header: true,
  sheet: true,
  awaits: true,
};

/** The options alone, of whatever carries them. */
export const optionsOf = (input: ImportOptions): ImportOptions =>
  Object.fromEntries(Object.entries(input).filter(([name]) => name in kept)) as ImportOptions;
