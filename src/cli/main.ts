/** The command line. Each noun is a file; this one only gathers them and turns what goes wrong into sentences. */
import { Command } from 'commander';
import { backupCommands } from './backup.ts';
import { definitionCommands } from './definition.ts';
import { describeFailure } from './failure.ts';
import { doctorCommands } from './doctor.ts';
import { exportCommands } from './export.ts';
import { filesCommands } from './files.ts';
import { importCommands } from './import.ts';
import { keyCommands } from './key.ts';
import { sampleCommands } from './sample.ts';
import { upgradeCommands } from './upgrade.ts';
import { userCommands } from './user.ts';

const program = new Command('groundwork')
  .description('Groundwork on the command line, beside the running server or without it.')
  .usage('<command> [options]')
  .showHelpAfterError('Run ./groundwork --help to see what there is.')
  .addHelpText(
    'after',
    `
Examples:
  ./groundwork import accounts.csv --object accounts
  ./groundwork key create --role read_only --name reports
  printf %s "$PASSWORD" | ./groundwork user add --email ana@example.com --role administrator --password-stdin

Settings: DATA_DIR (default ./data of the checkout), DATABASE_URL for a PostgreSQL server of your own.`,
  );

userCommands(program);
keyCommands(program);
importCommands(program);
exportCommands(program);
definitionCommands(program);
filesCommands(program);
sampleCommands(program);
backupCommands(program);
upgradeCommands(program);
doctorCommands(program);

// A reader that goes away, such as `| head`, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  console.error(describeFailure(error));
  const { exitCode, lastLine } = error as { exitCode?: unknown; lastLine?: unknown };
  if (typeof lastLine === 'string') console.log(lastLine);
  process.exitCode = typeof exitCode === 'number' ? exitCode : 1;
}
