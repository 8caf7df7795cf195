/**
 * Names for prepared statements. A name carries the epoch, so that a plan never outlives the tables it was
 * made for; the number of names is bounded, because a connection keeps each for its life.
 */
import { hash } from 'node:crypto';

const mostNames = 400;
let epochOfNames = -1;
let names = new Map<string, string>();

export function statementName(epoch: number, text: string): string | undefined {
  if (epoch !== epochOfNames) {
    names = new Map();
    epochOfNames = epoch;
  }
  let name = names.get(text);
  if (name === undefined && names.size < mostNames) {
    name = `e${epoch}_${hash('sha1', text).slice(0, 20)}`;
    names.set(text, name);
  }
  return name;
}
