/** `npm start`: the server as a process. Lines for people go to stdout, the log to stderr. */
import { isDatabaseRefusal } from '../platform/database/refusal.ts';
import { readConfig } from '../platform/config/config.ts';
import { createLog } from '../platform/log/log.ts';
import { start, type Running } from './start.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

let running: Running | undefined;
let stoppingSince: number | undefined;

/**
 * Stops in order; asked again after two seconds, at once. Ctrl+C reaches us twice, from the terminal and
 * from npm, so that a second signal right behind the first means nothing.
 */
async function stop(): Promise<void> {
  if (stoppingSince !== undefined) {
    if (Date.now() - stoppingSince > 2_000) process.exit(1);
    return;
  }
  stoppingSince = Date.now();
  await running?.close();
  if (running) process.exit(0); // else it is still starting, and `run` sees that it shall stop
}

async function run(): Promise<void> {
  const config = readConfig(process.env);
  const log = createLog({ level: config.logLevel });
  running = await start(config, log, say);
  if (stoppingSince !== undefined) {
    await running.close();
    process.exit(0);
  }
  say(`Groundwork is ready at ${running.url}`);
  if (running.setupLink) {
    say('Nobody can sign in yet. Within 24 hours, open this link once to make the first administrator:');
    say(running.setupLink);
  }
}

process.on('SIGTERM', () => void stop());
process.on('SIGINT', () => void stop());

try {
  await run();
} catch (error) {
  const known = isDatabaseRefusal(error) || (error as { code?: unknown }).code === 'config_invalid';
  process.stderr.write(`${known ? (error as Error).message : ((error as Error).stack ?? String(error))}\n`);
  process.exit(1);
}
