import { join } from 'node:path';
import type { Command } from 'commander';
import { showProgress, thousands } from './progress.ts';

export function sampleCommands(program: Command): void {
  const sample = program.command('sample').description('an invented sales team to try things with');
  sample
    .command('load')
    .description(
      'load the sample team, its customers, deals and what was said; undo with: import undo <batch>',
    )
    .action(async () => {
      const { root, withContext } = await import('./context.ts');
      const { loadSample } = await import('../engine/sample/load-sample.ts');
      const loaded = await withContext(async (context) => {
        const progress = showProgress('steps');
        try {
          return await loadSample(context, {
            folder: join(root, 'packs/sales/sample'),
            onProgress: progress.update,
          });
        } finally {
          progress.end();
        }
      });
      console.log(
        Object.entries(loaded.created)
          .map(([object, count]) => `${thousands(count)} ${object}`)
          .join(', '),
      );
      console.log(`${thousands(loaded.moves)} moves through the stages, each past its checkpoint`);
      console.log(`batch ${loaded.batch}`);
    });
}
