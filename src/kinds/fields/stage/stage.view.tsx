/** A stage: the dial says how far along, the name says where. */
import type { PublicField } from '../../../core/catalog/public-catalog.ts';
import type { CellProps, ViewEnv } from '../../../core/kinds/field-view.ts';
import { pipelineOf } from '../../../web/api/catalog.ts';
import { StageDial } from '../../../web/record/stage-dial.tsx';
import { oneOf } from '../choice/choice.view.tsx';

const objectWith = (field: PublicField, env: ViewEnv) =>
  env.catalog.objects.find((object) => object.fields.includes(field));

/** Stages of the record's pipeline; of all pipelines of the object where no record is at hand. */
function stages(field: PublicField, env: ViewEnv, record?: Record<string, unknown>) {
  const object = objectWith(field, env);
  if (!object) return [];
  const own = record
    ? [pipelineOf(env.catalog, object, record)]
    : env.catalog.pipelines.filter((p) => p.object === object.key);
  const seen = new Map<string, { key: string; label: string; active: boolean }>();
  for (const pipeline of own) {
    for (const { key, label } of pipeline?.stages ?? []) {
      if (!seen.has(key)) seen.set(key, { key, label, active: true });
    }
  }
  return [...seen.values()];
}

function StageCell({ value, field, env, record }: CellProps<string>) {
  if (!value) return null;
  const object = objectWith(field, env);
  const pipeline = object && pipelineOf(env.catalog, object, record);
  const label = pipeline?.stages.find((stage) => stage.key === value)?.label ?? value;
  return (
    <span className="row" style={{ gap: 6 }}>
      {pipeline && <StageDial pipeline={pipeline} stage={value} />}
      <span className="cut">{label}</span>
    </span>
  );
}

export const stageView = oneOf(stages, { width: 165, Cell: StageCell });
