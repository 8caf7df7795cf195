/** Words into Markdown, so that what a definition says cannot break the page that shows it. */

/** Text of a paragraph or cell: one line, its signs meant as signs. */
export const plain = (text: string): string =>
  text.replace(/\s+/g, ' ').trim().replaceAll('<', '&lt;').replaceAll('|', '\\|').replaceAll('*', '\\*');

export const code = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``;

/** Cells are Markdown already. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [row(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(row)].join('\n');
}

/** A page: its parts with an empty line between, and who made it. */
export const page = (title: string, parts: readonly string[]): string =>
  [`# ${title}`, made, ...parts.filter((part) => part !== '')].join('\n\n') + '\n';

const made = '<!-- Made by `npm run reference`; edit what it is made from. -->';

type Schema = {
  type?: string;
  enum?: readonly unknown[];
  const?: unknown;
  anyOf?: readonly Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  required?: readonly string[];
  description?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
};

/** A JSON Schema in a few words: "text", "list of text", "`a` or `b`". */
export function schemaWords(schema: Schema): string {
  if (schema.enum) return schema.enum.map((value) => code(String(value))).join(', ');
  if (schema.const !== undefined) return code(String(schema.const));
  if (schema.anyOf) return [...new Set(schema.anyOf.map(schemaWords))].join(' or ');
  if (schema.type === 'array') return `list of ${schema.items ? schemaWords(schema.items) : 'anything'}`;
  if (schema.type === 'object') return schema.properties ? 'object' : 'map';
  const words: Record<string, string> = { string: 'text', boolean: 'yes/no', integer: 'whole number' };
  return schema.type === undefined ? 'anything' : (words[schema.type] ?? schema.type);
}

/** A table of an object's properties; empty text where it has none. */
export function propertyTable(schema: unknown, leave: readonly string[] = []): string {
  const { properties = {}, required = [] } = schema as Schema;
  const rows = Object.entries(properties)
    .filter(([key]) => !leave.includes(key))
    .map(([key, property]) => [
      code(key),
      schemaWords(property),
      property.default !== undefined
        ? `default ${code(JSON.stringify(property.default))}`
        : required.includes(key)
          ? 'required'
          : '',
      plain(property.description ?? ''),
    ]);
  return rows.length === 0 ? '' : table(['Key', 'Takes', '', 'Meaning'], rows);
}
