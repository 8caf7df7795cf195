/** An operator between a field and its argument: “is”, “is after”, “is empty”. */
import type { PublicField } from '../../core/catalog/public-catalog.ts';
import { wordsOf } from '../messages/messages.ts';

/** The words of an operator for this field; points in time come before and after rather than below and above. */
export function operatorWords(operator: string, field: PublicField | undefined, argument?: unknown): string {
  const variants = [
    ...(typeof argument === 'boolean' ? [`${operator}_${argument}`] : []),
    ...(field?.traits.includes('temporal') ? [`${operator}_when`] : []),
    operator,
  ];
  for (const key of variants) {
    const words = wordsOf(`operators.${key}`);
    if (words !== undefined) return words;
  }
  return operator.replaceAll('_', ' ');
}
