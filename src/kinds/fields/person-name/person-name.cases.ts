import type { FieldCase } from '../../../core/kinds/field-type.ts';

export const cases: readonly FieldCase[] = [
  { name: 'a written name stays', input: 'Anna McKenna-de Vries', gives: 'Anna McKenna-de Vries' },
  { name: 'small letters are somebody’s choice', input: 'bell hooks', gives: 'bell hooks' },
  { name: 'capitals become a name', input: 'ANNA MÜLLER', gives: 'Anna Müller', typed: 'ANNA MÜLLER' },
  {
    name: 'particles inside are small',
    input: 'JAN VAN DER BERG',
    gives: 'Jan van der Berg',
    typed: 'JAN VAN DER BERG',
  },
  { name: 'a particle that is the name itself', input: 'THANH VAN', gives: 'Thanh Van', typed: 'THANH VAN' },
  {
    name: 'apostrophes, hyphens and Mc begin anew',
    input: "O'BRIEN-MCDONALD",
    gives: "O'Brien-McDonald",
    typed: "O'BRIEN-MCDONALD",
  },
  {
    name: 'initials and numerals stay',
    input: 'J.R.R. SMITH III',
    gives: 'J.R.R. Smith III',
    typed: 'J.R.R. SMITH III',
  },
  { name: 'two letters are initials', input: 'AJ', gives: 'AJ' },
  { name: 'runs of white space', input: 'Anna \t  Müller', gives: 'Anna Müller', typed: 'Anna \t  Müller' },
  { name: 'scripts without case', input: '山田 太郎', gives: '山田 太郎' },
  { name: 'Greek and Cyrillic capitals', input: 'ИВАН ПЕТРОВ', gives: 'Иван Петров', typed: 'ИВАН ПЕТРОВ' },
  { name: 'a control character', input: 'Anna\u0001', refuses: 'bad_characters' },
  { name: 'not text', input: {}, refuses: 'wrong_type' },
];
