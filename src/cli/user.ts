import type { Command } from 'commander';
import { usageError } from './failure.ts';

export function userCommands(program: Command): void {
  const user = program.command('user').description('people who may sign in');
  user
    .command('add')
    .description('add a person, with a role and a password')
    .requiredOption('--email <address>', 'their e-mail, by which they sign in')
    .requiredOption('--role <role...>', 'role key, such as sales_representative; several add up')
    .option('--name <name>', 'their name; default the part of the e-mail before the @')
    .option('--team <name>', 'name of their team, which is made if it does not exist')
    .option('--password-stdin', 'read the password from standard input; without one they cannot sign in yet')
    .action(
      async (options: {
        email: string;
        role: string[];
        name?: string;
        team?: string;
        passwordStdin?: boolean;
      }) => {
        const password = options.passwordStdin ? await passwordFromStdin() : undefined;
        const { withContext } = await import('./context.ts');
        const { userRecords } = await import('../operations/user-records.ts');
        const { addUser } = await import('../platform/auth/add-user.ts');
        const added = await withContext((context) =>
          addUser(
            { context, records: userRecords },
            { email: options.email, roles: options.role, name: options.name, team: options.team, password },
          ),
        );
        if (added.teamMade) console.error(`The team “${options.team}” was made.`);
        if (password === undefined) console.error('They have no password yet, so they cannot sign in.');
        console.log(`user ${added.id}`);
      },
    );
}

/** All of standard input but one line end. */
async function passwordFromStdin(): Promise<string> {
  if (process.stdin.isTTY) console.error('Type the password, then Enter and Ctrl-D:');
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
  if (text === '')
    throw usageError(
      'No password came on standard input. Pipe it in: printf %s "$PASSWORD" | ./groundwork user add … --password-stdin',
    );
  return text;
}
