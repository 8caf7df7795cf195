/** Where one is, read from the address: the object, and the record with its name once it is known. */
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { objectOf, useCatalog } from '../api/catalog.ts';
import { recordQuery } from '../api/records.ts';
import { recordName } from '../record/record-name.ts';

export function useWhere(): { object?: string; id?: string; name?: string } {
  const params: { object?: string; id?: string } = useParams({ strict: false });
  const catalog = useCatalog();
  const object = params.object === undefined ? undefined : objectOf(catalog, params.object);
  const record = useQuery({
    ...recordQuery(params.object ?? '', params.id ?? ''),
    enabled: object !== undefined && params.id !== undefined,
  });
  return {
    object: params.object,
    id: params.id,
    name: record.data && object ? recordName(record.data, object) : undefined,
  };
}
