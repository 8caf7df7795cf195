/**
 * How PostgreSQL's values look in JavaScript: as they will look in JSON. No Date objects (they carry a
 * machine's zone and lose what "a day" means) and no floats for exact numbers. Handed to each pool and
 * client through its `types` option; the driver's global table stays as it is for others.
 */
import pg from 'pg';

type Parse = (text: string) => unknown;

const parsers = new Map<number, Parse>([
  [20, bigint], // int8
  [1700, asWritten], // numeric
  [1082, asWritten], // date: YYYY-MM-DD
  [1114, asWritten], // timestamp without time zone
  [1184, instant], // timestamptz
  [1186, asWritten], // interval
  [1016, array(bigint)],
  [1231, array(asWritten)],
  [1182, array(asWritten)],
  [1115, array(asWritten)],
  [1185, array(instant)],
  [1187, array(asWritten)],
]);

export const valueTypes: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    (format !== 'binary' && parsers.get(oid)) || pg.types.getTypeParser(oid, format)) as never,
};

function asWritten(text: string): string {
  return text;
}

function bigint(text: string): number | string {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}

/** Sessions run in UTC with DateStyle ISO: "2026-11-22 20:14:00.123456+00" → "2026-11-22T20:14:00.123Z". */
function instant(text: string): string {
  const parts = /^(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d+))?\+00$/.exec(text);
  if (!parts) return text; // infinity, and years before Christ
  return `${parts[1]}T${parts[2]}.${(parts[3] ?? '').padEnd(3, '0').slice(0, 3)}Z`;
}

function array(element: Parse): Parse {
  return (text) => arrays.create(text, (item) => (item === null ? null : element(item))).parse();
}

/** What the driver has, which is not what its types say. */
const arrays = pg.types.arrayParser as unknown as {
  create(text: string, element: (item: string | null) => unknown): { parse(): unknown[] };
};
