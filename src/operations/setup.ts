/** The first run: what the one-time link that the server prints is for. */
import { z } from 'zod';
import type { Context } from '../core/context/context.ts';
import { issue, refusal } from '../core/errors/problem.ts';
import { holdsMoney } from '../engine/read/holds-money.ts';
import { setUp } from '../platform/auth/set-up.ts';
import { checkSetupToken } from '../platform/auth/setup-link.ts';
import { defineOperation } from './operation.ts';
import { Email, Password } from './session.ts';
import { userRecords } from './user-records.ts';

const zones = new Set(Intl.supportedValuesOf('timeZone').concat('UTC'));
const currencies = new Set(Intl.supportedValuesOf('currency'));

const Token = z.string().min(1).max(200);

const WorkspaceInput = z.strictObject({
  name: z.string().trim().min(1).max(200),
  timeZone: z
    .string()
    .refine((zone) => zones.has(zone), 'Name a time zone such as Europe/Berlin.')
    .meta({ description: 'IANA zone; days, weeks and months are counted in it' }),
  currency: z
    .string()
    .refine((code) => currencies.has(code), 'Name a currency by its three letters, such as EUR.')
    .meta({ description: 'ISO 4217; totals are reported in it' }),
  country: z
    .string()
    .regex(/^([A-Z]{2})?$/, 'Name a country by its two letters, such as DE, or leave it empty.')
    .meta({
      description:
        'ISO 3166; phone numbers without a country code are read as of there. Empty: none is assumed',
    }),
});

/** What is stored was worth something in the currency that was reported until now. */
async function refuseOtherCurrency(context: Context, currency: string): Promise<void> {
  const { currency: own } = context.workspace;
  if (currency === own || !(await holdsMoney(context))) return;
  throw refusal(409, 'money_stored', [
    issue(
      'workspace.currency',
      'money_stored',
      'Amounts or exchange rates are stored already, and what they are worth was fixed in {own}.',
      'Keep {own}, or begin with an empty database.',
      { own },
    ),
  ]);
}

export const setupOperations = [
  defineOperation({
    name: 'setup.check',
    summary: 'Whether a set-up link still holds',
    description:
      '`currency` is there where money is stored already: it is reported in that one, and stays so.',
    input: z.strictObject({ token: Token }),
    output: z.object({ currency: z.string().optional() }),
    http: { method: 'POST', path: '/api/v1/setup/check', open: true },
    async run(context, { token }) {
      await checkSetupToken(context.pool, token);
      return (await holdsMoney(context)) ? { currency: context.workspace.currency } : {};
    },
  }),
  defineOperation({
    name: 'setup.finish',
    summary: 'Make the first administrator',
    description: 'With the token of the one-time link. Signs the browser in.',
    input: z.strictObject({
      token: Token,
      name: z.string().trim().min(1).max(200),
      email: Email,
      password: Password,
      workspace: WorkspaceInput,
    }),
    output: z.object({ user: z.string() }),
    http: { method: 'POST', path: '/api/v1/setup', open: true, status: 201 },
    async run(context, input) {
      await checkSetupToken(context.pool, input.token);
      await refuseOtherCurrency(context, input.workspace.currency);
      const { user } = await setUp({ context, records: userRecords }, input);
      await context.browser?.signIn({ email: input.email, password: input.password });
      return { user };
    },
  }),
];
