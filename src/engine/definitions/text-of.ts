/** The file of one definition in force, and the name of the file that says what an export stands on. */
import { parse } from 'yaml';
import { difference } from './layers.ts';
import { normalText } from './read-yaml.ts';
import { shapes } from './shape.ts';
import { resolveOne, split, type DefinitionState, type Name } from './state.ts';
import { amendYaml, writeYaml } from './write-yaml.ts';

/** What an export stands on. */
export const groundworkFile = 'groundwork.yaml';

/**
 * The file of one definition: the text it came from, with the comments, mended where packs and workspace
 * together say something else. Undefined when there is no such definition.
 */
export function textOf(state: Pick<DefinitionState, 'base' | 'own'>, name: Name): string | undefined {
  const value = resolveOne(state, name);
  if (value === undefined) return undefined;
  const { sort } = split(name);
  const text = state.own.get(name)?.text ?? state.base.get(name)?.text;
  if (text === undefined) return normalText(writeYaml(sort, value));
  const says: unknown = parse(text, { version: '1.2' });
  return normalText(
    difference(says, value, shapes[sort]) === undefined ? text : amendYaml(sort, text, value),
  );
}
