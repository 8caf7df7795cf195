import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { extname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { usageError } from './failure.ts';
import { showProgress, thousands } from './progress.ts';

type ExportOptions = {
  out?: string;
  where?: string;
  q?: string;
  fields?: string;
  sort?: string;
  archived?: string;
  reason?: string;
  format?: string;
  bom?: boolean;
};

export function exportCommands(program: Command): void {
  program
    .command('export')
    .description('write the records of an object into a file')
    .argument('[object]', 'key of the object, such as accounts')
    .option('--out <file>', 'the file to write; .xlsx makes a workbook, anything else CSV')
    .option('--where <json>', 'a condition, as the API takes it')
    .option('--q <text>', 'words to find')
    .option('--fields <keys>', 'field keys by comma, in the order of the columns; default all')
    .option('--sort <keys>', 'field keys by comma, - before one for descending')
    .option('--archived <which>', 'include archived records, or only them')
    .option('--reason <text>', 'what it is for; kept with the export')
    .option('--format <format>', 'csv or xlsx, where the file’s name does not say it')
    .option('--bom', 'CSV begins with the mark by which old spreadsheets know UTF-8')
    .addHelpText(
      'after',
      `
Example:
  ./groundwork export deals --out open.csv --where '{"stage": {"not_in": ["won", "lost"]}}' --fields id,name,amount`,
    )
    .action(async (object: string | undefined, options: ExportOptions) => {
      if (object === undefined)
        throw usageError('Which object? ./groundwork export accounts --out accounts.csv');
      if (options.out === undefined) throw usageError('Say where to, such as --out accounts.csv.');
      await runExport(object, { ...options, out: options.out });
    });
}

async function runExport(object: string, options: ExportOptions & { out: string }): Promise<void> {
  const { withContext } = await import('./context.ts');
  const { parseJson } = await import('../core/json/parse-json.ts');
  const { exportRecords } = await import('../engine/exporting/export-records.ts');
  const { list } = await import('../engine/read/list.ts');
  const format = options.format ?? (extname(options.out).toLowerCase() === '.xlsx' ? 'xlsx' : 'csv');
  if (format !== 'csv' && format !== 'xlsx') throw usageError('--format is csv or xlsx.');
  const { archived } = options;
  if (archived !== undefined && archived !== 'include' && archived !== 'only')
    throw usageError('--archived is include or only.');
  const question = {
    object,
    where: options.where === undefined ? undefined : parseJson(options.where, 'where'),
    q: options.q,
    archived,
  } as const;
  const part = `${options.out}.part`;
  const stop = new AbortController();
  const onSignal = (): void => (stop.signal.aborted ? process.exit(130) : stop.abort());
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    await withContext(
      async (context) => {
        const { total = 0 } = await list(context, { ...question, fields: ['id'], limit: 1, count: 'exact' });
        const file = await exportRecords(
          { ...context, signal: stop.signal },
          {
            ...question,
            fields: options.fields?.split(',').map((key) => key.trim()),
            sort: options.sort,
            reason: options.reason,
            bom: options.bom,
            format,
          },
        );
        const progress = showProgress('records');
        const told = setInterval(() => progress.update({ done: file.count(), total }), 250);
        try {
          // Under another name until it is whole: half a file looks like a whole one.
          await pipeline(file.body, createWriteStream(part), { signal: stop.signal });
          await rename(part, options.out);
        } finally {
          clearInterval(told);
          progress.end();
          await file.ended;
        }
        console.log(`${thousands(file.count())} records are in ${options.out}.`);
      },
      { ownSignals: true },
    );
  } catch (error) {
    await rm(part, { force: true });
    if (!stop.signal.aborted) throw error;
    console.error('Stopped. No file is written.');
    process.exitCode = 130;
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}
