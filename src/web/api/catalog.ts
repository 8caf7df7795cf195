/** The catalog as the caller may see it: read once, and all that the pages know. */
import { queryOptions, useSuspenseQuery } from '@tanstack/react-query';
import type { PublicCatalog, PublicField, PublicObject } from '../../core/catalog/public-catalog.ts';
import { request } from './request.ts';

export const catalogQuery = queryOptions({
  queryKey: ['catalog'],
  queryFn: ({ signal }) => request<PublicCatalog>('GET', '/catalog', { signal }),
  staleTime: 60_000,
  refetchOnWindowFocus: true,
});

/** The catalog in force; pages stand below a route that has loaded it. */
export const useCatalog = (): PublicCatalog => useSuspenseQuery(catalogQuery).data;

export const objectOf = (catalog: PublicCatalog, key: string): PublicObject | undefined =>
  catalog.objects.find((object) => object.key === key);

export const fieldOf = (object: PublicObject, key: string): PublicField | undefined =>
  object.fields.find((field) => field.key === key);

/** The object that plays a part for the engine, e.g. what `advance` sends along as an activity. */
export const objectServing = (catalog: PublicCatalog, part: string): PublicObject | undefined =>
  catalog.objects.find((object) => object.serves === part);

export type PublicPipeline = PublicCatalog['pipelines'][number];

/** The pipeline a record of the object is in: the one it names, else the object's first. */
export function pipelineOf(
  catalog: PublicCatalog,
  object: PublicObject,
  record: Record<string, unknown> | undefined,
): PublicPipeline | undefined {
  const named = object.pipeline_field ? record?.[object.pipeline_field] : undefined;
  const own = catalog.pipelines.filter((pipeline) => pipeline.object === object.key);
  return own.find((pipeline) => pipeline.key === named) ?? own[0];
}
