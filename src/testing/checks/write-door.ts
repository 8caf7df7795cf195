/**
 * One door for writes: SQL that changes record tables stands in the engine's write path alone, and
 * operations and doors speak no SQL at all.
 */
import type { Finding } from './finding.ts';
import { isTest } from './project-files.ts';
import { lineAt, walk, type Node, type Source } from './syntax.ts';

/** Where rows of record tables are changed, and why there. */
const writers: readonly { under: string; why: string }[] = [
  { under: 'src/engine/write/', why: 'the write path' },
  { under: 'src/engine/tables/', why: 'copies between columns while a definition is applied' },
  { under: 'src/platform/backup/restore-backup.ts', why: 'rows and history together, into an empty place' },
  { under: 'src/platform/auth/auth-adapter.ts', why: 'its tables are those of the schema auth alone' },
];

const speakNoSql = /^src\/(operations|http|cli|worker|web|kinds)\//;

/** INSERT INTO x, UPDATE x SET, DELETE FROM x, TRUNCATE x, COPY x FROM; x as it is written or `…`. */
const change =
  /\b(?:INSERT\s+INTO|DELETE\s+FROM|TRUNCATE(?:\s+TABLE)?|MERGE\s+INTO)\s+(?:ONLY\s+)?([\w."…]+)|(?<!\b(?:FOR|KEY|DO|ON)\s+)\bUPDATE\s+(?:ONLY\s+)?([\w."…]+)[^;]*?\bSET\b|\bCOPY\s+([\w."…]+)[^;]*?\bFROM\b/g;

/** Changes of record tables, and SQL in the wrong layer. */
export function sqlOutsideItsDoor({ path, text, program }: Source): Finding[] {
  if (isTest(path) || !path.startsWith('src/')) return [];
  const found: Finding[] = [];
  const say = (node: Node, sentence: string): void => {
    found.push({ file: path, line: lineAt(text, node.start), say: sentence });
  };
  walk(program, (node) => {
    const statement = statementOf(node);
    if (statement !== undefined) {
      for (const match of statement.matchAll(change)) {
        const target = (match[1] ?? match[2] ?? match[3])!;
        if (speakNoSql.test(path)) {
          say(node, `changes ${target} by SQL. Doors and operations decide nothing: call the engine.`);
        } else if (isRecordTable(target) && !writers.some(({ under }) => path.startsWith(under))) {
          say(
            node,
            `changes the record table ${target}. Every change goes through write() in src/engine/write, or gates and history miss it.`,
          );
        }
      }
    }
    if (speakNoSql.test(path) && !path.startsWith('src/web/') && isQuery(node)) {
      say(node, 'queries the database. Doors and operations decide nothing: call the engine or platform.');
    }
  });
  return found;
}

/** Tables of ours are written with their schema; what is put in at run time is a record table. */
const isRecordTable = (target: string): boolean =>
  target.startsWith('crm.') || target.startsWith('"crm"') || target.startsWith('…');

/** The text of a string or template, places put in at run time as `…`. */
function statementOf(node: Node): string | undefined {
  if (node.type === 'Literal' && typeof node['value'] === 'string') return node['value'];
  if (node.type !== 'TemplateLiteral') return undefined;
  const quasis = node['quasis'] as { value: { cooked: string | null; raw: string } }[];
  return quasis.map(({ value }) => value.cooked ?? value.raw).join('…');
}

/** `pool.query(…)`, `client.query(…)`, `context.pool.query(…)`. */
function isQuery(node: Node): boolean {
  if (node.type !== 'CallExpression') return false;
  const callee = node['callee'] as Node;
  if (callee.type !== 'MemberExpression') return false;
  if ((callee['property'] as Node)['name'] !== 'query') return false;
  const object = callee['object'] as Node;
  const name = (
    object.type === 'MemberExpression' ? (object['property'] as Node)['name'] : object['name']
  ) as string | undefined;
  if (name === undefined || !/^(pool|client|database|db|connection|on)$/.test(name)) return false;
  // Whether the database answers at all is what a door may ask it.
  return (node['arguments'] as Node[])[0]?.['value'] !== 'SELECT 1';
}
