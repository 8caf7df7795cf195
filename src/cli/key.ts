import type { Command } from 'commander';

export function keyCommands(program: Command): void {
  const key = program.command('key').description('API keys');
  key
    .command('create')
    .description('make a key and print it, alone, on standard output; it cannot be shown again')
    .requiredOption('--role <role>', 'what the key may do, such as read_only')
    .requiredOption('--name <name>', 'what it is for, as history will sign it')
    .option('--user <email>', 'the user it acts as, with the key’s role alone')
    .action(async (options: { role: string; name: string; user?: string }) => {
      const { withContext } = await import('./context.ts');
      const { createKey } = await import('../platform/auth/api-keys.ts');
      const { key: made, token } = await withContext(({ pool, catalog, principal }) =>
        createKey(
          { pool, catalog, by: principal },
          { role: options.role, name: options.name, userEmail: options.user },
        ),
      );
      console.error(
        `Key “${made.name}” with the role ${made.role}${options.user ? ` for ${options.user}` : ''}. Keep it: it is shown only now.`,
      );
      console.log(token);
    });
}
