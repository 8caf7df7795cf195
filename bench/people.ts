/** Invented people, companies and deals: deterministic, with realistic repetition, for loading and for queries. */
const first = [
  'Anna',
  'Marek',
  'Ines',
  'Jonas',
  'Lena',
  'Paul',
  'Sofia',
  'Tomas',
  'Priya',
  'Marta',
  'Erik',
  'Chloé',
  'Łukasz',
  'Nadia',
  'Omar',
  'Yuki',
];
const last = [
  'Novak',
  'Carvalho',
  'Müller',
  'Fennick',
  'Hollis',
  'Dvořák',
  'Brandt',
  'Okafor',
  'Rossi',
  'Sørensen',
  'Kowalska',
  'Nguyen',
  'Silva',
  'Weber',
  'Haddad',
  'Tanaka',
];
const trade = [
  'Foods',
  'Logistics',
  'Textiles',
  'Ceramics',
  'Packaging',
  'Dairy',
  'Paper',
  'Plastics',
  'Pharma',
  'Metering',
  'Robotics',
  'Glass',
];

const pick = <T>(from: readonly T[], n: number): T => from[n % from.length]!;
/** A scrambled but repeatable number below `below`. */
export const scatter = (n: number, below: number): number => (Math.imul(n + 1, 2_654_435_761) >>> 0) % below;

export const accountOf = (n: number): Record<string, unknown> => ({
  name: `${pick(last, scatter(n, 997))} ${pick(trade, scatter(n, 89))} ${n}`,
  domain: `company-${n}.example`,
  industry: pick(['software', 'retail', 'medical', 'finance'], n),
  city: pick(['Berlin', 'Lisbon', 'Prague', 'Oslo'], n),
});

export const emailOf = (n: number): string => `person.${n}@company-${n % 20_000}.example`;

export const contactOf = (n: number, account: string | undefined): Record<string, unknown> => ({
  first_name: pick(first, scatter(n, 4999)),
  last_name: `${pick(last, scatter(n, 7919))}${n % 3 === 0 ? `-${pick(last, n)}` : ''}`,
  email: emailOf(n),
  phone: `+4930${String(1_000_000 + n)}`,
  city: pick(['Berlin', 'Lisbon', 'Prague', 'Oslo'], n),
  postcode: String(10_000 + (n % 80_000)),
  ...(account ? { account } : {}),
});

export const dealOf = (n: number, account: string | undefined): Record<string, unknown> => ({
  name: `${pick(trade, n)} project ${n}`,
  amount: 1000 + scatter(n, 90_000),
  ...(account ? { account } : {}),
});
