/** What this checkout is, and where its parts lie. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const checkout = join(import.meta.dirname, '../../..');

/** Numbered SQL files of the platform tables. */
export const migrationsFolder = join(checkout, 'migrations');

export const readProduct = (): { version: string } =>
  JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as { version: string };
