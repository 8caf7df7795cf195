import type { PublicField } from '../../../core/catalog/public-catalog.ts';
import type { ViewEnv } from '../../../core/kinds/field-view.ts';
import { oneOf } from '../choice/choice.view.tsx';

/** Pipelines of the object that has this field. */
const pipelines = (field: PublicField, env: ViewEnv) =>
  env.catalog.pipelines
    .filter((pipeline) =>
      env.catalog.objects.some((object) => object.key === pipeline.object && object.fields.includes(field)),
    )
    .map(({ key, label }) => ({ key, label, active: true }));

export const pipelineView = oneOf(pipelines, { width: 140 });
