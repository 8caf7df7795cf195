/** What drawing a value may depend on, made once per catalog. */
import { useMemo } from 'react';
import type { PublicCatalog } from '../../core/catalog/public-catalog.ts';
import type { ViewEnv } from '../../core/kinds/field-view.ts';
import { objectOf, useCatalog } from '../api/catalog.ts';
import { listRecords, uploadFile } from '../api/records.ts';
import { recordName } from './record-name.ts';

const makeViewEnv = (catalog: PublicCatalog): ViewEnv => ({
  catalog,
  locale: undefined,
  timeZone: undefined,
  now: () => new Date(),
  async search(key, text) {
    const object = objectOf(catalog, key);
    if (!object) return [];
    const { data } = await listRecords(key, {
      q: text || undefined,
      limit: 20,
      sort: object.name_fields.join(','),
      fields: ['id', ...object.name_fields],
    });
    return data.map((record) => ({ id: record.id, name: recordName(record, object) }));
  },
  upload: uploadFile,
  address: (object, id) => `/o/${object}/${id}`,
});

export function useViewEnv(): ViewEnv {
  const catalog = useCatalog();
  return useMemo(() => makeViewEnv(catalog), [catalog]);
}
