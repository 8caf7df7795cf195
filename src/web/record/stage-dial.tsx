/** The dial of one stage in its pipeline. */
import type { PublicStage } from '../../core/catalog/public-catalog.ts';
import type { PublicPipeline } from '../api/catalog.ts';
import { Dial, type DialShape } from '../ui/dial.tsx';

const shapes: Record<PublicStage['outcome'], DialShape> = {
  open: 'open',
  won: 'won',
  done: 'won',
  lost: 'lost',
  dropped: 'lost',
};

/** How far along a stage is among the open ones: 0 for the first; the last leaves a slice open. */
function progress(pipeline: PublicPipeline, stage: string): number {
  const open = pipeline.stages.filter((other) => other.outcome === 'open');
  const index = open.findIndex((other) => other.key === stage);
  return index < 0 ? 1 : Math.min(0.9, index / Math.max(1, open.length - 1));
}

export function StageDial({ pipeline, stage }: { pipeline: PublicPipeline; stage: string }) {
  const found = pipeline.stages.find((other) => other.key === stage);
  return <Dial shape={found ? shapes[found.outcome] : 'none'} fill={progress(pipeline, stage)} />;
}
