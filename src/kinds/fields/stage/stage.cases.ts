import type { FieldCase } from '../../../core/kinds/field-type.ts';

// Stages of the sample catalog: new, proposal_sent, won, and renewal of the second pipeline.
export const cases: readonly FieldCase[] = [
  { name: 'a key', input: 'proposal_sent', gives: 'proposal_sent' },
  { name: 'a label', input: 'Proposal sent', gives: 'proposal_sent' },
  { name: 'a stage of another pipeline of the object', input: 'renewal', gives: 'renewal' },
  { name: 'no stage', input: '', gives: null },
  { name: 'a word that is none', input: 'nearly_won', refuses: 'not_in_list' },
  { name: 'a name that every object has', input: 'toString', refuses: 'not_in_list' },
  { name: 'not text', input: { key: 'new' }, refuses: 'wrong_type' },
];
